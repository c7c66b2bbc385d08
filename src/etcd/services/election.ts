import { equalBytes } from '../../base/bytes.ts';
import { byteStringOf, bytesOfByteString } from '../../base/protobuf.ts';
import type { CallEvents, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { Event, KeyValue, LeaseId } from '../../mvcc/types.ts';
import { EtcdError } from '../errors.ts';
import * as pb from '../proto/concurrency.ts';
import type { HeaderFacts } from '../wire/responses.ts';
import { byTable, encodeAnswer, presentFacts, requireServing } from './by-table.ts';
import { enterQueue, firstOf, placeIn, type Place, PrefixQueue, signalOf } from './prefix-queue.ts';
import { type ServiceContext, statusOf } from './service.ts';

/** Leaders that an observer has not taken yet; then only the newest is kept. */
const observedWaitingMax = 1000;

/** v3electionpb.Election: a queue of leases under the election's name; who stands at its head leads. */
export function electionService(context: ServiceContext): GrpcMethods {
  const campaign = byTable(
    context,
    pb.CampaignRequest,
    pb.CampaignResponse,
    async ({ name, lease, value }, call) => {
      const queue = new PrefixQueue(context, call, byteStringOf(name));
      const session = await queue.session(lease as LeaseId);
      const key = queue.keyOf(session);
      const entered = await queue.txn(enterQueue(key, value, session, []));
      const place = placeIn(key, entered);
      try {
        if (!entered.succeeded && !equalBytes(firstOf(entered.responses[0]).value, value)) {
          await proclaim(queue, place, session, value);
        }
        await queue.waitFor(place, signalOf(call));
      } catch (error) {
        if (call.cancelled) await resign(queue, place).catch(ignoreEtcdError);
        throw error;
      }
      const leader = { name, key: bytesOfByteString(key), rev: place.revision, lease: session };
      return { body: { leader }, facts: entered.facts };
    },
  );

  const proclaimMethod = byTable(
    context,
    pb.ProclaimRequest,
    pb.ProclaimResponse,
    async ({ leader, value }, call) => {
      const { queue, place, lease } = claim(context, call, leader);
      return { facts: await proclaim(queue, place, lease, value) };
    },
  );

  const resignMethod = byTable(context, pb.ResignRequest, pb.ResignResponse, async ({ leader }, call) => {
    const { queue, place } = claim(context, call, leader);
    return { facts: await resign(queue, place) };
  });

  const leaderMethod = byTable(context, pb.LeaderRequest, pb.LeaderResponse, async ({ name }, call) => {
    const { kv, facts } = await new PrefixQueue(context, call, byteStringOf(name)).head();
    if (kv === undefined) throw new EtcdError('unknown', 'election: no leader');
    return { body: { kv: toTable(kv) }, facts };
  });

  return new Map([
    ['/v3electionpb.Election/Campaign', campaign],
    ['/v3electionpb.Election/Proclaim', proclaimMethod],
    ['/v3electionpb.Election/Leader', leaderMethod],
    ['/v3electionpb.Election/Observe', { open: (call: ServerCall) => new Observation(context, call) }],
    ['/v3electionpb.Election/Resign', resignMethod],
  ]);
}

interface Claim {
  readonly queue: PrefixQueue;
  readonly place: Place;
  readonly lease: LeaseId;
}

/** What a client says it holds. */
function claim(
  context: ServiceContext,
  call: ServerCall,
  leader: (typeof pb.ProclaimRequest)['value'] extends (infer T) | undefined
    ? T extends { readonly leader: infer L }
      ? L
      : never
    : never,
): Claim {
  if (leader === undefined) throw new EtcdError('unknown', '"leader" field must be provided');
  return {
    queue: new PrefixQueue(context, call, byteStringOf(leader.name)),
    place: { key: byteStringOf(leader.key), revision: leader.rev },
    lease: leader.lease as LeaseId,
  };
}

/** Sets a leader's value, if it still leads. */
async function proclaim(
  queue: PrefixQueue,
  { key, revision }: Place,
  lease: LeaseId,
  value: Uint8Array,
): Promise<HeaderFacts> {
  const { succeeded, facts } = await queue.txn({
    compare: [{ key, target: 'create', createRevision: revision, result: 'equal' }],
    success: [{ type: 'put', request: { key, value, lease } }],
    failure: [],
  });
  if (!succeeded) throw new EtcdError('unknown', 'election: not leader');
  return facts;
}

/** Leaves the queue; nothing if the place is another's by now. */
async function resign(queue: PrefixQueue, { key, revision }: Place): Promise<HeaderFacts> {
  const { facts } = await queue.txn({
    compare: [{ key, target: 'create', createRevision: revision, result: 'equal' }],
    success: [{ type: 'delete-range', request: { key } }],
    failure: [],
  });
  return facts;
}

/**
 * One Observe call: tells of each leader and each value it proclaims, in order; of what comes fast perhaps not all, of the newest
 * always.
 */
class Observation implements CallEvents {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  #queue: PrefixQueue | undefined;
  #stop: (() => void) | undefined;
  /** Changes after what was sent last. */
  #waiting: KeyValue[] = [];
  #blocked = false;
  #over = false;

  constructor(context: ServiceContext, call: ServerCall) {
    this.#context = context;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#over || this.#queue !== undefined) return;
    try {
      const { name } = pb.LeaderRequest.decode(bytes);
      requireServing(this.#context, this.#call);
      this.#queue = new PrefixQueue(this.#context, this.#call, byteStringOf(name));
    } catch (error) {
      this.#end(error);
      return;
    }
    void this.#follow(this.#queue);
  }

  halfClosed(): void {}

  cancelled(): void {
    this.#over = true;
    this.#stop?.();
  }

  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  /** From one leader to the next. */
  async #follow(queue: PrefixQueue): Promise<void> {
    try {
      while (!this.#over) {
        const { kv } = await queue.head();
        if (this.#over) return;
        if (kv === undefined) await this.#somebody(queue);
        else {
          this.#tell(kv);
          await this.#reign(queue, kv);
        }
      }
    } catch (error) {
      this.#end(error);
    }
  }

  /** Resolves when a key was put into the queue. */
  #somebody(queue: PrefixQueue): Promise<void> {
    return this.#until(
      queue,
      queue.range(),
      (events) => events.some(({ type }) => type === 'put'),
      async () => (await queue.head()).kv !== undefined,
    );
  }

  /** Resolves when the leader's key is gone; tells of its values till then. */
  #reign(queue: PrefixQueue, leader: KeyValue): Promise<void> {
    let newest = leader.modRevision as number;
    return this.#until(
      queue,
      { key: leader.key },
      (events) => {
        for (const { type, kv } of events) {
          if (type === 'delete') return true;
          if (kv.modRevision > newest) this.#tell(kv);
          newest = kv.modRevision;
        }
        return false;
      },
      async () => {
        const { kv } = await queue.get(leader.key);
        if (kv?.createRevision !== leader.createRevision) return true;
        if (kv.modRevision > newest) this.#tell(kv);
        newest = Math.max(newest, kv.modRevision);
        return false;
      },
    );
  }

  /** Watches `range` until `enough`. `already` looks once more after the watch stands, for what came before it. */
  #until(
    queue: PrefixQueue,
    range: Parameters<PrefixQueue['watch']>[0],
    enough: (events: readonly Event[]) => boolean,
    already: () => Promise<boolean>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = queue.watch(
        range,
        (events) => {
          if (enough(events)) end();
        },
        (error) => {
          this.#stop = undefined;
          reject(error);
        },
      );
      const end = (): void => {
        stop();
        this.#stop = undefined;
        resolve();
      };
      this.#stop = end;
      already().then((done) => done && end(), reject);
    });
  }

  #tell(kv: KeyValue): void {
    if (this.#waiting.length >= observedWaitingMax) this.#waiting = [];
    this.#waiting.push(kv);
    this.#flush();
  }

  #flush(): void {
    while (!this.#over && !this.#blocked && this.#waiting.length > 0) {
      const facts = presentFacts(this.#context.member);
      const body = { kv: toTable(this.#waiting.shift()!) };
      const answer = encodeAnswer(this.#context, pb.LeaderResponse, { body, facts });
      this.#blocked = !this.#call.send(answer);
    }
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop?.();
    this.#call.end(statusOf(error));
  }
}

function toTable(kv: KeyValue): NonNullable<(typeof pb.LeaderResponse)['value']>['kv'] {
  return {
    key: bytesOfByteString(kv.key),
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    version: kv.version,
    value: kv.value,
    lease: kv.lease,
  };
}

function ignoreEtcdError(error: unknown): void {
  if (!(error instanceof EtcdError)) throw error;
}
