import { must, unreachable } from '../../src/base/assert.ts';
import { prefixEnd, type Watch } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import type { LocalEtcdClient } from '../../src/etcd/local-client.ts';
import type { MemberObserver } from '../../src/etcd/observer.ts';
import { decodeProposal } from '../../src/etcd/proposal-codec.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';
import { checkers } from '../../sim/checkers/registry.ts';
import type { Host } from '../../sim/host.ts';
import type { KvOperation } from '../../sim/kv-history.ts';
import { observeMembers } from '../../sim/member-observations.ts';
import { ObservationBus } from '../../sim/observations.ts';
import { performKvOperation } from '../../sim/workloads/kv-operation.ts';
import type { RandomStream } from '../../sim/random-streams.ts';
import { StoreCluster } from './store-cluster.ts';

const prefix = 'k/';
const keys = 4;
const leaseTtlSeconds = 2;
const judges = [
  'election-safety',
  'log-matching',
  'state-machine-safety',
  'leader-completeness',
  'no-lost-ack',
  'linearizable',
  'watch-gap-free',
] as const;

const faultKinds = [
  'power',
  'power of two',
  'power of all',
  'kill',
  'cut',
  'cut one way',
  'heal',
  'pause',
  'slow sync',
  'failing sync',
  'full disk',
  'clock jump',
] as const;
type FaultKind = (typeof faultKinds)[number];

/**
 * A store of three members, clients and a nemesis: one seed, one history. Snapshots, releases of the log and
 * elections happen all the time, because everything that puts them off is tiny.
 */
export class FaultRun {
  readonly cluster: StoreCluster;
  readonly #bus: ObservationBus;
  readonly #random: RandomStream;
  readonly #faults: RandomStream;
  /** What clients that wait for a host's answer are told when it dies. */
  readonly #lost = new Map<Host, Set<() => void>>();
  /** Until when a lease may not end, as its holder was promised. */
  readonly #promisedUntil = new Map<LeaseId, number>();
  readonly #endedLeases = new Map<LeaseId, number>();
  readonly #complaints: string[] = [];
  readonly story: string[] = [];
  #stopped = false;
  #running = 0;
  /** How often the run came to what it is about: a soak that never gets there proves nothing. */
  readonly reached = {
    acknowledged: 0,
    renewals: 0,
    leasesEnded: 0,
    watchEvents: 0,
    installed: 0,
    elections: 0,
  };

  constructor(seed: number | string) {
    let bus: ObservationBus | undefined;
    this.cluster = new StoreCluster(seed, (world) => {
      bus = new ObservationBus(
        () => world.now,
        judges.map((name) => checkers[name]()),
      );
      const sizes = world.random.stream('sizes');
      return {
        dataDirectory: '/var/lib/store',
        tickMillis: 20,
        requestTimeoutMillis: 2000,
        snapshotEntries: 2 + sizes.integer(20),
        catchUpEntries: sizes.integer(6),
        segmentBytes: 500 + sizes.integer(4000),
        observer: this.#observe(observeMembers(bus)),
      };
    });
    this.#bus = must(bus);
    this.#random = this.cluster.world.random.stream('clients');
    this.#faults = this.cluster.world.random.stream('nemesis');
  }

  /** Faults for so long, then none, and the verdict. @throws when a promise was broken */
  async play(forMillis: number): Promise<void> {
    const { cluster } = this;
    const { world } = cluster;
    for (let i = 0; i < 4; i++) this.#go(() => this.#client(`client-${i}`));
    for (let i = 0; i < 2; i++) this.#go(() => this.#watcher(`watch-${i}`));
    this.#go(() => this.#leaseHolder());
    await cluster.until('a first leader', () => cluster.leader() !== undefined, 10_000);
    // Swarm: some runs know few kinds of faults, so that others do not hide what those bring about; some are hasty.
    const kinds = faultKinds.filter(() => this.#faults.chance(0.7));
    const pauseMillisMax = this.#faults.pick([120, 500, 1000]);
    const end = world.now + forMillis;
    while (world.now < end) {
      this.#strike(this.#faults.pick(kinds.length === 0 ? faultKinds : kinds));
      if (this.#faults.chance(0.25)) this.#revive();
      // Without times of peace nothing would get far enough to be broken.
      if (this.#faults.chance(0.15)) this.#healAll();
      await this.#pass(this.#faults.between(5, pauseMillisMax));
    }
    this.#healAll();
    const whole = (): boolean =>
      cluster.leader() !== undefined && cluster.hosts.every((host) => cluster.member(host) !== undefined);
    // Who met a full disk before it was mended may only find out with its next write, and ends then.
    for (const until = world.now + 15_000; !whole() && world.now < until;) {
      await this.#pass(500);
      for (const host of cluster.hosts) this.#up(host);
    }
    await cluster.until('everyone is up again', whole, 1000);
    await this.#pass(500);
    this.#stopped = true;
    await cluster.until('all clients end', () => this.#running === 0, 15_000);
    const leader = cluster.leader() ?? cluster.hosts[0]!;
    const started = world.now;
    await cluster.put(leader, `${prefix}last`, 'last');
    if (world.now - started > 5000) this.#complaints.push('a write took more than 5 s after all was healed');
    // Ten election timeouts: a snapshot lost on the way is sent again only then.
    await cluster.until('all members hold the same', () => this.#agree(), 10_000);
    const found = [
      ...this.#complaints,
      ...this.#bus.finish().map((each) => `${each.checker}: ${each.message}`),
    ];
    if (found.length > 0) throw new Error(found.join('\n'));
  }

  #agree(): boolean {
    const [first, ...others] = this.cluster.hosts.map((host) => this.cluster.member(host));
    return others.every(
      (other) =>
        first !== undefined &&
        other?.status().raftAppliedIndex === first.status().raftAppliedIndex &&
        JSON.stringify(other.store.hash()) === JSON.stringify(first.store.hash()),
    );
  }

  async #pass(forMillis: number): Promise<void> {
    const result = await this.cluster.world.run({ forMillis });
    if (result.failure !== undefined) throw result.failure.error;
    for (const host of this.cluster.hosts) {
      const member = this.cluster.member(host);
      member?.checkInvariants();
      if (member === undefined) this.#tellLost(host);
    }
    const [violation] = this.#bus.violations;
    if (violation !== undefined) throw new Error(`${violation.checker}: ${violation.message}`);
    if (this.#complaints.length > 0) throw new Error(this.#complaints.join('\n'));
  }

  // ── The nemesis ─────────────────────────────────────────────────────────────────────────────────

  #strike(kind: FaultKind): void {
    const { hosts, world } = this.cluster;
    const random = this.#faults;
    const host = random.pick(hosts);
    const other = random.pick(hosts.filter((each) => each !== host));
    this.story.push(`${world.now.toFixed(0)} ${kind} ${host.name} ${other.name}`);
    switch (kind) {
      case 'power':
        return this.#down(host, 'crash');
      case 'power of two':
        this.#down(host, 'crash');
        return this.#down(other, 'crash');
      case 'power of all':
        for (const each of hosts) this.#down(each, 'crash');
        return;
      case 'kill':
        return this.#down(host, 'kill');
      case 'cut':
        return world.cut(host, other);
      case 'cut one way':
        return world.path(host, other).cut(world.now);
      case 'heal':
        world.healAll();
        for (const each of hosts) this.#mendDisk(each);
        return;
      case 'pause':
        if (host.isUp) host.pause(random.between(300, 3500));
        return;
      case 'slow sync':
        host.disk.faults.slowSyncMillis = random.between(50, 3000);
        return;
      case 'failing sync':
        host.disk.faults.syncErrorProbability = 0.5;
        return;
      case 'full disk':
        host.disk.faults.capacityBytes = host.disk.usedBytes + random.integer(3000);
        return;
      case 'clock jump':
        host.clock.offsetMillis += random.between(-60_000, 60_000);
        return;
      default:
        unreachable(kind);
    }
  }

  #revive(): void {
    for (const host of this.cluster.hosts) if (!host.isUp && this.#faults.chance(0.8)) this.#up(host);
  }

  #down(host: Host, how: 'crash' | 'kill'): void {
    if (how === 'crash') host.crash();
    else host.kill();
    this.#tellLost(host);
    // Mostly at once: what a quick restart finds in the page cache is not what a slow one finds on the platter.
    if (this.#faults.chance(0.5)) this.#up(host);
  }

  #up(host: Host): void {
    if (host.isUp) return;
    if (this.#faults.chance(0.7)) this.#mendDisk(host);
    host.restart();
  }

  #mendDisk({ disk }: Host): void {
    disk.faults.slowSyncMillis = 0;
    disk.faults.syncErrorProbability = 0;
    disk.faults.capacityBytes = undefined;
  }

  #healAll(): void {
    this.story.push(`${this.cluster.world.now.toFixed(0)} all healed`);
    this.cluster.world.healAll();
    for (const host of this.cluster.hosts) {
      this.#mendDisk(host);
      if (!host.isUp) host.restart();
    }
  }

  #tellLost(host: Host): void {
    const waiting = this.#lost.get(host);
    this.#lost.delete(host);
    if (waiting === undefined) return;
    this.cluster.world.schedule(0, 'lost calls', () => {
      for (const tell of waiting) tell();
    });
  }

  // ── Clients ─────────────────────────────────────────────────────────────────────────────────────

  #go(work: () => Promise<void>): void {
    this.#running++;
    this.cluster.world.schedule(0, 'client', () => {
      work().then(
        () => this.#running--,
        (error: unknown) => this.#complaints.push(String(error instanceof Error ? error.stack : error)),
      );
    });
  }

  #sleep(millis: number): Promise<void> {
    return new Promise((resolve) => this.cluster.world.schedule(millis, 'client sleeps', () => resolve()));
  }

  /** A client of a member that is up now. */
  async #connect(): Promise<{ readonly host: Host; readonly etcd: LocalEtcdClient }> {
    for (;;) {
      const host = this.cluster.hosts[this.#random.integer(3)]!;
      if (this.cluster.member(host) !== undefined) return { host, etcd: this.cluster.client(host) };
      await this.#sleep(50);
    }
  }

  /** The answer, or `lost` when the host dies before it comes. */
  #answer<T>(host: Host, call: Promise<T>): Promise<T | 'lost'> {
    const waiting = this.#lost.get(host) ?? new Set();
    this.#lost.set(host, waiting);
    return new Promise((resolve, reject) => {
      const lost = (): void => resolve('lost');
      waiting.add(lost);
      call.then(resolve, reject).finally(() => waiting.delete(lost));
    });
  }

  async #client(name: string): Promise<void> {
    const random = this.#random;
    let life = 0;
    let values = 0;
    const seen = new Map<string, string | undefined>();
    while (!this.#stopped) {
      await this.#sleep(random.between(1, 40));
      const { host, etcd } = await this.#connect();
      const key = `${prefix}${random.integer(keys)}`;
      const value = `${name}-${++values}`;
      const draw = random.integer(20);
      if (draw === 0) {
        // Not in the judges' model: forgets what only old reads could ask for.
        const target = this.cluster.member(host)!.store.revision - random.integer(30);
        if (target > 0) await this.#attempt(host, etcd.compact(target));
        continue;
      }
      const operation: KvOperation =
        draw < 7
          ? { type: 'get', key }
          : draw < 14
            ? { type: 'put', key, value }
            : draw < 18
              ? { type: 'cas', key, from: seen.get(key), to: value }
              : { type: 'delete', key };
      const client = `${name}.${life}`;
      this.#bus.emit({ type: 'client-call', client, operation });
      const outcome = (await this.#attempt(host, performKvOperation(etcd, operation))) ?? { type: 'unknown' };
      this.#bus.emit({ type: 'client-return', client, outcome });
      if (outcome.type === 'got') seen.set(key, outcome.value);
      if (outcome.type === 'unknown') life++;
      else this.reached.acknowledged++;
    }
  }

  /** undefined: nobody knows what came of it, or it was refused. */
  async #attempt<T>(host: Host, call: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await this.#answer(host, call);
      return answer === 'lost' ? undefined : answer;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      return undefined;
    }
  }

  /** Watches everything, and goes on at another member where a watch ends or is given up. */
  async #watcher(name: string): Promise<void> {
    const range = { key: prefix, rangeEnd: prefixEnd(prefix) };
    let last: number | undefined;
    for (let life = 0; !this.#stopped; life++) {
      const { host, etcd } = await this.#connect();
      const watch = `${name}.${life}`;
      const { epoch } = host;
      let ended = false;
      let handle: Watch | undefined;
      const done = new Promise<void>((resolve) => {
        let created = false;
        const alive = (): boolean => !ended && host.epoch === epoch;
        const mustBeCreated = (): void => {
          if (!created) this.#complaints.push(`${watch} speaks before it is created`);
        };
        handle = etcd.watch(last === undefined ? range : { ...range, startRevision: last + 1 }, {
          created: (revision) => {
            if (!alive()) return;
            created = true;
            last ??= revision;
            this.#bus.emit({ type: 'watch-started', watch, range, afterRevision: last });
          },
          events: (events, revision) => {
            if (!alive()) return;
            mustBeCreated();
            this.#bus.emit({ type: 'watch-events', watch, events, revision });
            this.reached.watchEvents += events.length;
            last = revision;
          },
          progress: (revision) => {
            if (!alive()) return;
            mustBeCreated();
            this.#bus.emit({ type: 'watch-progress', watch, revision });
            if (revision < last!) this.#complaints.push(`${watch} went back from ${last} to ${revision}`);
            last = revision;
          },
          closed: ({ compactRevision }) => {
            if (!alive()) return;
            ended = true;
            if (compactRevision !== undefined) last = compactRevision - 1;
            resolve();
          },
        });
      });
      const until = this.cluster.world.now + this.#random.between(100, 3000);
      const timeout = (async () => {
        for (;;) {
          if (ended || this.cluster.world.now >= until) return;
          await this.#sleep(this.#random.between(10, 200));
          if (!ended && this.cluster.member(host) !== undefined && host.epoch === epoch) {
            handle!.requestProgress();
          }
        }
      })();
      await this.#answer(host, Promise.race([done, timeout]));
      ended = true;
      if (host.epoch === epoch && host.isUp) handle!.cancel();
      this.#bus.emit({ type: 'watch-ended', watch });
    }
  }

  /** Holds one lease after the other, renews it, and now and then lets it run out. */
  async #leaseHolder(): Promise<void> {
    while (!this.#stopped) {
      const first = await this.#connect();
      const begun = this.cluster.world.now;
      const lease = await this.#attempt(first.host, first.etcd.leaseGrant(leaseTtlSeconds));
      if (lease === undefined) continue;
      this.#promise(lease.id, begun);
      for (let i = this.#random.integer(12); i > 0 && !this.#stopped; i--) {
        await this.#sleep(this.#random.between(100, 1500));
        const { host, etcd } = await this.#connect();
        const from = this.cluster.world.now;
        const ttl = await this.#attempt(host, etcd.leaseKeepAlive(lease.id));
        if (ttl === 0) break;
        if (ttl !== undefined) this.#promise(lease.id, from);
      }
    }
  }

  #promise(id: LeaseId, from: number): void {
    this.reached.renewals++;
    // Clocks differ a little in rate.
    const until = from + leaseTtlSeconds * 1000 - 20;
    const ended = this.#endedLeases.get(id);
    if (ended !== undefined && ended < until) {
      this.#complaints.push(`lease ${id} ended at ${ended} though promised at ${from} until ${until}`);
    }
    this.#promisedUntil.set(id, until);
  }

  #observe(inner: MemberObserver): MemberObserver {
    return {
      opened: (...all) => inner.opened(...all),
      roleChanged: (member, role, ...all) => {
        inner.roleChanged(member, role, ...all);
        if (role === 'leader') this.reached.elections++;
      },
      saved: (...all) => inner.saved(...all),
      installed: (...all) => {
        inner.installed(...all);
        this.reached.installed++;
      },
      applied: (member, entry, store, ...rest) => {
        inner.applied(member, entry, store, ...rest);
        if (entry.type === 'conf-change' || entry.data.length === 0) return;
        const { request } = decodeProposal(entry.data);
        if (request.type !== 'lease-revoke' || this.#endedLeases.has(request.id)) return;
        const { now } = this.cluster.world;
        this.#endedLeases.set(request.id, now);
        this.reached.leasesEnded++;
        const until = this.#promisedUntil.get(request.id) ?? 0;
        if (now < until)
          this.#complaints.push(`lease ${request.id} ended at ${now}, promised until ${until}`);
      },
    };
  }
}
