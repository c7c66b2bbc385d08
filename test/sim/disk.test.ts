import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DiskError } from '../../src/platform/errors.ts';
import { equalBytes } from '../../src/base/bytes.ts';
import type { DiskFile } from '../../src/platform/disk.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { FileInode, sectorBytes } from '../../sim/disk/inode.ts';
import { RandomStream } from '../../sim/random-streams.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

type Step =
  | { readonly do: 'write'; readonly offset: number; readonly length: number }
  | { readonly do: 'truncate'; readonly length: number }
  | { readonly do: 'sync' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      offset: fc.nat(9000),
      length: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), length: fc.nat(9000) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'sync' as const }) },
);

/** The naive model: whole arrays, copied at every step. */
class NaiveFile {
  content: number[] = [];
  synced: number[] = [];

  apply(step: Step, fill: number): void {
    if (step.do === 'sync') {
      this.synced = this.content;
      return;
    }
    const next = [...this.content];
    if (step.do === 'write') {
      while (next.length < step.offset) next.push(0);
      for (let i = 0; i < step.length; i++) next[step.offset + i] = fill;
    } else {
      while (next.length < step.length) next.push(0);
      next.length = step.length;
    }
    this.content = next;
  }
}

describe('FileInode', () => {
  it('reads like a naive file, and falls back to what was synced, sector by sector (P3)', () =>
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.integer(),
        fc.constantFrom(0, 0.5, 1),
        (steps, seed, keptProbability) => {
          const inode = new FileInode();
          const naive = new NaiveFile();
          steps.forEach((step, i) => {
            const fill = 1 + (i % 255);
            if (step.do === 'write') inode.write(step.offset, new Uint8Array(step.length).fill(fill));
            else if (step.do === 'truncate') inode.truncate(step.length);
            else inode.sync();
            naive.apply(step, fill);
            expect(equalBytes(inode.read(0, 20_000), Uint8Array.from(naive.content))).toBe(true);
          });
          inode.losePower(new RandomStream(String(seed)), { keptProbability, tornProbability: 0 });
          const after = inode.read(0, 20_000);
          const { synced } = naive;
          if (keptProbability === 0) expect(after).toEqual(Uint8Array.from(synced));
          if (keptProbability === 1) expect(after).toEqual(Uint8Array.from(naive.content));
          expect([synced.length, naive.content.length]).toContain(after.length);
          for (let start = 0; start < after.length; start += sectorBytes) {
            const sector = [...after.subarray(start, start + sectorBytes)];
            const comesFrom = (state: readonly number[]): boolean =>
              sector.every((byte, i) => byte === (state[start + i] ?? 0));
            expect(comesFrom(synced) || comesFrom(naive.content)).toBe(true);
          }
        },
      ),
      { numRuns: 150 },
    ));

  it('tears only what was being written: what is synced in the same sector stands', () => {
    const inode = new FileInode();
    inode.write(0, new Uint8Array(100).fill(1));
    inode.sync();
    inode.write(100, new Uint8Array(100).fill(2));
    inode.truncate(sectorBytes);
    inode.losePower(new RandomStream('torn'), { keptProbability: 1, tornProbability: 1 });
    expect([...inode.read(0, 100)]).toEqual(Array.from({ length: 100 }, () => 1));
    expect([...inode.read(100, 100)]).not.toEqual(Array.from({ length: 100 }, () => 2));
  });

  it('costs by what is written, not by what is stored', () => {
    const inode = new FileInode();
    const record = new Uint8Array(100);
    let dirtyMax = 0;
    for (let i = 0; i < 20_000; i++) {
      inode.write(i * 100, record);
      if (i % 10 === 0) inode.sync();
      dirtyMax = Math.max(dirtyMax, inode.dirtySectorCount);
    }
    expect(dirtyMax).toBeLessThan(5);
  });
});

/** Runs `main` on a host of its own to the end. */
async function onHost(main: (platform: Platform) => Promise<void>, world = new World({ seed: 1, engine })) {
  const host = world.addHost('a');
  let done = false;
  host.boot(async (platform) => {
    await main(platform);
    done = true;
  });
  const result = await world.run({ until: () => done, forMillis: 1_000_000 });
  if (result.failure !== undefined) throw result.failure.error;
  expect(done).toBe(true);
  return { world, host };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'succeeded',
    (error: DiskError) => error.code,
  );

describe('names', () => {
  it('are pending until their folder is synced, and a rename is atomic', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const world = new World({ seed, engine });
      const { host } = await onHost(async ({ disk }) => {
        for (const [name, length] of [
          ['/current', 1],
          ['/next', 2],
        ] as const) {
          const file = await disk.open(name, 'create');
          await file.write(0, new Uint8Array(length));
          await file.sync();
          if (name === '/current') await disk.syncDirectory('/');
        }
        await disk.rename('/next', '/current');
      }, world);
      host.crash();
      const names = host.disk.fileSystem.list('/');
      outcomes.add(`${names.join()} ${host.disk.fileSystem.file('/current').sizeBytes}`);
    }
    expect([...outcomes].toSorted()).toEqual(['current 1', 'current 2', 'current,next 1']);
  });

  it('of folders above must be durable too', async () => {
    const world = new World({ seed: 1, engine, disk: { keptProbability: 0 } });
    const { host } = await onHost(async ({ disk }) => {
      await disk.makeDirectory('/a/b');
      await disk.syncDirectory('/a');
    }, world);
    host.crash();
    expect(host.disk.fileSystem.exists('/a')).toBe(false);
  });
});

describe('faults', () => {
  it('ENOSPC when files outgrow the disk, until something is removed', async () => {
    await onHost(
      async ({ disk }) => {
        const file = await disk.open('/f', 'create');
        await file.write(0, new Uint8Array(900));
        expect(await codeOf(file.write(900, new Uint8Array(200)))).toBe('ENOSPC');
        expect(await file.size()).toBe(900);
        await file.truncate(100);
        expect(await codeOf(file.write(100, new Uint8Array(200)))).toBe('succeeded');
      },
      new World({ seed: 1, engine, disk: { capacityBytes: 1000 } }),
    );
  });

  it('a failed sync forsakes what it should have written: a later success does not save it', async () => {
    const world = new World({ seed: 1, engine, disk: { keptProbability: 1 } });
    let file: DiskFile | undefined;
    const { host } = await onHost(async ({ disk }) => {
      file = await disk.open('/f', 'create');
      await file.write(0, Uint8Array.of(1));
      await file.sync();
      await disk.syncDirectory('/');
      await file.write(0, Uint8Array.of(2));
      world.host('a').disk.faults.syncErrorProbability = 1;
      expect(await codeOf(file.sync())).toBe('EIO');
      world.host('a').disk.faults.syncErrorProbability = 0;
      await file.sync();
      expect(await file.read(0, 1)).toEqual(Uint8Array.of(2));
      const again = await disk.open('/again', 'create');
      await disk.syncDirectory('/');
      await again.write(0, Uint8Array.of(2));
      world.host('a').disk.faults.syncErrorProbability = 1;
      expect(await codeOf(again.sync())).toBe('EIO');
      world.host('a').disk.faults.syncErrorProbability = 0;
      // Written once more the page is dirty again, also if what is written is what it shows.
      await again.write(0, await again.read(0, 1));
      await again.sync();
    }, world);
    host.crash();
    expect(host.disk.fileSystem.file('/f').read(0, 1)).toEqual(Uint8Array.of(1));
    expect(host.disk.fileSystem.file('/again').read(0, 1)).toEqual(Uint8Array.of(2));
  });

  it('a stalled disk syncs late', async () => {
    const world = new World({ seed: 1, engine });
    await onHost(async ({ disk, clock }) => {
      const file = await disk.open('/f', 'create');
      world.host('a').disk.faults.slowSyncMillis = 5000;
      const start = clock.monotonicMillis();
      await file.sync();
      expect(clock.monotonicMillis() - start).toBeGreaterThan(4900);
    }, world);
  });
});
