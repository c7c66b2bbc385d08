import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { loadNewestSnapshot, removeOldSnapshots, saveSnapshot } from '../../src/wal/snapshot-files.ts';
import { MemoryDisk } from './memory-disk.ts';

const directory = 'member/snap';

const snapshot = (index: number, term = 2) => ({ term, index, data: encodeUtf8(`state at ${index}`) });

describe('snapshot files', () => {
  it('give back the newest', async () => {
    const disk = new MemoryDisk();
    expect(await loadNewestSnapshot(disk, directory)).toEqual({ broken: [] });
    for (const index of [9, 4000, 70]) await saveSnapshot(disk, directory, snapshot(index));
    expect(await loadNewestSnapshot(disk, directory)).toEqual({ snapshot: snapshot(4000), broken: [] });
  });

  it('give back the newest that the caller wants, and not one under a wrong name', async () => {
    const disk = new MemoryDisk();
    for (const index of [1, 2, 3]) await saveSnapshot(disk, directory, snapshot(index));
    const loaded = await loadNewestSnapshot(disk, directory, (index, term) => index < 3 && term === 2);
    expect(loaded).toEqual({ snapshot: snapshot(2), broken: [] });
    const names = await disk.list(directory);
    await disk.rename(`${directory}/${names[0]}`, `${directory}/${names[2]}`);
    expect(await loadNewestSnapshot(disk, directory)).toMatchObject({
      snapshot: snapshot(2),
      broken: [{ path: `${directory}/${names[2]}` }],
    });
  });

  it('hold empty data, and terms and indexes beyond 32 bits', async () => {
    const disk = new MemoryDisk();
    const large = { term: 2 ** 40 + 3, index: 2 ** 53 - 1, data: new Uint8Array(0) };
    await saveSnapshot(disk, directory, large);
    expect(await loadNewestSnapshot(disk, directory)).toEqual({ snapshot: large, broken: [] });
  });

  it('are passed over when any bit is wrong, and it is told which', async () => {
    const disk = new MemoryDisk();
    await saveSnapshot(disk, directory, snapshot(1));
    await saveSnapshot(disk, directory, snapshot(2));
    const path = `${directory}/${(await disk.list(directory))[1]}`;
    const bytes = disk.peek(path).slice();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      disk.poke(path, flipped);
      const loaded = await loadNewestSnapshot(disk, directory);
      expect(loaded.snapshot).toEqual(snapshot(1));
      expect(loaded.broken).toMatchObject([{ path }]);
    }
    for (const length of [0, 5, 31, 32, bytes.length - 1]) {
      disk.poke(path, bytes.subarray(0, length));
      expect((await loadNewestSnapshot(disk, directory)).snapshot).toEqual(snapshot(1));
    }
  });

  it('are there whole or not at all after a crash during the save', async () => {
    for (let crashAfter = 0; crashAfter < 12; crashAfter++) {
      for (let draws = 0; draws < 4; draws++) {
        const disk = new MemoryDisk();
        await saveSnapshot(disk, directory, snapshot(1));
        disk.failAfter(crashAfter);
        const saved = await saveSnapshot(disk, directory, snapshot(2)).then(
          () => true,
          () => false,
        );
        const next = disk.crash((bound) => draws % bound);
        const loaded = await loadNewestSnapshot(next, directory);
        expect(loaded.broken).toEqual([]);
        if (saved) expect(loaded.snapshot).toEqual(snapshot(2));
        else expect([1, 2]).toContain(loaded.snapshot!.index);
        // The next attempt is not disturbed by what the first one left.
        await saveSnapshot(next, directory, snapshot(2));
      }
    }
  });

  it('are removed but for the newest, with unfinished ones', async () => {
    const disk = new MemoryDisk();
    await removeOldSnapshots(disk, directory, 2, 9);
    for (const index of [1, 2, 3, 4]) await saveSnapshot(disk, directory, snapshot(index));
    await (await disk.open(`${directory}/x.snap.tmp`, 'create')).close();
    await removeOldSnapshots(disk, directory, 2, 9);
    expect(await disk.list(directory)).toHaveLength(2);
    expect((await loadNewestSnapshot(disk, directory)).snapshot).toEqual(snapshot(4));
  });

  it('are not displaced by newer ones that never came to count', async () => {
    const disk = new MemoryDisk();
    for (const index of [5, 50, 60, 70]) await saveSnapshot(disk, directory, snapshot(index));
    await removeOldSnapshots(disk, directory, 2, 5);
    expect((await loadNewestSnapshot(disk, directory)).snapshot).toEqual(snapshot(5));
  });
});
