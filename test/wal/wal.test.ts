import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { Wal, WalError } from '../../src/wal/wal.ts';
import type { WalRecord } from '../../src/wal/wal.ts';
import { MemoryDisk } from './memory-disk.ts';

const directory = 'member/wal';
const metadata = encodeUtf8('cluster 1, member a');
/** Small enough that a test cuts segments. */
const small = { segmentBytes: 400, preallocateBytes: 64 };

function entry(index: number, text = `entry ${index}`): WalRecord {
  return { type: 1, index, payload: encodeUtf8(text) };
}

const state = (text: string): WalRecord => ({ type: 2, index: 0, payload: encodeUtf8(text) });

function texts(records: readonly WalRecord[]): string[] {
  return records.map((record) => decodeUtf8(record.payload));
}

/** All that was begun in the background has ended: no work of a MemoryDisk waits for anything but promises. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Where the bytes of `text` are. */
function offsetOf(bytes: Uint8Array, text: string): number {
  const wanted = encodeUtf8(text);
  return bytes.findIndex((_, at) => wanted.every((byte, i) => bytes[at + i] === byte));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(WalError);
  return (failure as WalError).code;
}

/** A log with `count` entries, each synced by itself. */
async function filled(count: number): Promise<{ disk: MemoryDisk; wal: Wal }> {
  const disk = new MemoryDisk();
  const wal = await Wal.create(disk, directory, { metadata, ...small });
  for (let i = 1; i <= count; i++) {
    wal.append([entry(i)]);
    await wal.sync();
  }
  return { disk, wal };
}

describe('a log', () => {
  it('makes durable what it gives back of a process that died before its sync', async () => {
    const { disk, wal } = await filled(2);
    wal.append([entry(3)]);
    disk.failAfter(1);
    expect(await codeOf(wal.sync())).toBe('broken');
    disk.failAfter(Infinity);
    const { records } = await Wal.open(disk, directory, small);
    expect(texts(records)).toEqual(['entry 1', 'entry 2', 'entry 3']);
    const afterPowerLoss = await Wal.open(
      disk.crash(() => 0),
      directory,
      small,
    );
    expect(texts(afterPowerLoss.records)).toEqual(['entry 1', 'entry 2', 'entry 3']);
  });

  it('makes durable the name of a segment that was just begun', async () => {
    const { disk, wal } = await filled(0);
    let last = 0;
    const segments = async (): Promise<string[]> =>
      (await disk.list(directory)).filter((name) => name.endsWith('.wal'));
    while ((await segments()).length < 2) {
      wal.append([entry(++last)]);
      await wal.sync();
    }
    // The same again, stopped right after the rename: create, write, sync, rename.
    for (let more = 1; ; more++) {
      const again = await filled(last - 1);
      again.wal.append([entry(last)]);
      again.disk.failAfter(more);
      await codeOf(again.wal.sync());
      again.disk.failAfter(Infinity);
      if ((await again.disk.list(directory)).filter((name) => name.endsWith('.wal')).length < 2) continue;
      const opened = await Wal.open(again.disk, directory, small);
      opened.wal.append([entry(last, 'after')]);
      await opened.wal.sync();
      const { records } = await Wal.open(
        again.disk.crash(() => 0),
        directory,
        small,
      );
      expect(texts(records).at(-1)).toBe('after');
      return;
    }
  });

  it('makes the next segment ahead, and begins it without a stop to fill it', async () => {
    const { disk, wal } = await filled(1);
    let last = 1;
    const spare = `${directory}/0000000000000002.wal.tmp`;
    while (!(await disk.exists(spare))) {
      wal.append([entry(++last)]);
      await wal.sync();
    }
    await settled();
    expect(disk.peek(spare)).toEqual(new Uint8Array(small.segmentBytes));
    while (await disk.exists(spare)) {
      wal.append([entry(++last)]);
      await wal.sync();
    }
    expect(disk.peek(`${directory}/0000000000000002.wal`)).toHaveLength(small.segmentBytes);
    const { records } = await Wal.open(
      disk.crash(() => 0),
      directory,
      small,
    );
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  });

  it('goes on when the disk refused the segment ahead, and leaves none behind', async () => {
    for (let failing = 0; failing < 3; failing++) {
      const { disk, wal } = await filled(1);
      const spare = `${directory}/0000000000000002.wal.tmp`;
      disk.refuse(spare, failing);
      for (let index = 2; index <= 40; index++) {
        wal.append([entry(index)]);
        await wal.sync();
      }
      await wal.close();
      expect((await disk.list(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const { records } = await Wal.open(disk, directory, small);
      expect(records).toHaveLength(40);
    }
  });

  it('joins the head and the payload of a record', async () => {
    const { disk, wal } = await filled(0);
    wal.append([{ ...entry(1, 'tail'), head: encodeUtf8('head, ') }, entry(2)]);
    await wal.sync();
    wal.append([{ ...state('xyz'), head: encodeUtf8('w') }]);
    await wal.sync();
    const { records } = await Wal.open(disk, directory, small);
    expect(texts(records)).toEqual(['head, tail', 'entry 2', 'wxyz']);
    expect(Object.keys(records[0]!)).not.toContain('head');
  });

  it('gives back what was synced, with its metadata', async () => {
    const { disk, wal } = await filled(0);
    const records = [
      { type: 7, index: 2 ** 53 - 1, payload: new Uint8Array(0) },
      { type: 0xffff, index: 0, payload: new Uint8Array([1, 2, 3]) },
    ];
    wal.append(records);
    wal.append([entry(5)]);
    await wal.sync();
    await wal.close();
    const opened = await Wal.open(disk, directory);
    expect(opened.metadata).toEqual(metadata);
    expect(opened.records).toEqual([...records, entry(5)]);
    expect(opened.cutBytes).toBe(0);
  });

  it('goes on where it ended, over many lives and segments', async () => {
    const disk = new MemoryDisk();
    await (await Wal.create(disk, directory, { metadata, ...small })).close();
    for (let life = 0; life < 12; life++) {
      const { wal, records } = await Wal.open(disk, directory, small);
      expect(records.map((record) => record.index)).toEqual(
        Array.from({ length: life * 3 }, (_, i) => i + 1),
      );
      wal.append([entry(life * 3 + 1), entry(life * 3 + 2)]);
      await wal.sync();
      wal.append([entry(life * 3 + 3)]);
      await wal.sync();
      await wal.close();
    }
    expect((await disk.list(directory)).length).toBeGreaterThan(2);
  });

  it('is made once and opened only when it is there', async () => {
    const disk = new MemoryDisk();
    expect(await codeOf(Wal.open(disk, directory))).toBe('missing');
    expect(await Wal.exists(disk, directory)).toBe(false);
    await Wal.create(disk, directory, { metadata });
    expect(await Wal.exists(disk, directory)).toBe(true);
    expect(await codeOf(Wal.create(disk, directory, { metadata }))).toBe('exists');
  });

  it('shares one fsync among all who ask in a turn, and one more among all who ask while it runs', async () => {
    const disk = new MemoryDisk();
    const wal = await Wal.create(disk, directory, { metadata });
    const before = disk.syncs;
    const waiting: Promise<void>[] = [];
    for (let i = 1; i <= 50; i++) {
      wal.append([entry(i)]);
      waiting.push(wal.sync());
    }
    await Promise.resolve();
    await Promise.resolve();
    for (let i = 51; i <= 100; i++) {
      wal.append([entry(i)]);
      waiting.push(wal.sync());
    }
    await Promise.all(waiting);
    expect(disk.syncs - before).toBe(2);
    await wal.sync();
    expect(disk.syncs - before).toBe(2);
    const opened = await Wal.open(disk, directory);
    expect(opened.records).toHaveLength(100);
  });

  it('resolves a sync only when its own records are durable', async () => {
    const { disk, wal } = await filled(0);
    wal.append([entry(1)]);
    const first = wal.sync();
    await Promise.resolve();
    wal.append([entry(2)]);
    await wal.sync();
    const lost = disk.crash(() => 0);
    expect(texts((await Wal.open(lost, directory)).records)).toEqual(['entry 1', 'entry 2']);
    await first;
  });

  it('refuses what is not a record', async () => {
    const { wal } = await filled(0);
    expect(() => wal.append([{ type: 0x10000, index: 1, payload: metadata }])).toThrow(AssertionError);
    expect(() => wal.append([{ type: 1, index: -1, payload: metadata }])).toThrow(AssertionError);
    expect(() => wal.append([{ type: 1, index: 2 ** 53, payload: metadata }])).toThrow(AssertionError);
    await wal.close();
    await wal.close();
    expect(() => wal.append([entry(1)])).toThrow(AssertionError);
  });
});

describe('release', () => {
  it('removes whole segments that are no longer needed, and never the newest', async () => {
    const { disk, wal } = await filled(40);
    const before = await disk.list(directory);
    expect(before.length).toBeGreaterThan(3);
    await wal.release(0);
    expect(await disk.list(directory)).toEqual(before);
    await wal.release(20);
    const { records } = await Wal.open(disk, directory);
    const first = records[0]!.index;
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThanOrEqual(21);
    await wal.release(1000);
    expect(await disk.list(directory)).toHaveLength(1);
  });

  it('keeps a segment as long as one of its records may be needed', async () => {
    const { disk, wal } = await filled(30);
    const before = await disk.list(directory);
    const second = disk.peek(`${directory}/${before[1]}`);
    const firstOfSecond = Number(/entry (\d+)/.exec(decodeUtf8(second))![1]);
    await wal.release(firstOfSecond - 2);
    expect(await disk.list(directory)).toEqual(before);
    await wal.release(firstOfSecond - 1);
    expect(await disk.list(directory)).toEqual(before.slice(1));
  });

  it('leaves no gap when power is lost on the way', async () => {
    for (let survivors = 0; survivors < 256; survivors++) {
      const { disk, wal } = await filled(60);
      disk.failAfter(survivors % 9);
      await wal.release(1000).catch(() => {});
      let drawn = 0;
      const next = disk.crash((bound) => (survivors >> (drawn++ % 8)) % bound);
      expect((await Wal.open(next, directory)).records.at(-1)!.index).toBe(60);
    }
  });

  it('loses neither metadata nor the header record', async () => {
    const disk = new MemoryDisk();
    const options = { ...small, headerType: 2 };
    const first = await Wal.create(disk, directory, { metadata, ...options });
    first.append([state('term 0'), state('term 1')]);
    await first.sync();
    await first.close();
    // The next life knows the state from the log itself.
    const { wal } = await Wal.open(disk, directory, options);
    for (let i = 1; i <= 20; i++) {
      wal.append([entry(i)]);
      await wal.sync();
    }
    await wal.release(20);
    const opened = await Wal.open(disk, directory, small);
    expect(opened.metadata).toEqual(metadata);
    expect(texts(opened.records)[0]).toBe('term 1');
  });

  it('never begins a segment with state whose own sync is not written', async () => {
    const disk = new MemoryDisk();
    const options = { segmentBytes: 100, headerType: 2 };
    const wal = await Wal.create(disk, directory, { metadata, ...options });
    wal.append([state('old'), entry(1, 'x'.repeat(100))]);
    await wal.sync();
    wal.append([entry(2), state('entry 2 is committed')]);
    // Enough operations to begin the segment, not enough to write the records.
    disk.failAfter(5);
    expect(await codeOf(wal.sync())).toBe('broken');
    const { records } = await Wal.open(
      disk.crash(() => 0),
      directory,
      options,
    );
    expect(texts(records).at(-1)).toBe('old');
    expect(await disk.list(directory)).toHaveLength(2);
  });

  it('can be asked for again when the disk failed', async () => {
    const { disk, wal } = await filled(20);
    const before = (await disk.list(directory)).length;
    disk.failAfter(1);
    await expect(wal.release(20)).rejects.toThrow('EIO');
    disk.failAfter(Number.POSITIVE_INFINITY);
    await wal.release(20);
    expect((await disk.list(directory)).length).toBeLessThan(before);
    expect((await Wal.open(disk, directory)).records.at(-1)!.index).toBe(20);
  });
});

describe('a failing disk', () => {
  it('breaks the log for ever', async () => {
    const { disk, wal } = await filled(3);
    disk.failAfter(1);
    wal.append([entry(4)]);
    const first = wal.sync();
    await Promise.resolve();
    wal.append([entry(5)]);
    const second = wal.sync();
    expect(await codeOf(first)).toBe('broken');
    expect(await codeOf(second)).toBe('broken');
    disk.failAfter(Number.POSITIVE_INFINITY);
    const operations = disk.operations;
    wal.append([entry(6)]);
    expect(await codeOf(wal.sync())).toBe('broken');
    expect(disk.operations).toBe(operations);
    await wal.close();
  });
});

describe('damage', () => {
  it('cuts a torn end, and appends behind it', async () => {
    const { disk, wal } = await filled(2);
    await wal.close();
    const [name] = await disk.list(directory);
    const path = `${directory}/${name}`;
    const bytes = disk.peek(path).slice();
    const end = bytes.findLastIndex((byte) => byte !== 0);
    bytes[end] = bytes[end]! ^ 1;
    disk.poke(path, bytes);
    const opened = await Wal.open(disk, directory, small);
    expect(texts(opened.records)).toEqual(['entry 1']);
    expect(opened.cutBytes).toBeGreaterThan(0);
    opened.wal.append([entry(2, 'again')]);
    await opened.wal.sync();
    expect(texts((await Wal.open(disk, directory)).records)).toEqual(['entry 1', 'again']);
  });

  it('says which file and byte are damaged and what to do', async () => {
    const { disk } = await filled(3);
    const [name] = await disk.list(directory);
    const path = `${directory}/${name}`;
    const bytes = disk.peek(path).slice();
    const text = offsetOf(bytes, 'entry 1');
    bytes[text] = bytes[text]! ^ 0x20;
    disk.poke(path, bytes);
    await expect(Wal.open(disk, directory)).rejects.toMatchObject({
      name: 'WalError',
      code: 'damaged',
      path,
    });
    await expect(Wal.open(disk, directory)).rejects.toThrow(/at byte \d+: .*replace this member/);
  });

  it('is found when a segment is missing, or cut short at a frame', async () => {
    const { disk, wal } = await filled(40);
    await wal.close();
    const names = await disk.list(directory);
    const second = `${directory}/${names[1]}`;
    const whole = disk.peek(second);
    const last = Number(/.*entry (\d+)/s.exec(decodeUtf8(whole))![1]);
    const lastFrame = offsetOf(whole, `entry ${last}`) - 32;
    disk.poke(second, whole.slice(0, lastFrame));
    expect(await codeOf(Wal.open(disk, directory))).toBe('damaged');
    await disk.remove(second);
    expect(await codeOf(Wal.open(disk, directory))).toBe('damaged');
  });

  it('is found when a record of another history stands among ours', async () => {
    const { disk } = await filled(3);
    const other = new MemoryDisk();
    const wal = await Wal.create(other, directory, { metadata, ...small });
    for (const index of [1, 4, 3]) {
      wal.append([entry(index)]);
      await wal.sync();
    }
    const path = `${directory}/${(await disk.list(directory))[0]}`;
    const ours = disk.peek(path).slice();
    const theirs = other.peek(path);
    // The middle frames are intact in their place, and of one length; only the chain tells them apart.
    const start = offsetOf(ours, 'entry 2') - 32;
    ours.set(theirs.subarray(start, start + 40), start);
    disk.poke(path, ours);
    await expect(Wal.open(disk, directory)).rejects.toThrow('does not follow the one before it');
  });

  it('of any one bit is refused, or costs at most the newest sync', async () => {
    const { disk, wal } = await filled(14);
    await wal.close();
    const names = await disk.list(directory);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const path = `${directory}/${name}`;
      const bytes = disk.peek(path).slice();
      for (let bit = 0; bit < bytes.length * 8; bit += 3) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        disk.poke(path, flipped);
        try {
          const { records } = await Wal.open(disk, directory);
          expect(records.length).toBeGreaterThanOrEqual(13);
          expect(texts(records)).toEqual(Array.from(records, (_, i) => `entry ${i + 1}`));
        } catch (error) {
          expect(error).toMatchObject({ code: 'damaged' });
        }
      }
      disk.poke(path, bytes);
    }
  });
});

type Step =
  | { readonly type: 'append'; readonly sizes: readonly number[] }
  | { readonly type: 'sync' }
  | { readonly type: 'turn' }
  | { readonly type: 'release'; readonly back: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('append' as const),
      sizes: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 4 }),
    }),
    fc.record({ type: fc.constant('sync' as const) }),
    fc.record({ type: fc.constant('turn' as const) }),
    fc.record({ type: fc.constant('release' as const), back: fc.nat(10) }),
  ),
  { maxLength: 40 },
);

describe('a crash at any point', () => {
  it('keeps all that was synced, and at most a prefix of the rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ steps, crashAfter: fc.nat(80) }), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat(2 ** 30)),
        async (lives, numbers) => {
          const draw = (bound: number): number => Number(numbers.next().value) % bound;
          let disk = new MemoryDisk();
          /** What must be there, then what may be there; the first index that may be missing from the front. */
          let appended: WalRecord[] = [];
          let syncedCount = 0;
          let releasedIndex = 0;

          for (const life of lives) {
            const isNew = !(await Wal.exists(disk, directory));
            disk.failAfter(life.crashAfter);
            let isAlive = true;
            try {
              let wal: Wal;
              if (isNew) {
                expect(syncedCount).toBe(0);
                wal = await Wal.create(disk, directory, { metadata, ...small });
              } else {
                const opened = await Wal.open(disk, directory, small);
                expect(opened.metadata).toEqual(metadata);
                checkRecovered(opened.records, appended, syncedCount, releasedIndex);
                const last = opened.records.at(-1)?.index ?? releasedIndex;
                appended = appended.slice(0, Math.max(last, syncedCount));
                syncedCount = appended.length;
                wal = opened.wal;
              }
              const running: Promise<unknown>[] = [];
              for (const step of life.steps) {
                if (step.type === 'append') {
                  const records = step.sizes.map((size, i) => ({
                    type: 1,
                    index: appended.length + i + 1,
                    payload: new Uint8Array(size).fill(appended.length + i + 1),
                  }));
                  wal.append(records);
                  appended.push(...records);
                } else if (step.type === 'sync') {
                  const count = appended.length;
                  const noted = wal.sync().then(
                    () => {
                      if (isAlive) syncedCount = Math.max(syncedCount, count);
                    },
                    (error: unknown) => expect(error).toMatchObject({ code: 'broken' }),
                  );
                  running.push(noted);
                } else if (step.type === 'release') {
                  const index = Math.max(0, syncedCount - step.back);
                  releasedIndex = Math.max(releasedIndex, index);
                  running.push(wal.release(index).catch(() => {}));
                } else {
                  await Promise.all(running);
                }
              }
              for (let i = 0; i < draw(20); i++) await Promise.resolve();
            } catch (error) {
              if (!(error instanceof Error && error.name === 'DiskError')) throw error;
            }
            isAlive = false;
            disk = disk.crash(draw);
          }
          if (await Wal.exists(disk, directory)) {
            const { records } = await Wal.open(disk, directory, small);
            checkRecovered(records, appended, syncedCount, releasedIndex);
          } else {
            expect(syncedCount).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function checkRecovered(
  records: readonly WalRecord[],
  appended: readonly WalRecord[],
  syncedCount: number,
  releasedIndex: number,
): void {
  const first = records[0]?.index ?? Math.min(releasedIndex, syncedCount) + 1;
  const last = records.at(-1)?.index ?? first - 1;
  expect(first).toBeLessThanOrEqual(releasedIndex + 1);
  expect(last).toBeGreaterThanOrEqual(syncedCount);
  expect(records).toEqual(appended.slice(first - 1, last));
}
