import { Store } from '../../src/mvcc/store.ts';
import type { MvccError } from '../../src/mvcc/types.ts';
import type { Watcher } from '../../src/mvcc/watcher.ts';
import type {
  EtcdClient,
  LeaseId,
  MemberStatus,
  ResponseHeader,
  TxnRequest,
  Watch,
  WatchEvents,
  WatchRequest,
} from '../../src/etcd/client.ts';
import { revision } from '../../src/etcd/client.ts';
import { EtcdError, fromMvccError } from '../../src/etcd/errors.ts';
import { memberId } from '../../src/raft/types.ts';
import type { MemberId } from '../../src/raft/types.ts';
import type { Result } from '../../src/base/result.ts';

/** An EtcdClient over a store in memory: no Raft, no disk. Faults can be planted. */
export class StoreClient implements EtcdClient {
  readonly store = new Store();
  leader: MemberId = memberId('1');
  /** Called before each transaction; may write behind its back, or throw instead of it. */
  beforeTxn: ((request: TxnRequest) => void | Promise<void>) | undefined;
  /** Called after a transaction that was applied; may throw so that its outcome is unknown to the caller. */
  afterTxn: (() => void) | undefined;
  txnCount = 0;
  readonly #watches = new Set<StoreWatch>();
  #nextLease = 1n;

  async range(request: Parameters<EtcdClient['range']>[0]) {
    await Promise.resolve();
    return { ...unwrap(this.store.range(request)), header: this.#header() };
  }

  async put(request: Parameters<EtcdClient['put']>[0]) {
    await Promise.resolve();
    return this.#applied(unwrap(this.store.put(request)));
  }

  async deleteRange(request: Parameters<EtcdClient['deleteRange']>[0]) {
    await Promise.resolve();
    return this.#applied(unwrap(this.store.deleteRange(request)));
  }

  async txn(request: TxnRequest) {
    await Promise.resolve();
    this.txnCount++;
    await this.beforeTxn?.(request);
    const response = this.#applied(unwrap(this.store.txn(request)));
    this.afterTxn?.();
    return response;
  }

  async compact(at: number) {
    await Promise.resolve();
    unwrap(this.store.compact(at));
    return { header: this.#header() };
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    const watch = new StoreWatch(this.store, request, events, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  /** Ends all watches as if the connection broke. */
  breakWatches(): void {
    for (const watch of this.#watches) watch.end({ reason: 'broken' });
  }

  async leaseGrant(ttlSeconds: number, id?: LeaseId) {
    await Promise.resolve();
    const lease = id ?? (this.#nextLease++ as LeaseId);
    unwrap(this.store.leaseGrant(lease, ttlSeconds));
    return { id: lease, ttlSeconds };
  }

  async leaseRevoke(id: LeaseId) {
    await Promise.resolve();
    unwrap(this.store.leaseRevoke(id));
  }

  async leaseKeepAlive() {
    return 60;
  }

  async status(): Promise<MemberStatus> {
    return {
      ...this.#header(),
      name: 'store',
      version: '3.5.0',
      leader: this.leader,
      raftIndex: 1,
      raftAppliedIndex: 1,
    };
  }

  #applied<T>(response: T): T & { readonly header: ResponseHeader } {
    return { ...response, header: this.#header() };
  }

  #header(): ResponseHeader {
    return {
      clusterId: '1',
      memberId: memberId('1'),
      revision: this.store.revision,
      raftTerm: 1 as ResponseHeader['raftTerm'],
    };
  }
}

class StoreWatch implements Watch {
  readonly #store: Store;
  readonly #events: WatchEvents;
  readonly #watcher: Watcher;
  readonly #ended: () => void;
  #steps: (() => void)[] = [];
  #closed = false;

  constructor(store: Store, request: WatchRequest, events: WatchEvents, ended: () => void) {
    this.#store = store;
    this.#events = events;
    this.#ended = ended;
    const at = store.revision;
    this.#later(() => events.created(at));
    this.#watcher = store.watch(request, {
      events: (changes, newest) => this.#later(() => events.events(changes, newest)),
      compacted: (compactRevision) => this.end({ compactRevision, reason: 'compacted' }),
    });
    // A watch from the past is caught up at once.
    queueMicrotask(() => {
      while (store.syncWatchers()) continue;
    });
  }

  requestProgress(): void {
    queueMicrotask(() => {
      if (this.#closed || !this.#watcher.synced) return;
      const at = revision(this.#store.revision);
      this.#later(() => this.#events.progress(at));
    });
  }

  end(end: Parameters<WatchEvents['closed']>[0]): void {
    this.#later(() => {
      if (this.#closed) return;
      this.cancel();
      this.#events.closed(end);
    });
  }

  pause(): void {
    this.#watcher.pause();
  }

  resume(): void {
    this.#watcher.resume();
    queueMicrotask(() => {
      while (this.#store.syncWatchers()) continue;
    });
  }

  cancel(): void {
    this.#closed = true;
    this.#watcher.cancel();
    this.#ended();
  }

  #later(step: () => void): void {
    this.#steps.push(step);
    if (this.#steps.length > 1) return;
    queueMicrotask(() => {
      const steps = this.#steps;
      this.#steps = [];
      for (const one of steps) if (!this.#closed) one();
    });
  }
}

function unwrap<T>(result: Result<T, MvccError>): T {
  if (!result.ok) throw fromMvccError(result.error.code);
  return result.value;
}

/** What a lost connection to the store looks like. */
export function unavailable(): EtcdError {
  return new EtcdError('unavailable', 'etcdserver: request timed out');
}
