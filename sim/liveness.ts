import { assert } from '../src/base/assert.ts';
import { encodeUtf8 } from '../src/base/bytes.ts';
import { EtcdError } from '../src/etcd/errors.ts';
import { connectEtcd } from '../src/etcd/link-client.ts';
import { NetworkError } from '../src/platform/errors.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { Host } from './host.ts';
import type { RandomStream } from './random-streams.ts';
import type { StoreHosts } from './store-hosts.ts';
import type { World } from './world.ts';

const key = '/liveness';
const retryMillis = 100;

/**
 * A random majority of the members heals, with the ways between them and to everyone who is no member. The rest stays as it is
 * for ever: cut off, down, slow or paused (TigerBeetle's liveness mode). Healing everything would hide what only
 * the sick can do to the healthy.
 */
export function healCore(world: World, store: StoreHosts): readonly Host[] {
  const { hosts } = store;
  const random = world.random.stream('liveness');
  // Whose disk was harmed may have to refuse for good: the atlas has seen to it that the others are a majority.
  const rest = hosts.filter((host) => !world.atlas.harmed.has(host));
  // Where members come and go nobody here knows for sure who has a vote: then everyone heals.
  const size = store.changes ? rest.length : Math.floor(hosts.length / 2) + 1;
  const core = drawCore(random, rest, size);
  const well = [...core, ...world.hosts.filter((host) => !hosts.includes(host))];
  for (const host of core) {
    world.mend(host);
    for (const other of well) if (other !== host) world.heal(host, other);
    if (!host.isUp) host.restart();
  }
  return core;
}

/** `size` of `hosts`, in the order in which they are drawn. */
export function drawCore<T>(random: RandomStream, hosts: readonly T[], size: number): readonly T[] {
  const rest = [...hosts];
  const core: T[] = [];
  while (core.length < size) core.push(...rest.splice(random.integer(rest.length), 1));
  return core;
}

const lookAfterMillis = 500;

/** Boots who is down, now and then: what was asked of a disk before it was mended may still fail, and end its member. */
export function lookAfter(world: World, hosts: () => readonly Host[]): void {
  world.schedule(lookAfterMillis, 'look after', () => {
    for (const host of hosts()) if (!host.isUp) host.restart();
    lookAfter(world, hosts);
  });
}

/** Heals everyone, and boots who is down. */
export function healEveryone(world: World, { hosts }: StoreHosts): void {
  world.healAll();
  for (const host of hosts) {
    world.mend(host);
    if (!host.isUp) host.restart();
  }
}

/**
 * Writes through the members of the core until one answers, and waits until each that the leader can reach has applied as much.
 * A write that is refused for want of a user was applied as well: it is the log that knows whether users are asked for.
 *
 * @returns what the core fails to do, or undefined when it has made progress within the bound
 */
export async function awaitProgress(
  platform: Platform,
  store: StoreHosts,
  core: readonly Host[],
  withinMillis: number,
): Promise<string | undefined> {
  const { clock } = platform;
  const startedAt = clock.monotonicMillis();
  const overdue = (): boolean => clock.monotonicMillis() - startedAt > withinMillis;
  const names = core.map(({ name }) => name).join(', ');
  let applied: number | undefined;
  while (applied === undefined) {
    if (overdue())
      return `${names} are healthy and connected, but acknowledge no write in ${withinMillis} ms`;
    for (const host of core) {
      if (await writes(platform, store, host)) applied = store.member(host)?.applied;
      if (applied !== undefined) break;
    }
    if (applied === undefined) await clock.sleep(retryMillis);
  }
  for (const host of core) {
    // One that finds itself removed has no part in it any more.
    const caughtUp = (): boolean =>
      !store.hosts.includes(host) || (store.member(host)?.applied ?? 0) >= applied;
    // A leader outside of the core may be cut off from one inside: nobody can bring that one up to date, and nobody must.
    while (core.includes(store.leader() ?? host) && !caughtUp()) {
      if (overdue())
        return `${host.name} is healthy, but does not reach index ${applied} in ${withinMillis} ms`;
      await clock.sleep(retryMillis);
    }
  }
  return undefined;
}

/** Whether the member answers a write. */
async function writes(platform: Platform, store: StoreHosts, host: Host): Promise<boolean> {
  let etcd: Awaited<ReturnType<typeof connectEtcd>> | undefined;
  try {
    etcd = await connectEtcd(platform.network.links, store.etcdAddress(host));
    await etcd.put({ key, value: encodeUtf8('progress') });
    return true;
  } catch (error) {
    assert(
      error instanceof EtcdError || error instanceof NetworkError,
      () => `a write failed oddly: ${String(error)}`,
    );
    return error instanceof EtcdError && error.code === 'invalid-argument';
  } finally {
    etcd?.close();
  }
}
