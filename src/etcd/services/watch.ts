import type { Timer } from '../../platform/clock.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { varintBytes } from '../../base/protobuf.ts';
import type { CallEvents, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { endOf, isSingleKey } from '../../mvcc/key-range.ts';
import type { StoreEvent } from '../../mvcc/store-event.ts';
import { noMember } from '../../raft/types.ts';
import type { Event } from '../client.ts';
import {
  EtcdError,
  fromAuthError,
  grpcCodes,
  noLeaderError,
  notSupportedForLearnerError,
} from '../errors.ts';
import type { MemberWatch } from '../member-watch.ts';
import type { RequestAuth } from '../request.ts';
import type { WatchId } from '../wire/ids.ts';
import { decodeWatchRequest, type WatchCall } from '../wire/requests.ts';
import {
  encodeEvents,
  encodeWatchHead,
  encodeWatchNotice,
  type WatchResponseHead,
} from '../wire/responses.ts';
import { wantsLeader } from './leader.ts';
import { streamStatusOf, type ServiceContext } from './service.ts';

/** Go's names of the codes, as they stand in the reason of a refused watch. */
const goCodes: Readonly<Record<string, string>> = {
  'permission-denied': 'PermissionDenied',
  unauthenticated: 'Unauthenticated',
  'invalid-argument': 'InvalidArgument',
};
const compactedReason = 'etcdserver: mvcc: required revision has been compacted';
/** A stream that wants a leader ends after so many election timeouts without one (etcd's maxNoLeaderCnt). */
const leaderlessTimeoutsMax = 3;
/** What a fragment may have besides its events. */
const fragmentOverheadBytes = 512 * 1024;

/** etcdserverpb.Watch */
export function watchService(context: ServiceContext): GrpcMethods {
  const shared = new SharedEncoding();
  return new Map([
    ['/etcdserverpb.Watch/Watch', { open: (call: ServerCall) => new WatchStream(context, shared, call) }],
  ]);
}

/** The events of a batch as bytes: a hundred watchers of one prefix get the same batch, and it is encoded for the first. */
class SharedEncoding {
  #events: readonly Event[] = [];
  #encoded: Uint8Array = emptyBytes;

  of(events: readonly Event[]): Uint8Array {
    if (!sameEvents(events, this.#events)) {
      this.#events = events;
      this.#encoded = encodeEvents(events as readonly StoreEvent[]);
    }
    return this.#encoded;
  }
}

function sameEvents(a: readonly Event[], b: readonly Event[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

interface StreamWatch {
  readonly watch: MemberWatch;
  readonly startRevision: number;
  readonly fragment: boolean;
  progressTimer: Timer | undefined;
  /** Something was sent since the last look of the progress timer. */
  busy: boolean;
  /** Over, but for its id, and the stream has no progress until its client cancels it too (etcd's watchStream). */
  compacted: boolean;
}

/** One Watch call: any number of watches, one connection's window. */
class WatchStream implements CallEvents {
  readonly #context: ServiceContext;
  readonly #shared: SharedEncoding;
  readonly #call: ServerCall;
  readonly #watches = new Map<WatchId, StreamWatch>();
  #nextId = 0;
  #paused = false;
  #over = false;
  #leaderTimer: Timer | undefined;
  #leaderless = 0;

  constructor(context: ServiceContext, shared: SharedEncoding, call: ServerCall) {
    this.#context = context;
    this.#shared = shared;
    this.#call = call;
    if (context.member.learner) this.#end(notSupportedForLearnerError());
    if (this.#over || !wantsLeader(call)) return;
    if (context.member.leader === noMember) this.#end(noLeaderError());
    else this.#watchLeader();
  }

  message(bytes: Uint8Array): void {
    if (this.#over) return;
    let request: WatchCall | undefined;
    try {
      request = decodeWatchRequest(bytes);
    } catch (error) {
      const { code, message } = streamStatusOf(error);
      this.#finish();
      this.#call.end({ code, message });
      return;
    }
    switch (request?.type) {
      case 'create':
        this.#create(request);
        return;
      case 'cancel':
        this.#cancel(request.watchId);
        return;
      case 'progress':
        this.#progressOfAll();
        return;
      case undefined:
        return;
    }
  }

  halfClosed(): void {
    // Its client will ask no more, but goes on to listen: the JSON gateway's clients send one request and wait (probed).
  }

  cancelled(): void {
    this.#finish();
  }

  drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const { watch, compacted } of this.#watches.values()) if (!compacted) watch.resume();
  }

  #create(request: WatchCall & { readonly type: 'create' }): void {
    const { member } = this.#context;
    let auth: RequestAuth | undefined;
    // Later, as the watches made before it: it does not say whom it is for, so that clients go by the order.
    const refuse = (cancelReason: string): void =>
      queueMicrotask(() =>
        this.#notify(member.store.revision, { watchId: -1, created: true, canceled: true, cancelReason }),
      );
    if (request.startRevision < 0) {
      refuse(compactedReason);
      return;
    }
    // etcd reads an empty key as the least one.
    const range = { key: request.key === '' ? '\0' : request.key, rangeEnd: request.rangeEnd };
    try {
      auth = this.#context.authenticate(this.#call);
      const denied = member.auth.checkRead(range, auth);
      if (denied !== undefined) throw fromAuthError(denied);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      const code = goCodes[error.code] ?? 'Unknown';
      refuse(`rpc error: code = ${code} desc = ${error.message}`);
      return;
    }
    if (!isSingleKey(range) && endOf(range) <= range.key) {
      refuse('mvcc: watcher range is empty');
      return;
    }
    if (request.watchId !== 0 && this.#watches.has(request.watchId)) {
      refuse('mvcc: duplicate watch ID provided on the WatchStream');
      return;
    }
    const id = request.watchId === 0 ? this.#freeId() : request.watchId;
    const { startRevision, prevKv, filters, fragment } = request;
    const watch = member.watch(
      { ...range, startRevision, prevKv, filters },
      {
        created: (revision) => this.#notify(revision, { watchId: id, created: true }),
        events: (events) => this.#sendEvents(id, events),
        progress: (revision) => this.#notify(revision, { watchId: id }),
        closed: ({ compactRevision, reason }) => this.#closed(id, compactRevision, reason),
      },
    ) as MemberWatch;
    const entry: StreamWatch = {
      watch,
      startRevision,
      fragment,
      progressTimer: undefined,
      busy: false,
      compacted: false,
    };
    this.#watches.set(id, entry);
    if (this.#paused) watch.pause();
    if (request.progressNotify) this.#scheduleProgress(entry);
  }

  #freeId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #cancel(id: WatchId): void {
    const entry = this.#watches.get(id);
    if (entry === undefined) return;
    this.#drop(id, entry);
    this.#notify(this.#context.member.store.revision, { watchId: id, canceled: true });
  }

  #closed(id: WatchId, compactRevision: number | undefined, reason: string): void {
    const entry = this.#watches.get(id);
    if (entry === undefined) return;
    if (compactRevision === undefined) {
      // The member is stopping.
      this.#end(new EtcdError('unavailable', reason));
      return;
    }
    entry.compacted = true;
    entry.progressTimer?.cancel();
    this.#notify(0, { watchId: id, canceled: true, compactRevision });
  }

  #drop(id: WatchId, entry: StreamWatch): void {
    this.#watches.delete(id);
    entry.progressTimer?.cancel();
    entry.watch.cancel();
  }

  #sendEvents(id: WatchId, events: readonly Event[]): void {
    const entry = this.#watches.get(id);
    if (entry === undefined) return;
    entry.busy = true;
    if (entry.fragment) {
      const { requestBytesMax } = this.#context.options;
      const parts = divide(events as readonly StoreEvent[], requestBytesMax + fragmentOverheadBytes);
      for (const [i, part] of parts.entries()) this.#sendBatch(id, part, i < parts.length - 1);
    } else this.#sendBatch(id, events, false);
  }

  #sendBatch(id: WatchId, events: readonly Event[], fragment: boolean): void {
    const { header, member } = this.#context;
    const facts = { revision: member.store.revision, raftTerm: member.term };
    const head = encodeWatchHead(header, facts, id, fragment);
    const encoded = this.#shared.of(events);
    this.#sent(this.#call.send({ pieces: [head, encoded], length: head.length + encoded.length }));
  }

  #notify(revision: number, head: WatchResponseHead): void {
    if (this.#over) return;
    const { header, member } = this.#context;
    this.#sent(this.#call.send(encodeWatchNotice(header, { revision, raftTerm: member.term }, head)));
  }

  /** Whoever reads slowly gets what it missed from the store later: nothing is held for it. */
  #sent(taken: boolean): void {
    if (taken || this.#paused || this.#over) return;
    this.#paused = true;
    for (const { watch } of this.#watches.values()) watch.pause();
  }

  /**
   * One answer for the whole stream, if every watch of it has had everything (etcd's RequestProgressAll); else none. It follows
   * what is on its way to the watches already (etcd#15220).
   */
  #progressOfAll(): void {
    const { member } = this.#context;
    queueMicrotask(() => {
      if (this.#over || this.#watches.size === 0) return;
      const { revision } = member.store;
      for (const { watch, startRevision } of this.#watches.values()) {
        if (!watch.synced || revision + 1 < startRevision) return;
      }
      this.#notify(revision, { watchId: -1 });
    });
  }

  #scheduleProgress(entry: StreamWatch): void {
    const { member, options } = this.#context;
    // Up to a tenth longer, so that not all watches speak at once.
    const jitter = 1 + member.platform.random.float() / 10;
    entry.progressTimer = member.platform.clock.setTimer(options.progressNotifyMillis * jitter, () => {
      if (!entry.busy) entry.watch.requestProgress();
      entry.busy = false;
      this.#scheduleProgress(entry);
    });
  }

  #watchLeader(): void {
    const { member } = this.#context;
    this.#leaderTimer = member.platform.clock.setTimer(member.electionTimeoutMillis, () => {
      this.#leaderless = member.leader === noMember ? this.#leaderless + 1 : 0;
      if (this.#leaderless >= leaderlessTimeoutsMax) this.#end(noLeaderError());
      else this.#watchLeader();
    });
  }

  #end(error: EtcdError): void {
    if (this.#over) return;
    this.#finish();
    this.#call.end({ code: grpcCodes.indexOf(error.code), message: error.message });
  }

  #finish(): void {
    this.#over = true;
    this.#leaderTimer?.cancel();
    for (const [id, entry] of this.#watches) this.#drop(id, entry);
  }
}

/** Runs of events that take at most `bytesMax` as messages, one event at least. */
function divide(events: readonly StoreEvent[], bytesMax: number): StoreEvent[][] {
  const parts: StoreEvent[][] = [];
  let part: StoreEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const length = event.encoded.length + 1 + varintBytes(event.encoded.length);
    if (part.length > 0 && bytes + length > bytesMax) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += length;
  }
  parts.push(part);
  return parts;
}
