import { describe, expect, it } from 'vitest';

import type { DiskFile } from '../../src/platform/disk.ts';
import type { DiskError } from '../../src/platform/errors.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { FileInode, sectorBytes } from '../../sim/disk/inode.ts';
import type { Host } from '../../sim/host.ts';
import { RandomStream } from '../../sim/random-streams.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

/** Runs `main` on a host to the end. */
async function on(host: Host, world: World, main: (platform: Platform) => Promise<void>): Promise<void> {
  let done = false;
  host.boot(async (platform) => {
    await main(platform);
    done = true;
  });
  const result = await world.run({ until: () => done, forMillis: 1_000_000 });
  if (result.failure !== undefined) throw result.failure.error;
  expect(done).toBe(true);
}

function worldOf(seed = 1) {
  const world = new World({ seed, engine });
  return { world, host: world.addHost('a'), hits: world.hits };
}

/** A file that is durable, name and all. */
async function durable({ disk }: Platform, path: string, contents: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, 'create');
  await file.write(0, contents);
  await file.sync();
  await disk.syncDirectory('/');
  return file;
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'succeeded',
    (error: DiskError) => error.code,
  );

const bytesOf = (host: Host, path: string): number[] => {
  const file = host.disk.fileSystem.file(path);
  return [...file.read(0, file.sizeBytes)];
};

describe('errors', () => {
  it('come once, and what comes after them succeeds, without what a failed sync has forsaken', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', Uint8Array.of(1));
      const { faults } = host.disk;
      faults.failReads = 1;
      expect([await codeOf(file.read(0, 1)), await codeOf(file.read(0, 1))]).toEqual(['EIO', 'succeeded']);
      faults.failWrites = 1;
      expect(await codeOf(file.write(0, Uint8Array.of(2)))).toBe('EIO');
      expect(await codeOf(file.write(0, Uint8Array.of(3)))).toBe('succeeded');
      faults.failSyncs = 1;
      expect([await codeOf(file.sync()), await codeOf(file.sync())]).toEqual(['EIO', 'succeeded']);
    });
    host.crash();
    expect(bytesOf(host, '/f')).toEqual([1]);
    expect(
      ['read-error', 'write-error', 'sync-error'].map((kind) => hits.count(kind as 'read-error')),
    ).toEqual([1, 1, 1]);
  });

  it('come by chance, until the disk is mended', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', Uint8Array.of(1));
      host.disk.faults.readErrorProbability = 0.5;
      for (let i = 0; i < 100; i++) await codeOf(file.read(0, 1));
      world.mend(host);
      for (let i = 0; i < 100; i++) await file.read(0, 1);
    });
    expect(hits.count('read-error')).toBeGreaterThan(30);
    expect(hits.count('read-error')).toBeLessThan(70);
  });
});

describe('time', () => {
  it('is added to reads, writes and syncs, or stands still for all', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', Uint8Array.of(1));
      const millisOf = async (work: () => Promise<unknown>): Promise<number> => {
        const start = world.now;
        await work();
        return Math.floor((world.now - start) / 100) * 100;
      };
      const { faults } = host.disk;
      faults.slowReadMillis = 300;
      faults.slowWriteMillis = 500;
      faults.slowSyncMillis = 700;
      expect(await millisOf(() => file.read(0, 1))).toBe(300);
      expect(await millisOf(() => file.write(0, Uint8Array.of(1)))).toBe(500);
      expect(await millisOf(() => file.sync())).toBe(700);
      world.mend(host);
      faults.stalledUntilMillis = world.now + 950;
      const start = world.now;
      await Promise.all([file.size(), file.sync(), file.read(0, 1)]);
      expect(world.now - start).toBeCloseTo(950, 5);
      expect(await millisOf(() => file.sync())).toBe(0);
    });
    expect([hits.count('disk-slow'), hits.count('sync-slow'), hits.count('disk-stalled')]).toEqual([2, 1, 3]);
  });
});

describe('rot', () => {
  it('at rest turns one bit for good, in a file of the path that was named', async () => {
    const { world, host, hits } = worldOf();
    const zeros = new Uint8Array(2000).fill(7);
    await on(host, world, async (platform) => {
      await durable(platform, '/one', zeros);
      await durable(platform, '/two', zeros);
    });
    expect(host.disk.rot('three', false)).toBeUndefined();
    const rotten = host.disk.rot('two', false)!;
    expect(rotten.path).toBe('/two');
    const changed = bytesOf(host, '/two').flatMap((byte, at) => (byte === 7 ? [] : [at]));
    expect(changed).toEqual([rotten.offset]);
    expect(bytesOf(host, '/one')).toEqual([...zeros]);
    host.crash();
    expect(bytesOf(host, '/two')[rotten.offset]).not.toBe(7);
    expect(hits.count('rot')).toBe(1);
  });

  it('spares what was written last, which nobody could tell from a torn write', async () => {
    const { world, host } = worldOf();
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', new Uint8Array(100).fill(1));
      // A log: contents, and zeros ahead.
      await file.write(100, new Uint8Array(100).fill(2));
      await file.write(200, new Uint8Array(5000));
      await file.sync();
      await durable(platform, '/whole', new Uint8Array(100).fill(3));
    });
    for (let i = 0; i < 200; i++) expect(host.disk.rot('', true)).toMatchObject({ path: '/f' });
    expect(bytesOf(host, '/f').slice(100, 200)).toEqual(Array.from({ length: 100 }, () => 2));
    expect(bytesOf(host, '/whole')).toEqual(Array.from({ length: 100 }, () => 3));
  });

  it('on read is gone at the next one', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', new Uint8Array(100));
      host.disk.faults.readRotProbability = 1;
      expect((await file.read(0, 100)).filter((byte) => byte !== 0)).toHaveLength(1);
      world.mend(host);
      expect(await file.read(0, 100)).toEqual(new Uint8Array(100));
    });
    expect(hits.count('read-rot')).toBe(1);
  });
});

describe('a misdirected write', () => {
  const sector = (fill: number): Uint8Array => new Uint8Array(sectorBytes).fill(fill);

  it('leaves old contents in one place and damages another, which shows once the page cache is gone', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      await durable(platform, '/victim', sector(9));
      const file = await durable(platform, '/f', sector(1));
      host.disk.faults.misdirectProbability = 1;
      host.disk.faults.misdirectsTails = true;
      await file.write(0, sector(2));
      await file.sync();
      world.mend(host);
      expect(await file.read(0, sectorBytes)).toEqual(sector(2));
    });
    host.crash();
    expect(hits.count('write-misdirected')).toBe(1);
    const contents = [bytesOf(host, '/f')[0], bytesOf(host, '/victim')[0]];
    // In the place of the victim, or of itself: then nothing is wrong but what luck has put right.
    expect([
      [1, 2],
      [2, 9],
    ]).toContainEqual(contents);
  });

  it('heals where it is written again, and spares tails when it must', () => {
    const twice = new FileInode();
    twice.write(0, sector(1));
    twice.sync();
    twice.write(0, sector(2));
    twice.misplace(0, false);
    twice.sync();
    twice.write(0, sector(3));
    twice.sync();
    const faults = { keptProbability: 0, tornProbability: 0 };
    twice.losePower(new RandomStream('x'), faults);
    expect(twice.read(0, 1)).toEqual(Uint8Array.of(3));

    for (const [tail, found] of [
      [sectorBytes, 1],
      [0, 2],
    ] as const) {
      const log = new FileInode();
      log.write(0, sector(1));
      log.sync();
      log.write(0, sector(2));
      log.misplace(0, true);
      log.sync();
      if (tail > 0) {
        log.write(tail, sector(5));
        log.sync();
      }
      log.losePower(new RandomStream('x'), faults);
      expect(log.read(0, 1)).toEqual(Uint8Array.of(found));
    }
  });
});

describe('whole disks', () => {
  const contentsOf = (host: Host): string[] => [...host.disk.fileSystem.files()].map(({ path }) => path);

  it('are wiped', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => void (await durable(platform, '/f', Uint8Array.of(1))));
    host.crash();
    host.disk.wipe();
    expect([contentsOf(host), host.disk.usedBytes, hits.count('disk-wiped')]).toEqual([[], 0, 1]);
  });

  it('change places', async () => {
    const { world, host, hits } = worldOf();
    const other = world.addHost('b');
    await on(host, world, async (platform) => void (await durable(platform, '/of-a', Uint8Array.of(1, 2))));
    await on(other, world, async (platform) => void (await durable(platform, '/of-b', Uint8Array.of(1))));
    host.crash();
    other.crash();
    host.disk.swap(other.disk);
    expect([contentsOf(host), contentsOf(other)]).toEqual([['/of-b'], ['/of-a']]);
    expect([host.disk.usedBytes, other.disk.usedBytes, hits.count('disk-swapped')]).toEqual([1, 2, 1]);
  });

  it('go back to a copy, of what was durable then and nothing else', async () => {
    const { world, host, hits } = worldOf();
    await on(host, world, async (platform) => {
      const { disk } = platform;
      const file = await durable(platform, '/kept', Uint8Array.of(1, 1, 1));
      await durable(platform, '/removed', Uint8Array.of(1));
      await file.write(1, Uint8Array.of(2, 2, 2));
      await disk.remove('/removed');
      await disk.open('/pending', 'create');
      await disk.makeDirectory('/folder/below');
      host.disk.copy();
      await file.sync();
      await disk.syncDirectory('/');
      await durable(platform, '/later', Uint8Array.of(1));
    });
    for (let i = 0; i < 2; i++) {
      host.crash();
      host.disk.restore();
      expect(contentsOf(host).toSorted()).toEqual(['/kept', '/removed']);
      expect(bytesOf(host, '/kept')).toEqual([1, 1, 1]);
      // What it goes back to again is not what a life made of it.
      await on(host, world, async ({ disk }) => {
        const file = await disk.open('/kept', 'update');
        await file.write(0, Uint8Array.of(7));
        await file.sync();
      });
    }
    expect(hits.count('disk-restored')).toBe(2);
  });

  it('count what a power loss took', async () => {
    const { world, host, hits } = worldOf(3);
    await on(host, world, async (platform) => {
      const file = await durable(platform, '/f', new Uint8Array(100 * sectorBytes));
      await file.write(0, new Uint8Array(100 * sectorBytes).fill(1));
      await platform.disk.open('/new', 'create');
    });
    host.crash();
    expect(hits.count('write-lost')).toBeGreaterThan(25);
    expect(hits.count('write-torn')).toBeGreaterThan(0);
    expect(hits.count('crash')).toBe(1);
  });
});

describe('the atlas', () => {
  function cluster(size: number) {
    const world = new World({ seed: 1, engine });
    const hosts = Array.from({ length: size }, (_, i) => world.addHost(`server-${i + 1}`));
    world.atlas.protect(hosts);
    return { world, hosts, atlas: world.atlas };
  }

  it('lets the disks of a minority be damaged, always the same ones', () => {
    for (const [size, most] of [
      [1, 0],
      [3, 1],
      [4, 1],
      [5, 2],
    ] as const) {
      const { world, hosts, atlas } = cluster(size);
      const asked = [...hosts, ...hosts].map((host) => atlas.mayDamage(host));
      expect(asked).toEqual([...hosts, ...hosts].map((_, i) => i % size < most));
      expect(atlas.harmed.size).toBe(most);
      expect(world.hits.count('spared')).toBe(2 * (size - most));
    }
  });

  it('lets no replica forget, and all when it is told to', () => {
    const { world, hosts, atlas } = cluster(5);
    const agent = world.addHost('agent');
    expect([atlas.mayForget(hosts[0]!), atlas.mayForget(agent)]).toEqual([false, true]);
    atlas.allowAll();
    expect(hosts.map((host) => atlas.mayForget(host))).toEqual(hosts.map(() => true));
    expect(atlas.isUnlimited).toBe(true);
  });
});

it('a host that was harmed beyond the promise may die of it, loudly, and the run goes on', async () => {
  const { world, host, hits } = worldOf();
  const other = world.addHost('b');
  const bug = async (): Promise<never> => Promise.reject(new Error('cannot be'));
  world.atlas.allowAll();
  world.atlas.mayForget(host);
  host.boot(bug);
  expect((await world.run({ forMillis: 10 })).failure).toBeUndefined();
  expect([host.isUp, hits.count('died-of-harm')]).toEqual([false, 1]);
  expect(world.logs.lines.map(({ message }) => message)).toEqual(['dies of harm']);
  other.boot(bug);
  expect((await world.run({ forMillis: 10 })).failure).toMatchObject({ host: 'b' });
});
