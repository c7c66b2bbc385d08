import { describe, expect, it } from 'vitest';

import type { Host } from '../../sim/host.ts';
import { World } from '../../sim/world.ts';
import { must } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Event } from '../../src/etcd/client.ts';
import { GrpcEtcdClient, type GrpcEtcdClientOptions } from '../../src/etcd/grpc-client.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';
import { engine } from '../sim/engine.ts';
import { ServedCluster } from './served-cluster.ts';

const keepalive = { intervalMillis: 1000, timeoutMillis: 500 };
const value = encodeUtf8('1');

/** Three members, and one machine that uses them. */
class Scene {
  readonly world = new World({
    seed: 1,
    engine,
    onLog: (line) => {
      const moved = /moving to another etcd endpoint endpoint=(\w+):/.exec(line);
      if (moved !== null) this.moves.push(must(moved[1]));
    },
  });
  readonly cluster = new ServedCluster(this.world);
  readonly user = this.world.addHost('user');
  /** Whereto the client turned. */
  readonly moves: string[] = [];

  static async begin(): Promise<Scene> {
    const scene = new Scene();
    scene.user.boot();
    await scene.until('the cluster serves', () => scene.cluster.whole);
    return scene;
  }

  /** A client that begins with `host`. */
  connect(host: Host, options: Partial<GrpcEtcdClientOptions> = {}): GrpcEtcdClient {
    const { platform } = this.user;
    const first = this.cluster.hosts.indexOf(host);
    const endpoints = [...this.cluster.endpoints.slice(first), ...this.cluster.endpoints.slice(0, first)];
    const random = { ...platform.random, integer: () => 0, float: () => platform.random.float() };
    return new GrpcEtcdClient(
      { ...platform, random },
      { endpoints, keepalive, requestTimeoutMillis: 2500, connectTimeoutMillis: 500, ...options },
    );
  }

  follower(): Host {
    return must(this.cluster.hosts.find((host) => host !== this.cluster.leader));
  }

  /** A watch of everything, and what it tells. */
  watch(etcd: GrpcEtcdClient): { readonly told: string[]; readonly events: Event[] } {
    const log = { told: [] as string[], events: [] as Event[] };
    const watch = (): unknown =>
      etcd.watch(
        { key: '\0', rangeEnd: '\0' },
        {
          created: () => log.told.push('created'),
          events: (events) => {
            log.told.push(...events.map(({ kv }) => kv.key));
            log.events.push(...events);
          },
          progress: () => log.told.push('progress'),
          closed: () => log.told.push('closed'),
        },
      );
    this.world.schedule(0, 'test', () => void watch());
    return log;
  }

  async until(what: string, condition: () => boolean, forMillis = 10_000): Promise<void> {
    const result = await this.world.run({ until: condition, forMillis });
    if (result.failure !== undefined) throw result.failure.error;
    if (result.reason !== 'until') throw new Error(`${what}: not within ${forMillis} ms`);
  }

  async settle<T>(what: string, work: () => Promise<T>, forMillis?: number): Promise<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    this.world.schedule(0, 'test', () => {
      work().then(
        (result) => (outcome = { value: result }),
        (error: unknown) => (outcome = { error }),
      );
    });
    await this.until(what, () => outcome !== undefined, forMillis);
    if ('error' in outcome!) throw outcome.error;
    return (outcome as unknown as { value: T }).value;
  }
}

describe('a gRPC client of a simulated cluster', () => {
  it('leaves a member that is cut off from the others, also with its watches and renewals', async () => {
    const scene = await Scene.begin();
    const cutOff = scene.follower();
    const etcd = scene.connect(cutOff);
    const { id } = await scene.settle('a lease', () => etcd.leaseGrant(60));
    await scene.settle('a renewal', () => etcd.leaseKeepAlive(id));
    const log = scene.watch(etcd);
    await scene.until('the watch stands', () => log.told.length > 0);
    expect(scene.moves).toEqual([]);
    for (const other of scene.cluster.hosts) if (other !== cutOff) scene.world.cut(cutOff, other);
    const elsewhere = scene.connect(must(scene.cluster.hosts.find((host) => host !== cutOff)));
    await scene.settle('a write that the member cannot know', () => elsewhere.put({ key: 'a', value }));
    // Three election timeouts without a leader, and not the next call, are what tells.
    await scene.until('the watch is told elsewhere', () => log.events.length === 1, 3000);
    expect(log.told).toEqual(['created', 'a']);
    expect(scene.moves).toHaveLength(1);
    expect(await scene.settle('a renewal', () => etcd.leaseKeepAlive(id), 3000)).toBe(60);
  });

  it('finds out that a member fell silent by pings, or by the time a call takes', async () => {
    const scene = await Scene.begin();
    const silent = scene.follower();
    const etcd = scene.connect(silent);
    const log = scene.watch(etcd);
    await scene.until('the watch stands', () => log.told.length > 0);
    silent.pause(60_000);
    const elsewhere = scene.connect(must(scene.cluster.hosts.find((host) => host !== silent)));
    await scene.settle('a write', () => elsewhere.put({ key: 'a', value }));
    await scene.until('the watch is told elsewhere', () => log.events.length === 1, 3000);
    const range = await scene.settle('a read', () => etcd.range({ key: 'a' }), 3000);
    expect(range.count).toBe(1);

    const patient = scene.connect(silent, { keepalive: { intervalMillis: 60_000, timeoutMillis: 60_000 } });
    const ttl = scene.settle('a renewal', () => patient.leaseKeepAlive(1n as LeaseId), 6000);
    expect(await ttl).toBe(0);
  });

  it('repeats a write that was not sent, and never one that was', async () => {
    const scene = await Scene.begin();
    const dead = scene.follower();
    const alive = must(scene.cluster.hosts.find((host) => host !== dead));
    const answers = scene.world.path(alive, scene.user);
    dead.kill();
    const refused = scene.connect(dead);
    expect((await scene.settle('a write', () => refused.put({ key: 'a', value }))).header.revision).toBe(2);

    // Packets get there, and none comes back: without a connection nothing is sent.
    answers.cut(scene.world.now);
    const unconnected = scene.connect(alive);
    const moved = await scene.settle('a write', () => unconnected.put({ key: 'a', value }));
    expect(moved.header.revision).toBe(3);
    scene.world.healAll();

    const etcd = scene.connect(alive);
    await scene.settle('a connection', () => etcd.range({ key: 'b' }));
    answers.cut(scene.world.now);
    const lost = scene.settle('a write', () => etcd.put({ key: 'b', value }));
    expect(await lost.catch((error: unknown) => error)).toMatchObject({
      name: 'EtcdError',
      outcomeUnknown: true,
    });
    // A read is another matter: it is answered elsewhere.
    const { kvs } = await scene.settle('a read', () => etcd.range({ key: 'b' }));
    expect(kvs.map(({ version }) => version)).toEqual([1]);
  });

  it('tries a member again after its rest, and does not hurry', async () => {
    const scene = await Scene.begin();
    const etcd = scene.connect(must(scene.cluster.hosts[0]));
    const log = scene.watch(etcd);
    await scene.until('the watch stands', () => log.told.length > 0);
    for (const host of scene.cluster.hosts) scene.world.cut(host, scene.user);
    await scene.world.run({ forMillis: 60_000 });
    // Up to three seconds of rest, and half a second for connecting.
    expect(scene.moves.length).toBeGreaterThan(20);
    expect(scene.moves.length).toBeLessThan(100);
    const before = scene.moves.length;
    scene.world.healAll();
    await scene.settle('a write', () => scene.connect(must(scene.cluster.hosts[0])).put({ key: 'a', value }));
    await scene.until('the watch goes on', () => log.events.length === 1, 4000);
    expect(log.told).toEqual(['created', 'a']);
    expect(scene.moves.length).toBeLessThan(before + 3);
  });

  it('holds every watch that a member on its way down lets go', async () => {
    const scene = await Scene.begin();
    const going = scene.follower();
    const etcd = scene.connect(going);
    const logs = Array.from({ length: 50 }, () => scene.watch(etcd));
    await scene.until('they stand', () => logs.every(({ told }) => told.length > 0));
    scene.cluster.stop(going);
    const writer = scene.connect(must(scene.cluster.hosts.find((host) => host !== going)));
    for (let i = 0; i < 5; i++) await scene.settle('a write', () => writer.put({ key: `${i}`, value }));
    await scene.until('all are told', () => logs.every(({ events }) => events.length === 5), 3000);
    for (const { told } of logs) expect(told).toEqual(['created', '0', '1', '2', '3', '4']);
  });
});
