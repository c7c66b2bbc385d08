import { equalBytes } from '../../base/bytes.ts';
import { byteStringOf, bytesOfByteString } from '../../base/protobuf.ts';
import type { CallEvents, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { KeyValue, LeaseId } from '../../mvcc/types.ts';
import { EtcdError } from '../errors.ts';
import * as pb from '../proto/concurrency.ts';
import type { HeaderFacts } from '../wire/responses.ts';
import { encodeAnswer, presentFacts, requireServing } from './by-table.ts';
import { asClient, enterQueue, firstOf, placeIn, type Place, PrefixQueue, signalOf } from './prefix-queue.ts';
import { type ServiceContext, streamStatusOf } from './service.ts';

/** Leaders that an observer has not taken yet; then only the newest is kept. */
const observedWaitingMax = 1000;

/** v3electionpb.Election: a queue of leases under the election's name; who stands at its head leads. */
export function electionService(context: ServiceContext): GrpcMethods {
  const campaign = asClient(
    context,
    pb.CampaignRequest,
    pb.CampaignResponse,
    async ({ name, lease, value }, call) => {
      const queue = new PrefixQueue(context, call, byteStringOf(name));
      const session = await queue.session(lease as LeaseId);
      const key = queue.keyOf(session);
      const entered = await queue.txn(enterQueue(key, value, session, []));
      const place = placeIn(key, entered);
      if (!entered.succeeded && !equalBytes(firstOf(entered.responses[0]).value, value)) {
        try {
          await proclaim(queue, place, session, value);
        } catch (error) {
          resign(queue, place).catch(ignoreEtcdError);
          throw error;
        }
      }
      try {
        await queue.waitFor(place, signalOf(call));
      } catch (error) {
        // Whose client has gone shall not lead.
        if (call.cancelled) resign(queue, place).catch(ignoreEtcdError);
        throw error;
      }
      const leader = { name, key: bytesOfByteString(key), rev: place.revision, lease: session };
      return { body: { leader }, facts: entered.facts };
    },
  );

  const proclaimMethod = asClient(
    context,
    pb.ProclaimRequest,
    pb.ProclaimResponse,
    async ({ leader, value }, call) => {
      const { queue, place, lease } = claim(context, call, leader);
      return { facts: await proclaim(queue, place, lease, value) };
    },
  );

  const resignMethod = asClient(context, pb.ResignRequest, pb.ResignResponse, async ({ leader }, call) => {
    const { queue, place } = claim(context, call, leader);
    return { facts: await resign(queue, place) };
  });

  const leaderMethod = asClient(context, pb.LeaderRequest, pb.LeaderResponse, async ({ name }, call) => {
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

type LeaderKey = NonNullable<(typeof pb.LeaderKey)['value']>;

interface Claim {
  readonly queue: PrefixQueue;
  readonly place: Place;
  readonly lease: LeaseId;
}

/** What a client says it holds. */
function claim(context: ServiceContext, call: ServerCall, leader: LeaderKey | undefined): Claim {
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

interface Observed {
  readonly kv: KeyValue;
  readonly facts: HeaderFacts;
}

/**
 * One Observe call: tells of each leader and each value it proclaims, in order; of what comes fast perhaps not all, of the newest
 * always. As in etcd it ends without an error, whatever ends it.
 */
class Observation implements CallEvents {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  readonly #gone = new AbortController();
  #queue: PrefixQueue | undefined;
  #waiting: Observed[] = [];
  #blocked = false;

  constructor(context: ServiceContext, call: ServerCall) {
    this.#context = context;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#gone.signal.aborted || this.#queue !== undefined) return;
    try {
      const { name } = pb.LeaderRequest.decode(bytes);
      requireServing(this.#context, this.#call);
      this.#queue = new PrefixQueue(this.#context, this.#call, byteStringOf(name));
    } catch (error) {
      this.#gone.abort();
      this.#call.end(streamStatusOf(error));
      return;
    }
    void this.#follow(this.#queue);
  }

  halfClosed(): void {}

  cancelled(): void {
    this.#gone.abort();
  }

  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  async #follow(queue: PrefixQueue): Promise<void> {
    try {
      for (;;) {
        const leader = await this.#leader(queue);
        if (leader === undefined) continue;
        this.#tell(leader);
        await this.#reign(queue, leader);
      }
    } catch (error) {
      ignoreEtcdError(error);
      if (this.#gone.signal.aborted) return;
      this.#gone.abort();
      this.#call.end();
    }
  }

  /** Who leads now, or the first to enter an empty queue; undefined: look again. */
  async #leader(queue: PrefixQueue): Promise<Observed | undefined> {
    const { kv, facts } = await queue.head();
    if (kv !== undefined) return { kv, facts };
    let entered: KeyValue | undefined;
    await queue.until(queue.range(), facts.revision, this.#gone.signal, (event) => {
      if (event.type === 'put') entered = event.kv;
      return event.type === 'put';
    });
    return entered && { kv: entered, facts: { ...facts, revision: entered.modRevision } };
  }

  /** Resolves when the leader's key is gone; tells of its values till then. */
  #reign(queue: PrefixQueue, leader: Observed): Promise<void> {
    return queue.until({ key: leader.kv.key }, leader.facts.revision, this.#gone.signal, ({ type, kv }) => {
      if (type === 'put') this.#tell({ kv, facts: presentFacts(this.#context.member) });
      return type === 'delete';
    });
  }

  #tell(observed: Observed): void {
    if (this.#waiting.length >= observedWaitingMax) this.#waiting = [];
    this.#waiting.push(observed);
    this.#flush();
  }

  #flush(): void {
    while (!this.#blocked && !this.#gone.signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const answer = { body: { kv: toTable(next.kv) }, facts: next.facts };
      this.#blocked = !this.#call.send(encodeAnswer(this.#context, pb.LeaderResponse, answer));
    }
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
