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
 *   E3  The state is a function of the applied entries: it and `applied` are durable together or not at all.
 *   E4  A failed write or fsync stops the member for ever; it is never retried.
 *   E5  A proposal is handed to Raft at most once.
 */

import { assert, must } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import { ok } from '../base/result.ts';
import type { Backend, BackendView } from '../mvcc/backend.ts';
import type { AuthStore } from '../mvcc/auth/auth-store.ts';
import type { Store } from '../mvcc/store.ts';
import type { Lease } from '../mvcc/lessor.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Timer } from '../platform/clock.ts';
import { DiskError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { decodeConfChange } from '../raft/conf-change.ts';
import type { Message, MsgStorageAppend, MsgStorageApply } from '../raft/messages.ts';
import { RawNode } from '../raft/raw-node.ts';
import type { Ready } from '../raft/ready.ts';
import {
  noMember,
  type ConfState,
  type Entry,
  type Index,
  type MemberId,
  type Snapshot,
  type Term,
} from '../raft/types.ts';
import { WalError } from '../wal/errors.ts';
import type { Alarm } from './alarms.ts';
import { apply } from './applier.ts';
import { AutoCompactor } from './auto-compaction.ts';
import type { MemberStatus, ResponseHeader, Watch, WatchEvents, WatchRequest } from './client.ts';
import { peerOf } from './cluster.ts';
import { ConfChanges } from './conf-changes.ts';
import { CorruptionCheck } from './corruption-check.ts';
import { MemberRemovedError } from './data-directory.ts';
import { DiskQueue } from './disk-queue.ts';
import type { DurableLog } from './durable-log.ts';
import {
  badTransfereeError,
  EtcdError,
  fromMembershipError,
  leaderChangedError,
  noLeaderError,
  notLeaderError,
  requestTooLargeError,
  stoppedError,
  leaderTransferTimeoutError,
  tooManyRequestsError,
} from './errors.ts';
import { HistoryWork } from './history-work.ts';
import type { ClusterIntroduction } from './joining.ts';
import { Introductions } from './introductions.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LinearizableReads } from './linearizable-reads.ts';
import { MemberMeters } from './member-meters.ts';
import { withDefaults, type MemberOptions } from './member-options.ts';
import type { Done, EtcdServer, ProposeOptions } from './etcd-server.ts';
import { MemberWatches } from './member-watches.ts';
import type { ClusterMember, Downgrade } from './membership.ts';
import type { Metrics } from './metrics.ts';
import type { MemberObserver } from './observer.ts';
import { openMember, type Opening } from './opening.ts';
import { PeerQuestions, type LeaseAsk } from './peer-questions.ts';
import { Peers, type Peer, type PeerMessage } from './peers.ts';
import { decodeProposal, encodeProposal, lifeMax } from './proposal-codec.ts';
import { Proposals } from './proposals.ts';
import { publish } from './publication.ts';
import { Reconfigurer } from './reconfigurer.ts';
import type { Applied, Request } from './request.ts';
import { Snapshots } from './snapshots.ts';
import { StateMachine } from './state-machine.ts';

/** The version told to clients; Kubernetes wants >= 3.5.13 for its consistent lists. */
export const etcdVersion = '3.6.0';

/** A running member. `Member.start` opens its data and joins; `stop` ends it; `failed` tells of a fatal error. */
export class Member implements EtcdServer {
  readonly id: MemberId;
  readonly clusterId: string;
  readonly name: string;
  readonly platform: Platform;
  readonly electionTimeoutMillis: number;
  readonly quotaBytes: number;
  readonly meters: MemberMeters;
  /** Resolves with the reason if this member must stop; the process is expected to end then. */
  readonly failed: Promise<Error>;
  /** Resolves with true when the cluster knows this member by name, with false when it has stopped before. */
  published: Promise<boolean> = Promise.resolve(false);

  readonly #options: ReturnType<typeof withDefaults>;
  readonly #observer: MemberObserver | undefined;
  readonly #introductions: Introductions;
  readonly #log: DurableLog;
  readonly #disk: DiskQueue;
  readonly #node: RawNode;
  readonly #peers: Peers;
  readonly #questions: PeerQuestions;
  readonly #snapshots: Snapshots;
  readonly #confChanges: ConfChanges;
  readonly #reconfigurer: Reconfigurer;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #leases: LeaseKeeper;
  readonly #corruption: CorruptionCheck;
  readonly #autoCompactor: AutoCompactor | undefined;
  readonly #watches: MemberWatches;
  readonly #history: HistoryWork;
  /** Names this life's proposals: an entry of an earlier one must not answer a client of this one. */
  readonly #life: number;
  #state: StateMachine;
  #confState: ConfState;
  /** Where the log was truncated last. */
  #snapshotIndex: Index;
  #nextSequence = 0;
  #driveQueued = false;
  #leading = false;
  #stopped = false;
  #tick: Timer | undefined;
  #fail!: (error: Error) => void;

  /**
   * Opens or creates the data directory and starts the member.
   *
   * @throws DataDirectoryError when the directory is another member's, damaged or locked
   * @throws NetworkError when the peer address cannot be bound
   */
  static async start(platform: Platform, options: MemberOptions): Promise<Member> {
    const opening = await openMember(platform, options);
    const member = new Member(platform, options, opening);
    try {
      await member.#peers.start();
    } catch (error) {
      await opening.log.close();
      await opening.backend.close();
      throw error;
    }
    const { hardState } = opening.log.storage.initialState();
    member.#observer?.opened(member.id, opening.applied, opening.log.entries(), hardState);
    member.#connect();
    member.#scheduleTick();
    // The only voter need not wait for anybody's heartbeat.
    const { voters } = member.#confState;
    if (voters.length === 1 && voters[0] === member.id) member.#node.campaign();
    member.#drive();
    const { advertiseClientUrls, initialCorruptCheck } = member.#options;
    member.published = publish(member, advertiseClientUrls, () => member.#stopped);
    if (initialCorruptCheck) {
      try {
        await member.#corruption.checkBeforeServing();
      } catch (error) {
        await member.stop();
        throw error;
      }
    }
    return member;
  }

  private constructor(platform: Platform, options: MemberOptions, opening: Opening) {
    const { memberId: id, clusterId } = opening.identity;
    this.id = id;
    this.clusterId = clusterId;
    this.name = options.name;
    this.platform = platform;
    this.#observer = options.observer;
    this.#options = withDefaults(options);
    this.meters = new MemberMeters(platform.clock, this.#options.slowApplyMillis);
    this.quotaBytes = this.#options.quotaBytes;
    this.electionTimeoutMillis = this.#options.tickMillis * this.#options.electionTicks;
    this.#log = opening.log;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#state = new StateMachine(opening.backend);
    this.#watchBackend(opening.backend);
    const { applied } = this.#state;
    this.#snapshotIndex = (opening.log.storage.firstIndex() - 1) as Index;
    this.#confState = applied.confState;
    const traced = options.observer?.traced;
    this.#node = new RawNode({
      id,
      electionTicks: this.#options.electionTicks,
      heartbeatTicks: 1,
      preVote: true,
      checkQuorum: true,
      asyncStorageWrites: true,
      maxSizePerMessageBytes: 1024 * 1024,
      inflightMessagesMax: 512,
      uncommittedBytesMax: 1024 * 1024 * 1024,
      storage: opening.log.storage,
      applied: applied.index,
      randomInteger: (bound) => platform.random.integer(bound),
      ...(traced === undefined
        ? {}
        : { traceSpec: (state, event) => traced.call(options.observer, state, event) }),
    });
    const chance = platform.random.bytes(6);
    this.#life = chance.reduce((life, byte) => life * 256 + byte, 0) % lifeMax;
    const idPrefix = `${id}-${toHex(chance)}`;
    const timeoutMillis = this.#options.requestTimeoutMillis;
    this.#proposals = new Proposals(platform.clock, timeoutMillis, this.meters.proposalsFailed);
    this.#introductions = new Introductions({
      platform,
      clusterId,
      first: opening.introduced,
      known: () => this.members(),
      isRemoved: (member) => this.#state.membership.isRemoved(member),
      changed: () => {
        if (!this.#stopped) this.#connect();
      },
    });
    this.#watches = new MemberWatches(platform, this.store);
    this.#history = new HistoryWork(platform.clock, () => this.#state);
    this.#disk = new DiskQueue({
      log: this.#log,
      install: (snapshot, ready) => this.#install(snapshot, ready),
      written: (ready, append) => this.#written(ready, append),
      failed: (error) => this.#stopOnFailure(error),
    });
    this.#reads = new LinearizableReads({
      clock: platform.clock,
      timeoutMillis,
      contextPrefix: idPrefix,
      applied: applied.index,
      meters: this.meters,
      ask: (context) => {
        this.#node.readIndex(context);
      },
    });
    const proposeAsLeader = (request: Request): Promise<unknown> =>
      this.leading
        ? this.propose(request, { auth: this.auth.rootInfo() })
        : Promise.reject(leaderChangedError());
    this.#leases = new LeaseKeeper({
      clock: platform.clock,
      faults: platform.faults,
      confirmLeadership: () => this.linearizableRead(),
      revoke: (leaseId) => {
        this.meters.leasesExpired.add();
        return proposeAsLeader({ type: 'lease-revoke', id: leaseId });
      },
      checkpoint: (checkpoints) => proposeAsLeader({ type: 'lease-checkpoint', checkpoints }),
    });
    this.#peers = new Peers(platform, {
      clusterId,
      self: id,
      listen: options.listenPeer ?? [
        must(options.cluster.members.find(({ name }) => name === options.name)).peerAddress,
      ],
      peer: (member) => this.#peer(member),
      isRemoved: (member) => this.#state.membership.isRemoved(member),
      receive: (from, message) => this.#receive(from, message),
      receiveSnapshot: (_from, link) => this.#snapshots.receive(link),
      answerMembers: () =>
        ({ type: 'cluster', clusterId, members: this.members() }) satisfies ClusterIntroduction,
      unreachable: (member) => this.#node.reportUnreachable(member),
      stranger: (member) => this.#introductions.lookUp(member),
      removed: (reason) => this.#stopOnFailure(new MemberRemovedError(reason)),
    });
    this.#questions = new PeerQuestions({
      clock: platform.clock,
      logger: platform.logger,
      timeoutMillis,
      idPrefix,
      send: (to, message) => this.#peers.send(to, message),
      answers: {
        lease: (leaseId, ask) => this.#answerOfLease(leaseId, ask),
        // Under load a follower is always a little behind the leader that asks.
        hash: async (revision) => {
          if (revision > this.store.revision) await this.linearizableRead();
          return await this.hashKv(revision);
        },
        promote: (member) => this.#promote(member),
      },
    });
    this.#snapshots = new Snapshots({
      platform,
      clusterId,
      self: id,
      peer: (member) => this.#peer(member),
      present: () => ({ applied: this.#state.applied, view: this.view() }),
      sent: (to, received) => {
        const meter = this.#peers.meters.of(to);
        (received ? meter.snapshotsSent : meter.snapshotsNotSent).add();
        if (this.#stopped) return;
        this.#node.reportSnapshot(to, received);
        this.#drive();
      },
      open: async (index) => {
        const backend = await this.#log.openReceiving(options.backends, index);
        this.#watchBackend(backend);
        return backend;
      },
      received: (message) => {
        this.#peers.meters.of(message.from).snapshotsReceived.add();
        if (this.#stopped) return;
        this.#node.step(message);
        this.#drive();
      },
      installing: () => this.#disk.installing,
      failed: (error) => this.#stopOnFailure(error),
    });
    this.#confChanges = new ConfChanges({
      clock: platform.clock,
      timeoutMillis,
      hasLeader: () => this.leader !== noMember,
      propose: (change) => {
        const outcome = this.#node.proposeConfChange(change);
        this.#queueDrive();
        return outcome;
      },
    });
    this.#reconfigurer = new Reconfigurer({
      member: this,
      membership: () => this.#state.membership,
      learnersMax: this.#options.learnersMax,
      strict: this.#options.strictReconfigCheck,
      connectedSinceMillis: (member) => this.#peers.connectedSinceMillis(member),
      matchOf: (member) => this.#node.status().progress.find((one) => one.id === member)?.match ?? 0,
      propose: (change) =>
        this.#stopped ? Promise.reject(stoppedError()) : this.#confChanges.propose(change),
    });
    this.#corruption = new CorruptionCheck({
      member: this,
      directory: options.dataDirectory,
      intervalMillis: this.#options.corruptCheckMillis,
      connectedSinceMillis: (member) => this.#peers.connectedSinceMillis(member),
      askHash: (member, revision) => this.#questions.hash(member, revision),
    });
    if (options.autoCompaction !== undefined) {
      this.#autoCompactor = new AutoCompactor({
        clock: platform.clock,
        compaction: options.autoCompaction,
        revision: () => this.store.revision,
        leading: () => this.leading,
        compact: async (revision) => {
          try {
            await this.propose({ type: 'compact', revision });
          } catch (error) {
            if (!(error instanceof EtcdError)) throw error;
            platform.logger.warn('automatic compaction failed', { revision, error: error.message });
          }
        },
      });
    }
  }

  // ── What the services read ──────────────────────────────────────────────────────────────────────

  /** The replicated state as far as it is applied here. For reading only. */
  get store(): Store {
    return this.#state.store;
  }

  get auth(): AuthStore {
    return this.#state.auth;
  }

  get leader(): MemberId {
    return this.#node.leader;
  }

  get leading(): boolean {
    return this.#node.role === 'leader';
  }

  get term(): Term {
    return this.#node.term;
  }

  get committed(): Index {
    return this.#node.status().commit;
  }

  get applied(): Index {
    return this.#state.applied.index;
  }

  get learner(): boolean {
    return this.#confState.learners.includes(this.id);
  }

  get clusterVersion(): string | undefined {
    return this.#state.membership.version;
  }

  get downgrade(): Downgrade {
    return this.#state.membership.downgrade;
  }

  get dbSizeBytes(): number {
    return this.#state.backend.fileBytes;
  }

  get dbSizeInUseBytes(): number {
    return this.#state.backend.liveBytes;
  }

  get installing(): boolean {
    return this.#disk.installing;
  }

  /** Registers what is counted inside under etcd's names. */
  addMetrics(metrics: Metrics): void {
    this.meters.addTo(metrics);
    this.#peers.meters.addTo(metrics, this.id, (member) => this.#peers.isConnected(member));
  }

  get pendingProposals(): number {
    return this.#proposals.size;
  }

  alarms(): readonly Alarm[] {
    return this.#state.alarms.list();
  }

  members(): readonly ClusterMember[] {
    return this.#state.membership.members();
  }

  header(): ResponseHeader {
    return {
      clusterId: this.clusterId,
      memberId: this.id,
      revision: this.store.revision,
      raftTerm: this.#node.term,
    };
  }

  status(): MemberStatus {
    const { leader, term, lastIndex } = this.#node.status();
    return {
      memberId: this.id,
      clusterId: this.clusterId,
      name: this.name,
      version: etcdVersion,
      leader,
      raftTerm: term,
      raftIndex: lastIndex,
      raftAppliedIndex: this.applied,
      revision: this.store.revision,
    };
  }

  // ── Writes and reads ────────────────────────────────────────────────────────────────────────────

  propose<R extends Request>(request: R, options: ProposeOptions = {}): Promise<Applied<R>> {
    return new Promise((resolve, reject) => {
      this.submit(request, options, { ok: resolve, failed: reject });
    });
  }

  submit<R extends Request>(request: R, { auth, encoded }: ProposeOptions, done: Done<Applied<R>>): void {
    if (this.#stopped) {
      done.failed(stoppedError());
      return;
    }
    if (this.platform.faults.rare('proposal.refused')) {
      done.failed(tooManyRequestsError());
      return;
    }
    const sequence = this.#nextSequence++;
    const bytes = encodeProposal(this.#life, sequence, request, auth, encoded);
    if (bytes.length > this.#options.requestBytesMax) {
      done.failed(requestTooLargeError());
      return;
    }
    this.#proposals.add(sequence, bytes, done as Done<Applied>);
    this.#queueDrive();
  }

  linearizableRead(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenReadable({ ok: resolve, failed: reject });
    });
  }

  whenReadable(done: Done<void>): void {
    if (this.#stopped) {
      done.failed(stoppedError());
      return;
    }
    this.#reads.wait(done);
    this.#queueDrive();
  }

  watch(request: WatchRequest, events: WatchEvents): Watch {
    return this.#watches.open(request, events);
  }

  // ── Leases ──────────────────────────────────────────────────────────────────────────────────────

  async leaseKeepAlive(id: LeaseId): Promise<number> {
    return await this.#askOfLease(id, 'renew');
  }

  async leaseTimeToLive(
    id: LeaseId,
  ): Promise<{ readonly grantedTtl: number; readonly remainingTtl: number } | undefined> {
    await this.linearizableRead();
    const lease = this.store.lease(id);
    if (lease === undefined) return undefined;
    const remainingTtl = await this.#askOfLease(id, 'remaining');
    return remainingTtl < 0 ? undefined : { grantedTtl: lease.ttlSeconds, remainingTtl };
  }

  newLeaseId(): LeaseId {
    for (;;) {
      let id = 0n;
      for (const byte of this.platform.random.bytes(8)) id = (id << 8n) | BigInt(byte);
      id &= 0x7fff_ffff_ffff_ffffn;
      if (id !== 0n && this.store.lease(id as LeaseId) === undefined) return id as LeaseId;
    }
  }

  leases(): readonly Lease[] {
    return this.#leases.soonestFirst(this.store.leases());
  }

  /** Only the leader knows the time of leases. */
  async #askOfLease(leaseId: LeaseId, ask: LeaseAsk): Promise<number> {
    if (this.#stopped) throw stoppedError();
    if (this.leading) return await this.#answerOfLease(leaseId, ask);
    const { leader } = this.#node;
    if (leader === noMember) throw noLeaderError();
    return await this.#questions.lease(leader, leaseId, ask);
  }

  #answerOfLease(id: LeaseId, ask: LeaseAsk): Promise<number> {
    return ask === 'renew' ? this.#renew(id) : this.#leases.remaining(id);
  }

  async #renew(id: LeaseId): Promise<number> {
    const ttlSeconds = await this.#leases.renew(id);
    if (ttlSeconds > 0) this.meters.leasesRenewed.add();
    return ttlSeconds;
  }

  // ── Membership ──────────────────────────────────────────────────────────────────────────────────

  memberAdd(peerUrls: readonly string[], learner: boolean): Promise<ClusterMember> {
    return this.#reconfigurer.add(peerUrls, learner);
  }

  memberRemove(id: MemberId): Promise<void> {
    return this.#reconfigurer.remove(id);
  }

  async memberUpdate(memberId: MemberId, peerUrls: readonly string[]): Promise<void> {
    await this.propose({ type: 'member-update', memberId, peerUrls });
  }

  /** The leader knows how far the learner is, so it is asked. */
  async memberPromote(memberId: MemberId): Promise<void> {
    await this.linearizableRead();
    if (this.leading) return await this.#promote(memberId);
    const { leader } = this.#node;
    if (leader === noMember) throw noLeaderError();
    await this.#questions.promote(leader, memberId);
  }

  async #promote(memberId: MemberId): Promise<void> {
    await this.#reconfigurer.promote(memberId);
    this.meters.learnersPromoted.add();
  }

  async moveLeader(target: MemberId): Promise<void> {
    if (!this.leading) throw notLeaderError();
    const member = this.#state.membership.get(target);
    if (member === undefined || member.learner) throw badTransfereeError();
    if (target === this.id) return;
    this.#node.transferLeader(target);
    this.#drive();
    const { clock } = this.platform;
    const deadline = clock.monotonicMillis() + this.#options.requestTimeoutMillis;
    while (this.#node.leader !== target) {
      if (clock.monotonicMillis() >= deadline) throw leaderTransferTimeoutError();
      await clock.sleep(this.#options.tickMillis / 2);
      if (this.#stopped) throw stoppedError();
    }
  }

  // ── Maintenance ─────────────────────────────────────────────────────────────────────────────────

  compacted(): Promise<void> {
    return this.#history.scrubbed();
  }

  hashKv(revision: number): ReturnType<EtcdServer['hashKv']> {
    return this.meters.time(this.meters.hashSeconds, () => this.#history.hashKv(revision));
  }

  view(): BackendView {
    return this.meters.countView(this.#state.backend.view());
  }

  /** Freed pages are used again as they are: there is nothing to stop the world for. */
  async defragment(): Promise<void> {
    this.meters.defragmenting++;
    try {
      await this.meters.time(this.meters.defragSeconds, () => this.#state.backend.flush());
    } catch (error) {
      // The disk has failed, which ends this member as well.
      if (error instanceof WalError || error instanceof DiskError) throw stoppedError();
      throw error;
    } finally {
      this.meters.defragmenting--;
    }
  }

  /** Throws if something that must always hold does not. */
  checkInvariants(): void {
    this.#node.checkInvariants();
    this.store.checkInvariants();
    assert(this.applied >= this.#snapshotIndex, 'the log is truncated behind what is applied');
  }

  /** Ends the member; clients waiting get `etcdserver: server stopped`. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#close('etcdserver: server stopped');
    await this.#peers.stop();
    // What is being written ends first; nothing new begins.
    await this.#disk.idle();
    await this.#log.close();
    await this.#snapshots.close();
    await this.#state.backend.close();
  }

  #close(reason: string): void {
    this.#stopped = true;
    this.#tick?.cancel();
    this.#autoCompactor?.stop();
    this.#corruption.stop();
    this.#proposals.failAll(stoppedError);
    this.#reads.failAll(stoppedError);
    this.#questions.failAll(stoppedError);
    this.#confChanges.failAll(stoppedError);
    this.#leases.stop();
    this.#history.stop();
    this.#disk.close();
    this.#watches.close(reason);
  }

  #stopOnFailure(reason: Error): void {
    if (this.#stopped) return;
    this.#close(`etcdserver: server stopped: ${reason.message}`);
    void this.#peers.stop();
    this.#fail(reason);
  }

  #watchBackend(backend: Backend): void {
    void backend.failed.then((error) => this.#stopOnFailure(error));
    backend.onDurable = (millis) => this.meters.backendCommitSeconds.observe(millis / 1000);
  }

  // ── The other members ───────────────────────────────────────────────────────────────────────────

  #peer(id: MemberId): Peer | undefined {
    const member = this.#introductions.members().find((one) => one.id === id);
    return member && peerOf(member);
  }

  /** Dials who is in the cluster, and nobody else. */
  #connect(): void {
    const peers = new Map<MemberId, Peer>();
    for (const member of this.#introductions.members()) {
      const peer = peerOf(member);
      if (peer !== undefined) peers.set(member.id, peer);
      else {
        const urls = member.peerUrls.join(' ');
        this.platform.logger.warn('a member has no address that can be dialled', { member: member.id, urls });
      }
    }
    this.#peers.setMembers(peers);
  }

  #scheduleTick(): void {
    const { clock } = this.platform;
    const dueMillis = clock.monotonicMillis() + this.#options.tickMillis;
    this.#tick = clock.setTimer(this.#options.tickMillis, () => {
      // As etcd does: a heartbeat that leaves a whole interval late.
      const lateMillis = clock.monotonicMillis() - dueMillis;
      if (this.leading && lateMillis > this.#options.tickMillis) this.meters.heartbeatSendFailures.add();
      this.#node.tick();
      if (this.leading && this.platform.faults.rare('leader.transfer')) this.#handOverOffice();
      this.#scheduleTick();
      this.#drive();
    });
  }

  /** To any voter: whoever it is, the cluster must bear with it. */
  #handOverOffice(): void {
    const others = this.#confState.voters.filter((voter) => voter !== this.id);
    if (others.length > 0) this.#node.transferLeader(others[this.platform.random.integer(others.length)]!);
  }

  #receive(from: MemberId, message: PeerMessage): void {
    this.platform.faults.reach('peers.received');
    if (message.type !== 'raft') {
      this.#questions.receive(from, message);
      return;
    }
    if (message.message.to !== this.id || message.message.from !== from) return;
    this.#node.step(message.message);
    this.#queueDrive();
  }

  // ── The drive ───────────────────────────────────────────────────────────────────────────────────

  /** Drives once for everything that this turn brings. */
  #queueDrive(): void {
    if (this.#driveQueued) return;
    this.#driveQueued = true;
    queueMicrotask(() => {
      this.#driveQueued = false;
      this.#drive();
    });
  }

  /** Works off what Raft has ready. The next Ready does not wait for the disk: what is being written answers by messages. */
  #drive(): void {
    if (this.#stopped) return;
    this.#handOver();
    while (!this.#stopped && this.#node.hasReady()) {
      this.#handle(this.#node.ready());
      this.#handOver();
    }
  }

  #handle(ready: Ready): void {
    for (const message of ready.messagesBeforeSync) this.#send(message);
    if (ready.softState !== undefined) this.#roleChanged();
    this.platform.faults.reach('ready.before-write');
    if (ready.append !== undefined) this.#disk.write(ready, ready.append);
    if (ready.apply !== undefined) this.#apply(ready.apply);
    for (const state of ready.readStates) this.#reads.confirmed(state);
  }

  #written(ready: Ready, { responses }: MsgStorageAppend): void {
    this.platform.faults.reach('ready.written');
    this.#observer?.saved(this.id, ready);
    for (const response of responses) {
      if (response.to === this.id) this.#node.step(response);
      else this.#send(response as Message);
    }
    this.#queueDrive();
  }

  /** Raft hears of it when the backend has taken it: who is behind its disk is given no more. */
  #apply({ entries, responses }: MsgStorageApply): void {
    this.#applyAll(entries);
    void this.#state.backend.drained().then(() => {
      if (this.#stopped) return;
      for (const response of responses) this.#node.step(response);
      this.#queueDrive();
    });
  }

  #send(message: Message): void {
    this.#observer?.sent?.(this.id, message);
    const { faults } = this.platform;
    faults.reach('peers.before-send');
    if (message.type === 'MsgSnap') void this.#snapshots.send(message);
    // Raft sends again what matters, and bears with what comes twice; but a proposal that does is applied twice.
    else if (faults.rare('peers.drop')) this.#node.reportUnreachable(message.to);
    else {
      this.#peers.send(message.to, { type: 'raft', message });
      if (message.type !== 'MsgProp' && faults.rare('peers.twice'))
        this.#peers.send(message.to, { type: 'raft', message });
    }
    faults.reach('peers.after-send');
  }

  #handOver(): void {
    if (this.#stopped) return;
    this.#proposals.handOver(this.#node.term, this.#proposeNext());
    this.#reads.startRound();
  }

  #proposeNext(): (bytes: Uint8Array) => 'accepted' | 'dropped' {
    const { faults } = this.platform;
    let enough: boolean | undefined;
    return (bytes) => {
      enough ??= faults.rare('proposal.dropped');
      if (enough) return 'dropped';
      const outcome = this.#node.propose(bytes);
      faults.reach('proposal.handed-over');
      enough = faults.rare('proposal.one-at-a-time');
      return outcome;
    };
  }

  #roleChanged(): void {
    const { role, term, leader } = this.#node;
    this.#observer?.roleChanged(this.id, role, term, leader);
    this.platform.logger.info('raft role', { role, term, leader });
    const leading = role === 'leader';
    if (this.#leading && !leading) {
      this.#leases.demote();
      this.#corruption.stop();
    }
    this.#leading = leading;
  }

  #applyAll(entries: readonly Entry[]): void {
    this.meters.beginApplying();
    const { faults } = this.platform;
    for (const entry of entries) this.#applyEntry(entry);
    faults.reach('apply.before-commit');
    this.#state.commit();
    faults.reach('apply.after-commit');
    const last = entries.at(-1)!;
    this.#proposals.termApplied(last.term);
    this.#reads.applied(last.index);
    this.#watches.progress();
    const behind = this.applied - this.#snapshotIndex;
    if (behind >= this.#options.snapshotEntries || faults.rare('log.truncate-early')) this.#truncateLog();
  }

  #applyEntry(entry: Entry): void {
    if (entry.type === 'conf-change') this.#applyConfChange(entry);
    else if (entry.data.length === 0) this.#beganTerm(entry);
    else this.#applyProposal(entry);
    this.#state.advance(entry, this.#confState);
    this.#observer?.applied(this.id, entry, this.store, this.#confState);
  }

  #applyProposal(entry: Entry): void {
    const { life, sequence, auth, request } = decodeProposal(entry.data);
    const result = apply(this.#state, request, auth, entry);
    this.meters.applied(request.type, result.ok);
    if (result.ok) {
      switch (request.type) {
        case 'lease-grant':
          this.#leases.granted(request.id, request.ttlSeconds);
          this.meters.leasesGranted.add();
          this.meters.leaseTtlSeconds.observe(request.ttlSeconds);
          break;
        case 'compact':
          this.#scrub();
          break;
        case 'member-update':
          this.#connect();
          break;
        default:
      }
    }
    // Not of one that is still there: who may not write its keys may not end it.
    if (request.type === 'lease-revoke' && this.store.lease(request.id) === undefined) {
      this.#leases.revoked(request.id);
      if (result.ok) this.meters.leasesRevoked.add();
    }
    if (life !== this.#life) return;
    this.platform.faults.reach('proposal.before-answer');
    this.#proposals.applied(sequence, result);
  }

  #scrub(): void {
    this.#history.scrub();
    this.meters.lastCompactionSeconds = Math.floor(this.platform.clock.wallMillis() / 1000);
    void this.meters.time(this.meters.compactionMillis, () => this.#history.scrubbed(), 1);
  }

  /** The first entry of a term: a leader has caught up with everything its predecessors committed. */
  #beganTerm(entry: Entry): void {
    if (!this.leading || this.#node.term !== entry.term) return;
    this.#leases.promote(this.store.leases(), this.electionTimeoutMillis);
    this.#corruption.start();
    if (this.clusterVersion !== etcdVersion) {
      this.propose({ type: 'cluster-version', version: etcdVersion }).catch((error: unknown) => {
        if (!(error instanceof EtcdError)) throw error;
      });
    }
  }

  /** A change that has become invalid since it was proposed changes nothing, on every member alike. */
  #applyConfChange(entry: Entry): void {
    const change = decodeConfChange(entry.data);
    const { membership } = this.#state;
    const checked = change.context === undefined ? ok(undefined) : membership.check(change);
    if (!checked.ok) {
      this.#confChanges.applied(change, fromMembershipError(checked.error));
      return;
    }
    this.#confState = this.#node.applyConfChange(change);
    this.platform.faults.reach('apply.conf-change');
    membership.apply(change);
    this.#connect();
    this.#confChanges.applied(change);
    if (change.type === 'remove' && change.member === this.id) {
      // Its answer leaves first.
      this.platform.clock.setTimer(this.#options.tickMillis, () =>
        this.#stopOnFailure(new MemberRemovedError('this member was removed from the cluster')),
      );
    }
  }

  // ── Snapshots ───────────────────────────────────────────────────────────────────────────────────

  /** Replaces the state by a leader's snapshot. Watches go on where they are. */
  async #install(snapshot: Snapshot, ready: Ready): Promise<void> {
    const { metadata } = snapshot;
    assert(metadata.index > this.applied, 'a snapshot only takes the member forward');
    const backend = this.#snapshots.take(metadata.index);
    const previous = this.#state;
    await previous.backend.close();
    this.platform.faults.reach('snapshot.install.before-log');
    await this.#log.install(metadata, ready.hardState);
    if (ready.entries.length > 0) await this.#log.append(ready.entries, undefined, true);
    if (this.#stopped) return;
    this.platform.faults.reach('snapshot.installed');
    this.#state = new StateMachine(backend);
    this.#confState = metadata.confState;
    this.#snapshotIndex = metadata.index;
    this.#watches.move(this.store);
    this.#connect();
    this.#observer?.installed(this.id, snapshot, this.store);
    this.#reads.applied(metadata.index);
  }

  /** What is durable in the backend is needed in the log only by slow followers. */
  #truncateLog(): void {
    if (this.#disk.truncating) return;
    const state = this.#state;
    const { applied } = state;
    this.#snapshotIndex = applied.index;
    this.#disk.truncate(async () => {
      await state.backend.flush();
      // A snapshot of the leader has taken its place meanwhile, or is about to.
      if (this.#stopped || this.#state !== state || this.#disk.installing) return;
      await this.#log.compact(applied, this.#options.catchUpEntries);
    });
  }
}
