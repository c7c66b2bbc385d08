import { must, unreachable } from '../../src/base/assert.ts';
import { checkers } from '../../sim/checkers/registry.ts';
import type { Host } from '../../sim/host.ts';
import type { KvOperation, KvOutcome } from '../../sim/kv-history.ts';
import { observeMembers } from '../../sim/member-observations.ts';
import { ObservationBus } from '../../sim/observations.ts';
import type { RandomStream } from '../../sim/random-streams.ts';
import { performKvOperation } from '../../sim/workloads/kv-operation.ts';
import { World } from '../../sim/world.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { prefixEnd, type Watch } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import type { MemberObserver } from '../../src/etcd/observer.ts';
import { decodeProposal } from '../../src/etcd/proposal-codec.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { engine } from '../sim/engine.ts';
import { enableAuth, ServedCluster } from './served-cluster.ts';

const prefix = 'k/';
const all = { key: prefix, rangeEnd: prefixEnd(prefix) };
const keys = 4;
const leaseTtlSeconds = 3;
const credentials = { username: 'root', password: 'secret' };
const judges = ['no-lost-ack', 'linearizable', 'watch-gap-free'] as const;

const faultKinds = [
  'power',
  'power of all',
  'kill',
  'stop',
  'pause',
  'partition',
  'cut between members',
  'cut off client',
  'cut off client one way',
  'heal',
] as const;
type FaultKind = (typeof faultKinds)[number];

/** Three members behind gRPC, two machines with a client each, and a nemesis that leaves nobody alone: one seed, one history. */
export class ClientFaultRun {
  readonly #world: World;
  readonly #cluster: ServedCluster;
  readonly #servers: readonly Host[];
  readonly #clients: readonly Host[];
  readonly #bus: ObservationBus;
  readonly #random: RandomStream;
  readonly #faults: RandomStream;
  readonly #withAuth: boolean;
  readonly #promisedUntil = new Map<LeaseId, number>();
  readonly #endedLeases = new Map<LeaseId, number>();
  readonly #complaints: string[] = [];
  readonly story: string[] = [];
  #phase: 'begun' | 'faults' | 'over' = 'begun';
  #running = 0;
  /** How often the run came to what it is about: one that never gets there proves nothing. */
  readonly reached = {
    acknowledged: 0,
    unknown: 0,
    movedOn: 0,
    streams: 0,
    watchEvents: 0,
    pauses: 0,
    compacted: 0,
    progress: 0,
    renewals: 0,
    leasesEnded: 0,
  };

  constructor(seed: number | string) {
    this.#world = new World({
      seed,
      engine,
      onLog: (line) => {
        if (line.includes('moving to another etcd endpoint')) this.reached.movedOn++;
        if (line.includes(' error ')) this.story.push(line);
      },
    });
    const world = this.#world;
    this.#random = world.random.stream('clients');
    this.#faults = world.random.stream('nemesis');
    this.#withAuth = this.#faults.chance(0.3);
    this.#bus = new ObservationBus(
      () => world.now,
      judges.map((name) => checkers[name]()),
    );
    const observer = this.#observe(observeMembers(this.#bus));
    const snapshotEntries = 5 + this.#faults.integer(50);
    this.#cluster = new ServedCluster(world, {
      observer,
      snapshotEntries,
      catchUpEntries: 5,
      segmentBytes: 4000,
    });
    this.#servers = this.#cluster.hosts;
    this.#clients = ['x', 'y'].map((name) => world.addHost(name));
  }

  /** Faults for so long, then none, and the verdict. @throws when a promise was broken */
  async play(forMillis: number): Promise<void> {
    const world = this.#world;
    await this.#until('a first leader', () => this.#cluster.whole, 10_000);
    for (const host of this.#clients) host.boot((platform) => this.#client(host, platform));
    await this.#until('clients have begun', () => this.#phase === 'faults', 10_000);
    const kinds = faultKinds.filter(() => this.#faults.chance(0.7));
    const pauseMillisMax = this.#faults.pick([300, 1000, 3000]);
    const end = world.now + forMillis;
    while (world.now < end) {
      this.#strike(this.#faults.pick(kinds.length === 0 ? faultKinds : kinds));
      for (const host of this.#servers) if (!host.isUp && this.#faults.chance(0.5)) host.restart();
      if (this.#faults.chance(0.2)) this.#healAll();
      await this.#pass(this.#faults.between(50, pauseMillisMax));
    }
    this.#healAll();
    await this.#until('everyone is up again', () => this.#cluster.whole, 15_000);
    this.#phase = 'over';
    await this.#until('all clients end', () => this.#running === 0, 30_000);
    const found = [
      ...this.#complaints,
      ...this.#bus.finish().map((each) => `${each.checker}: ${each.message}`),
    ];
    if (found.length > 0) throw new Error(found.join('\n'));
  }

  async #until(what: string, condition: () => boolean, millisMax: number): Promise<void> {
    const result = await this.#world.run({ until: condition, forMillis: millisMax });
    if (result.failure !== undefined) throw result.failure.error;
    this.#checkNow();
    if (result.reason !== 'until') throw new Error(`${what}: not within ${millisMax} ms (${result.reason})`);
  }

  async #pass(forMillis: number): Promise<void> {
    const result = await this.#world.run({ forMillis });
    if (result.failure !== undefined) throw result.failure.error;
    this.#checkNow();
  }

  #checkNow(): void {
    const [violation] = this.#bus.violations;
    if (violation !== undefined) throw new Error(`${violation.checker}: ${violation.message}`);
    if (this.#complaints.length > 0) throw new Error(this.#complaints.join('\n'));
  }

  // ── The nemesis ─────────────────────────────────────────────────────────────────────────────────

  #strike(kind: FaultKind): void {
    const world = this.#world;
    const random = this.#faults;
    const host = random.pick(this.#servers);
    const other = random.pick(this.#servers.filter((each) => each !== host));
    const client = random.pick(this.#clients);
    this.story.push(`${world.now.toFixed(0)} ${kind} ${host.name} ${other.name} ${client.name}`);
    switch (kind) {
      case 'power':
        return host.crash();
      case 'power of all':
        for (const each of this.#servers) each.crash();
        return;
      case 'kill':
        return host.kill();
      case 'stop': {
        const { epoch } = host;
        this.#cluster.stop(host);
        world.schedule(random.between(300, 1200), 'stopped', () => {
          if (host.epoch === epoch) host.restart();
        });
        return;
      }
      case 'pause':
        if (host.isUp) host.pause(random.between(300, 4000));
        return;
      case 'partition':
        // From the others, not from the clients.
        for (const each of this.#servers) if (each !== host) world.cut(host, each);
        return;
      case 'cut between members':
        return world.cut(host, other);
      case 'cut off client':
        return world.cut(client, host);
      case 'cut off client one way':
        return random.chance(0.5)
          ? world.path(client, host).cut(world.now)
          : world.path(host, client).cut(world.now);
      case 'heal':
        return world.healAll();
      default:
        unreachable(kind);
    }
  }

  #healAll(): void {
    this.story.push(`${this.#world.now.toFixed(0)} all healed`);
    this.#world.healAll();
    for (const host of this.#servers) if (!host.isUp) host.restart();
  }

  // ── Clients ─────────────────────────────────────────────────────────────────────────────────────

  /** What runs on a client's machine. */
  async #client(host: Host, platform: Platform): Promise<void> {
    const first = host === this.#clients[0];
    if (this.#withAuth && first) await enableAuth(platform, must(this.#cluster.endpoints[0]), credentials);
    if (first) this.#phase = 'faults';
    while (this.#phase === 'begun') await platform.clock.sleep(20);
    const etcd = new GrpcEtcdClient(platform, {
      endpoints: this.#cluster.endpoints,
      requestTimeoutMillis: 2500,
      connectTimeoutMillis: 500,
      keepalive: { intervalMillis: 1000, timeoutMillis: 500 },
      ...(this.#withAuth && { credentials }),
    });
    await Promise.all([
      this.#caller(`${host.name}1`, etcd, platform),
      this.#caller(`${host.name}2`, etcd, platform),
      this.#longWatch(`${host.name}-long`, etcd, platform),
      this.#shortWatches(`${host.name}-short`, etcd, platform),
      this.#leaseHolder(etcd, platform),
    ]);
    etcd.close();
  }

  async #caller(name: string, etcd: GrpcEtcdClient, { clock }: Platform): Promise<void> {
    this.#running++;
    const random = this.#random;
    const seen = new Map<string, string | undefined>();
    let newest = 0;
    let life = 0;
    let values = 0;
    while (this.#phase !== 'over') {
      await clock.sleep(random.between(1, 60));
      const key = `${prefix}${random.integer(keys)}`;
      const value = `${name}-${++values}`;
      const draw = random.integer(20);
      if (draw === 0) {
        await attempt(etcd.compact(Math.max(1, newest - random.integer(30))));
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
      const outcome = await outcomeOf(performKvOperation(etcd, operation));
      this.#bus.emit({ type: 'client-return', client, outcome });
      if (outcome.type === 'got') seen.set(key, outcome.value);
      if ('revision' in outcome) newest = outcome.revision;
      if (outcome.type === 'unknown') {
        life++;
        this.reached.unknown++;
      } else this.reached.acknowledged++;
    }
    this.#running--;
  }

  /** One watch for the whole run, which finds its way; at the end it must have told of everything. */
  async #longWatch(name: string, etcd: GrpcEtcdClient, { clock }: Platform): Promise<void> {
    this.#running++;
    let watch = this.#watch(name, etcd, undefined);
    let life = 0;
    const goOn = (): void => {
      const end = watch.closed;
      if (end === undefined) return;
      if (end.compactRevision === undefined) {
        this.#complaints.push(`${name} was closed: ${end.reason}`);
        return;
      }
      watch = this.#watch(`${name}.${++life}`, etcd, end.compactRevision);
    };
    while (this.#phase !== 'over') {
      await clock.sleep(50);
      goOn();
    }
    const last = await lastWrite(etcd, clock);
    const until = clock.monotonicMillis() + 10_000;
    let asked: RunWatch | undefined;
    while (watch.revision < last) {
      goOn();
      // Once: it is an answer that is promised, not that an answer may come.
      if (asked !== watch) watch.handle.requestProgress();
      asked = watch;
      if (clock.monotonicMillis() > until) {
        this.#complaints.push(
          `${name} has not told of revision ${last} within 10 s, but of ${watch.revision}`,
        );
        break;
      }
      await clock.sleep(50);
    }
    watch.cancel();
    this.#running--;
  }

  /** Watches that come and go, start in the past, pause and ask for progress. */
  async #shortWatches(name: string, etcd: GrpcEtcdClient, { clock }: Platform): Promise<void> {
    this.#running++;
    const random = this.#random;
    let last = 0;
    for (let life = 0; this.#phase !== 'over'; life++) {
      const start = last === 0 || random.chance(0.3) ? undefined : Math.max(1, last - random.integer(20));
      const watch = this.#watch(`${name}.${life}`, etcd, start);
      for (let i = random.integer(8); i > 0 && watch.closed === undefined; i--) {
        await clock.sleep(random.between(0, 400));
        const draw = random.integer(4);
        if (draw === 0) {
          this.reached.pauses++;
          const stood = watch.created;
          watch.handle.pause();
          const before = watch.revision;
          await clock.sleep(random.between(0, 500));
          if (stood && watch.revision !== before) this.#complaints.push(`${name} speaks while paused`);
          watch.handle.resume();
        } else if (draw === 1) watch.handle.requestProgress();
      }
      last = Math.max(last, watch.revision);
      watch.cancel();
    }
    this.#running--;
  }

  #watch(name: string, etcd: GrpcEtcdClient, start: number | undefined): RunWatch {
    const state: RunWatch = {
      revision: 0,
      created: false,
      closed: undefined,
      handle: undefined as unknown as Watch,
      cancel: () => {
        state.handle.cancel();
        if (state.closed === undefined && state.created) this.#bus.emit({ type: 'watch-ended', watch: name });
      },
    };
    const request = start === undefined ? all : { ...all, startRevision: start };
    this.reached.streams++;
    state.handle = etcd.watch(
      { ...request, progressNotify: this.#random.chance(0.5) },
      {
        created: (revision) => {
          if (state.created) this.#complaints.push(`${name} is created twice`);
          state.created = true;
          state.revision = start === undefined ? revision : start - 1;
          this.#bus.emit({ type: 'watch-started', watch: name, range: all, afterRevision: state.revision });
        },
        events: (events, revision) => {
          if (!state.created) this.#complaints.push(`${name} speaks before it is created`);
          this.reached.watchEvents += events.length;
          this.#bus.emit({ type: 'watch-events', watch: name, events, revision });
          state.revision = revision;
        },
        progress: (revision) => {
          if (!state.created) this.#complaints.push(`${name} speaks before it is created`);
          if (revision < state.revision) {
            this.#complaints.push(`${name} went back from ${state.revision} to ${revision}`);
          }
          this.reached.progress++;
          this.#bus.emit({ type: 'watch-progress', watch: name, revision });
          state.revision = revision;
        },
        closed: (end) => {
          state.closed = end;
          if (end.compactRevision !== undefined) this.reached.compacted++;
          if (state.created) this.#bus.emit({ type: 'watch-ended', watch: name });
        },
      },
    );
    return state;
  }

  async #leaseHolder(etcd: GrpcEtcdClient, { clock }: Platform): Promise<void> {
    this.#running++;
    while (this.#phase !== 'over') {
      await clock.sleep(20);
      const begun = this.#world.now;
      const lease = await attempt(etcd.leaseGrant(leaseTtlSeconds));
      if (lease === undefined) continue;
      this.#promise(lease.id, begun);
      for (let i = this.#random.integer(8); i > 0 && this.#phase === 'faults'; i--) {
        await clock.sleep(this.#random.between(100, 1500));
        const from = this.#world.now;
        const ttl = await attempt(etcd.leaseKeepAlive(lease.id));
        if (ttl === 0) break;
        if (ttl !== undefined) this.#promise(lease.id, from);
      }
    }
    this.#running--;
  }

  #promise(id: LeaseId, from: number): void {
    this.reached.renewals++;
    const until = from + leaseTtlSeconds * 1000 - 20;
    const ended = this.#endedLeases.get(id);
    if (ended !== undefined && ended < until) {
      this.#complaints.push(`lease ${id} ended at ${ended} though promised at ${from} until ${until}`);
    }
    this.#promisedUntil.set(id, until);
  }

  #observe(inner: MemberObserver): MemberObserver {
    return {
      ...inner,
      applied: (member, entry, store, ...rest) => {
        inner.applied(member, entry, store, ...rest);
        if (entry.type === 'conf-change' || entry.data.length === 0) return;
        const { request } = decodeProposal(entry.data);
        if (request.type !== 'lease-revoke' || this.#endedLeases.has(request.id)) return;
        const { now } = this.#world;
        this.#endedLeases.set(request.id, now);
        this.reached.leasesEnded++;
        const until = this.#promisedUntil.get(request.id) ?? 0;
        if (now < until)
          this.#complaints.push(`lease ${request.id} ended at ${now}, promised until ${until}`);
      },
    };
  }
}

interface RunWatch {
  handle: Watch;
  /** Told of up to here. */
  revision: number;
  created: boolean;
  closed: { readonly compactRevision?: number; readonly reason: string } | undefined;
  cancel(): void;
}

async function outcomeOf(call: Promise<KvOutcome>): Promise<KvOutcome> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return { type: error.outcomeUnknown ? 'unknown' : 'refused' };
  }
}

/** undefined: it failed, or nobody knows. */
async function attempt<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return undefined;
  }
}

/** Writes until it is acknowledged; its revision. */
async function lastWrite(etcd: GrpcEtcdClient, clock: Platform['clock']): Promise<number> {
  for (;;) {
    const done = await attempt(etcd.put({ key: 'last', value: encodeUtf8('x') }));
    if (done !== undefined) return done.header.revision;
    await clock.sleep(50);
  }
}
