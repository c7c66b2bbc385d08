/**
 * etcd/: one member of the replicated store = raft + wal + mvcc, and the services on top of it.
 *
 * The way of a write: a client's Request → Proposal → Raft → durable on a quorum → committed → applied by
 * every member → the proposer's client gets its answer. The way of a linearizable read: ReadIndex → wait
 * until that index is applied here → answered from this member's store.
 *
 * Boundary: drives the pure parts over a Platform. Nothing here decides consensus or data semantics.
 *
 * Invariants
 *   E1  Nothing that depends on a Ready's write leaves before the write is durable (Raft, figure 2).
 *   E2  A client's write is acknowledged only after it was applied here, hence after it was committed.
 *   E3  The store is a function of the applied entries: `appliedIndex` and the data move together.
 *   E4  A failed write or fsync stops the member for ever; it is never retried.
 *   E5  A proposal is handed to Raft at most once.
 */

import { toHex } from '../base/bytes.ts';
import { assert } from '../base/assert.ts';
import { Store } from '../mvcc/store.ts';
import type { LeaseId } from '../mvcc/types.ts';
import { DiskError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { Timer } from '../platform/clock.ts';
import { decodeConfChange } from '../raft/conf-change.ts';
import { RawNode } from '../raft/raw-node.ts';
import type { Ready } from '../raft/ready.ts';
import {
  noMember,
  type ConfState,
  type Entry,
  type Index,
  type MemberId,
  type Snapshot,
} from '../raft/types.ts';
import { WalError } from '../wal/wal.ts';
import { apply } from './applier.ts';
import type { MemberStatus, ResponseHeader, Watch, WatchEvents, WatchRequest } from './client.ts';
import { checkCluster, clusterIdOf, memberIdOf, type ClusterConfig } from './cluster.ts';
import { decode, encode } from './codec.ts';
import { DurableLog } from './durable-log.ts';
import { leaderChangedError, requestTooLargeError, stoppedError } from './errors.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LinearizableReads } from './linearizable-reads.ts';
import { MemberWatch } from './member-watch.ts';
import type { MemberObserver } from './observer.ts';
import { Peers, type PeerMessage } from './peers.ts';
import { Proposals } from './proposals.ts';
import type { Applied, Proposal, Request } from './request.ts';

/** The version told to clients; Kubernetes wants >= 3.5.13 for its consistent lists. */
export const etcdVersion = '3.6.0';

export interface MemberOptions {
  /** This member's name in `cluster`. */
  readonly name: string;
  readonly cluster: ClusterConfig;
  readonly dataDirectory: string;
  /** Default 100 ms × 10 ticks: an election timeout of 1 to 2 s; a heartbeat each tick. */
  readonly tickMillis?: number;
  readonly electionTicks?: number;
  /** A snapshot is taken after this many applied entries. Default 10 000 (etcd 3.6). */
  readonly snapshotEntries?: number;
  /** Entries kept behind a snapshot for slow followers. Default 5000 (etcd). */
  readonly catchUpEntries?: number;
  readonly segmentBytes?: number;
  /** How long a client's request may take. Default 7 s: etcd's 5 s and two election timeouts. */
  readonly requestTimeoutMillis?: number;
  /** Told of what happens inside, for checkers. */
  readonly observer?: MemberObserver;
}

const segmentBytesDefault = 16 * 1024 * 1024;
const requestBytesMax = 1.5 * 1024 * 1024;
/** Entries are applied in slices, so that other work (heartbeats) comes in between. */
const revisionsPerSyncMax = 1000;

/** A running member. `Member.start` opens its data and joins; `stop` ends it; `failed` tells of a fatal error. */
export class Member {
  readonly id: MemberId;
  readonly clusterId: string;
  /** Resolves with the reason if this member must stop; the process is expected to end then. */
  readonly failed: Promise<Error>;

  readonly #platform: Platform;
  readonly #options: Required<Omit<MemberOptions, 'observer'>>;
  readonly #observer: MemberObserver | undefined;
  readonly #log: DurableLog;
  readonly #node: RawNode;
  readonly #peers: Peers;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #leases: LeaseKeeper;
  readonly #watches = new Set<MemberWatch>();
  readonly #idPrefix: string;
  #store: Store;
  #applied: Index;
  #confState: ConfState;
  #snapshotIndex: Index;
  #nextProposal = 0;
  #driving = false;
  /** The end of the drive that is under way. */
  #driven: Promise<void> = Promise.resolve();
  #leading = false;
  #stopped = false;
  #tick: Timer | undefined;
  #catchingUp = false;
  #fail!: (error: Error) => void;

  /**
   * Opens or creates the data directory and starts the member.
   *
   * @throws DataDirectoryError when the directory is another member's, damaged or locked
   * @throws NetworkError when the peer address cannot be bound
   */
  static async start(platform: Platform, options: MemberOptions): Promise<Member> {
    checkCluster(options.cluster, options.name);
    const id = memberIdOf(options.cluster.token, options.name);
    const voters = options.cluster.members.map((member) => memberIdOf(options.cluster.token, member.name));
    const { log, snapshot } = await DurableLog.open(platform, {
      directory: options.dataDirectory,
      segmentBytes: options.segmentBytes ?? segmentBytesDefault,
      identity: { clusterId: clusterIdOf(options.cluster), memberId: id, name: options.name },
      voters,
    });
    const member = new Member(platform, options, id, log, snapshot);
    try {
      await member.#peers.start();
    } catch (error) {
      await log.close();
      throw error;
    }
    member.#observer?.opened(id, snapshot.metadata, log.entries());
    member.#scheduleTick();
    member.#drive();
    return member;
  }

  private constructor(
    platform: Platform,
    options: MemberOptions,
    id: MemberId,
    log: DurableLog,
    snapshot: Snapshot,
  ) {
    this.id = id;
    this.clusterId = clusterIdOf(options.cluster);
    this.#platform = platform;
    this.#observer = options.observer;
    this.#options = {
      tickMillis: 100,
      electionTicks: 10,
      snapshotEntries: 10_000,
      catchUpEntries: 5000,
      segmentBytes: segmentBytesDefault,
      requestTimeoutMillis: 7000,
      ...options,
    };
    this.#log = log;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#store = snapshot.data.length === 0 ? new Store() : Store.restore(decode(snapshot.data));
    this.#applied = snapshot.metadata.index;
    this.#snapshotIndex = snapshot.metadata.index;
    this.#confState = snapshot.metadata.confState;
    this.#node = new RawNode({
      id,
      electionTicks: this.#options.electionTicks,
      heartbeatTicks: 1,
      preVote: true,
      checkQuorum: true,
      maxSizePerMessageBytes: 1024 * 1024,
      inflightMessagesMax: 512,
      uncommittedBytesMax: 1024 * 1024 * 1024,
      storage: log.storage,
      applied: this.#applied,
      randomInteger: (bound) => platform.random.integer(bound),
    });
    // Unique over restarts: an entry of an earlier life must not answer a client of this one.
    const life = toHex(platform.random.bytes(6));
    this.#idPrefix = `${id}-${life}`;
    const timeoutMillis = this.#options.requestTimeoutMillis;
    this.#proposals = new Proposals(platform.clock, timeoutMillis);
    this.#reads = new LinearizableReads({
      clock: platform.clock,
      timeoutMillis,
      contextPrefix: this.#idPrefix,
      applied: this.#applied,
      ask: (context) => {
        this.#node.readIndex(context);
        this.#drive();
      },
    });
    this.#leases = new LeaseKeeper({
      clock: platform.clock,
      timeoutMillis,
      requestIdPrefix: this.#idPrefix,
      confirmLeadership: () => this.#reads.read(),
      revoke: (leaseId) => {
        if (this.#node.role !== 'leader') return Promise.reject(leaderChangedError());
        return this.propose({ type: 'lease-revoke', id: leaseId });
      },
      sendToLeader: (requestId, leaseId) => {
        const { leader } = this.#node;
        if (leader === noMember || leader === this.id) return undefined;
        this.#peers.send(leader, { type: 'lease-renew', requestId, leaseId });
        return leader;
      },
    });
    const peers = new Map(
      options.cluster.members.map(({ name, peerAddress, user }) => [
        memberIdOf(options.cluster.token, name),
        { address: peerAddress, user },
      ]),
    );
    this.#peers = new Peers(platform, {
      clusterId: this.clusterId,
      self: id,
      listen: peers.get(id)!.address,
      peers,
      receive: (from, message) => this.#receive(from, message),
      unreachable: (peer) => this.#node.reportUnreachable(peer),
    });
  }

  /** The replicated state as far as it is applied here. For reading only. */
  get store(): Store {
    return this.#store;
  }

  /** Puts a change into the log; resolves when it was applied here. @throws EtcdError */
  propose<R extends Request>(request: R): Promise<Applied<R>> {
    if (this.#stopped) return Promise.reject(stoppedError());
    const proposal: Proposal = { id: `${this.#idPrefix}-${this.#nextProposal++}`, request };
    const bytes = encode(proposal);
    if (bytes.length > requestBytesMax) return Promise.reject(requestTooLargeError());
    const applied = this.#proposals.add(proposal.id, bytes) as Promise<Applied<R>>;
    this.#drive();
    return applied;
  }

  /** Resolves when this member's store is at least as new as anything acknowledged before. @throws EtcdError */
  linearizableRead(): Promise<void> {
    return this.#stopped ? Promise.reject(stoppedError()) : this.#reads.read();
  }

  leaseKeepAlive(id: LeaseId): Promise<number> {
    return this.#stopped ? Promise.reject(stoppedError()) : this.#leases.keepAlive(id);
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    const watch = new MemberWatch(this.#store, request, events, (ended) => this.#watches.delete(ended));
    if (this.#stopped) {
      watch.close('etcdserver: server stopped');
      return watch;
    }
    this.#watches.add(watch);
    if (!watch.synced) this.#catchUpWatches();
    return watch;
  }

  header(): ResponseHeader {
    return {
      clusterId: this.clusterId,
      memberId: this.id,
      revision: this.#store.revision,
      raftTerm: this.#node.term,
    };
  }

  status(): MemberStatus {
    const { leader, term, lastIndex } = this.#node.status();
    return {
      memberId: this.id,
      clusterId: this.clusterId,
      name: this.#options.name,
      version: etcdVersion,
      leader,
      raftTerm: term,
      raftIndex: lastIndex,
      raftAppliedIndex: this.#applied,
      revision: this.#store.revision,
    };
  }

  /** Throws if something that must always hold does not. */
  checkInvariants(): void {
    this.#node.checkInvariants();
    this.#store.checkInvariants();
    assert(this.#applied >= this.#snapshotIndex, 'a snapshot is of applied entries');
  }

  /** Ends the member; clients waiting get `etcdserver: server stopped`. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#close('etcdserver: server stopped');
    await this.#peers.stop();
    // What is being written ends first; nothing new begins.
    await this.#driven;
    await this.#log.close();
  }

  #close(reason: string): void {
    this.#stopped = true;
    this.#tick?.cancel();
    this.#proposals.failAll(stoppedError);
    this.#reads.failAll(stoppedError);
    this.#leases.stop(stoppedError);
    for (const watch of this.#watches) watch.close(reason);
  }

  #scheduleTick(): void {
    this.#tick = this.#platform.clock.setTimer(this.#options.tickMillis, () => {
      this.#node.tick();
      this.#scheduleTick();
      this.#drive();
    });
  }

  #receive(from: MemberId, message: PeerMessage): void {
    switch (message.type) {
      case 'raft':
        if (message.message.to !== this.id || message.message.from !== from) return;
        this.#node.step(message.message);
        this.#drive();
        return;
      case 'lease-renew':
        this.#leases.renewHere(message.leaseId as LeaseId).then(
          (ttlSeconds) =>
            this.#peers.send(from, { type: 'lease-renewed', requestId: message.requestId, ttlSeconds }),
          // Not leading (any more): the asker's own timeout tells its client.
          (error: unknown) => this.#platform.logger.debug('a keep-alive failed', { error: String(error) }),
        );
        return;
      case 'lease-renewed':
        this.#leases.renewed(message.requestId, message.ttlSeconds);
        return;
    }
  }

  /** Works off what Raft has ready, one Ready at a time; what comes in meanwhile makes the next, larger one. */
  #drive(): void {
    this.#handOver();
    if (this.#driving || this.#stopped || !this.#node.hasReady()) return;
    this.#driving = true;
    this.#driven = this.#driveAll().finally(() => {
      this.#driving = false;
      // Something may have become ready between the last look and here.
      if (!this.#stopped && this.#node.hasReady()) this.#drive();
    });
  }

  async #driveAll(): Promise<void> {
    while (!this.#stopped && this.#node.hasReady()) {
      const ready = this.#node.ready();
      try {
        await this.#handle(ready);
      } catch (error) {
        // Only the disk may fail; anything else is a bug and stops the process.
        if (!(error instanceof WalError || error instanceof DiskError)) throw error;
        if (!this.#stopped) this.#stopOnFailure(error);
        return;
      }
      if (this.#stopped) return;
      this.#node.advance();
      this.#handOver();
    }
  }

  async #handle(ready: Ready): Promise<void> {
    for (const message of ready.messagesBeforeSync) this.#peers.send(message.to, { type: 'raft', message });
    // No await without a write: a heartbeat's answer must not wait for a turn of the event loop.
    if (ready.snapshot !== undefined || ready.entries.length > 0 || ready.hardState !== undefined) {
      await this.#log.save(ready);
      if (this.#stopped) return;
      this.#observer?.saved(this.id, ready);
    }
    for (const message of ready.messages) this.#peers.send(message.to, { type: 'raft', message });
    if (ready.softState !== undefined) this.#roleChanged();
    if (ready.snapshot !== undefined) this.#install(ready.snapshot);
    if (ready.committedEntries.length > 0) this.#applyAll(ready.committedEntries);
    for (const state of ready.readStates) this.#reads.confirmed(state);
    if (this.#applied - this.#snapshotIndex >= this.#options.snapshotEntries) await this.#takeSnapshot();
  }

  #handOver(): void {
    if (this.#stopped) return;
    this.#proposals.handOver(this.#node.term, (bytes) => this.#node.propose(bytes));
  }

  #roleChanged(): void {
    const { role, term, leader } = this.#node;
    this.#observer?.roleChanged(this.id, role, term, leader);
    this.#platform.logger.info('raft role', { role, term, leader });
    const leading = role === 'leader';
    if (this.#leading && !leading) this.#leases.demote();
    this.#leading = leading;
  }

  #applyAll(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.#applied + 1, 'entries are applied in order, each once');
      this.#applyEntry(entry);
      this.#applied = entry.index;
    }
    this.#proposals.termApplied(entries.at(-1)!.term);
    this.#reads.applied(this.#applied);
    for (const watch of this.#watches) watch.progressIfSynced();
  }

  #applyEntry(entry: Entry): void {
    if (entry.type === 'conf-change') {
      this.#confState = this.#node.applyConfChange(decodeConfChange(entry.data));
    } else if (entry.data.length === 0) {
      // The first entry of a term: a leader has caught up with everything its predecessors committed.
      if (this.#node.role === 'leader' && this.#node.term === entry.term) {
        this.#leases.promote(this.#store.leases(), this.#options.electionTicks * this.#options.tickMillis);
      }
    } else {
      const { id, request } = decode<Proposal>(entry.data);
      const result = apply(this.#store, request);
      if (result.ok && request.type === 'lease-grant') this.#leases.granted(request.id, request.ttlSeconds);
      if (request.type === 'lease-revoke') this.#leases.revoked(request.id);
      this.#proposals.applied(id, result);
    }
    this.#observer?.applied(this.id, entry, this.#store);
  }

  /** Replaces the store by a leader's snapshot. Watches end: their clients resume where they were. */
  #install(snapshot: Snapshot): void {
    assert(snapshot.metadata.index > this.#applied, 'a snapshot only takes the member forward');
    this.#store = Store.restore(decode(snapshot.data));
    this.#applied = snapshot.metadata.index;
    this.#snapshotIndex = snapshot.metadata.index;
    this.#confState = snapshot.metadata.confState;
    for (const watch of this.#watches) watch.close('drydock: the member installed a snapshot');
    this.#observer?.installed(this.id, snapshot, this.#store);
    this.#reads.applied(this.#applied);
  }

  async #takeSnapshot(): Promise<void> {
    const data = encode(this.#store.snapshot());
    await this.#log.takeSnapshot(this.#applied, this.#confState, data, this.#options.catchUpEntries);
    this.#snapshotIndex = this.#applied;
  }

  #catchUpWatches(): void {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    this.#platform.clock.setTimer(0, () => {
      this.#catchingUp = false;
      if (this.#stopped) return;
      const more = this.#store.syncWatchers(revisionsPerSyncMax);
      for (const watch of this.#watches) watch.progressIfSynced();
      if (more) this.#catchUpWatches();
    });
  }

  #stopOnFailure(reason: Error): void {
    this.#close(`etcdserver: server stopped: ${reason.message}`);
    void this.#peers.stop();
    this.#fail(reason);
  }
}
