import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { OsClock } from '../../src/platform/os/os-clock.ts';
import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import { World } from '../../sim/world.ts';
import { engine } from '../sim/engine.ts';
import { MemoryDisk } from '../wal/memory-disk.ts';
import { backendCompliance } from './backend.compliance.ts';

const directory = 'member/db';
const options = { commitMillis: 2, checkpointBytes: 4096 };

backendCompliance(
  'journal',
  async () => {
    const backends = new JournalBackends({ disk: new MemoryDisk(), clock: new OsClock() }, options);
    return { open: () => backends.open(directory), remove: async () => {} };
  },
  { durable: true, runs: 60 },
);

/** Time passes when the test says so. */
class ManualClock implements Clock {
  #timers: { fire: () => void; live: boolean }[] = [];

  wallMillis(): number {
    return 0;
  }

  monotonicMillis(): number {
    return 0;
  }

  setTimer(_delayMillis: number, fire: () => void): { cancel(): void } {
    const timer = { fire, live: true };
    this.#timers.push(timer);
    return { cancel: () => void (timer.live = false) };
  }

  sleep(): Promise<boolean> {
    return new Promise(() => {});
  }

  fireAll(): void {
    for (const timer of this.#timers.splice(0)) if (timer.live) timer.fire();
  }
}

/** Step n sets `applied` to n, puts revision n and deletes revision n - 5. */
function takeStep(backend: Awaited<ReturnType<JournalBackends['open']>>, n: number): void {
  backend.put(n, 0, encodeUtf8(`record ${n} ${'x'.repeat((n * 37) % 300)}`));
  if (n > 5) backend.delete(n - 5, 0);
  backend.setValue('applied', encodeUtf8(String(n)));
  backend.commit();
}

describe('a journal', () => {
  it('is after a power loss as some step left it, never older than the last flush (B2)', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 120 }),
        fc.array(fc.constantFrom('step', 'step', 'step', 'flush', 'time'), { maxLength: 80 }),
        fc.infiniteStream(fc.nat(1 << 30)),
        async (operations, events, numbers) => {
          const disk = new MemoryDisk();
          const clock = new ManualClock();
          const backends = new JournalBackends({ disk, clock }, { checkpointBytes: 1500 });
          const backend = await backends.open(directory);
          disk.failAfter(operations);
          let steps = 0;
          let flushed = 0;
          for (const event of events) {
            if (event === 'step') takeStep(backend, ++steps);
            else if (event === 'time') {
              clock.fireAll();
              await new Promise((resolve) => void setImmediate(resolve));
            } else {
              const before = steps;
              try {
                await backend.flush();
                flushed = before;
              } catch {
                break;
              }
            }
          }
          const after = disk.crash((bound) => numbers.next().value! % bound);
          const again = await new JournalBackends({ disk: after, clock }).open(directory);
          const applied = again.value('applied');
          const step = applied === undefined ? 0 : Number(new TextDecoder().decode(applied));
          expect(step).toBeGreaterThanOrEqual(flushed);
          expect(step).toBeLessThanOrEqual(steps);
          const mains: number[] = [];
          again.scan(0, Infinity, (main) => void mains.push(main));
          const wanted = [step - 4, step - 3, step - 2, step - 1, step].filter((main) => main > 0);
          expect(mains).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    ));

  it('survives crashes of a simulated host at any moment, the same way for the same seed (B2, J3)', async () => {
    const play = async (seed: number): Promise<{ lives: number[]; flushed: number[] }> => {
      const world = new World({ seed, engine });
      const host = world.addHost('a');
      const lives: number[] = [];
      const flushed: number[] = [];
      host.boot(async (platform) => {
        const backend = await new JournalBackends(platform, { checkpointBytes: 3000 }).open('/member/db');
        const applied = backend.value('applied');
        let step = applied === undefined ? 0 : Number(decodeUtf8(applied));
        lives.push(step);
        flushed.push(step);
        for (;;) {
          await platform.clock.sleep(7);
          takeStep(backend, ++step);
          if (step % 5 !== 0) continue;
          const before = step;
          await backend.flush();
          flushed[lives.length - 1] = before;
        }
      });
      for (let life = 0; life < 12; life++) {
        await world.run({ forMillis: 150 + ((seed * 31 + life * 97) % 400) });
        host.crash();
        host.restart();
      }
      await world.run({ forMillis: 50 });
      return { lives, flushed };
    };
    for (let seed = 1; seed <= 5; seed++) {
      const { lives, flushed } = await play(seed);
      expect(lives.length).toBeGreaterThan(8);
      for (const [life, step] of lives.slice(1).entries())
        expect(step).toBeGreaterThanOrEqual(flushed[life]!);
      expect(lives.at(-1)).toBeGreaterThan(50);
      expect(await play(seed)).toEqual({ lives, flushed });
    }
  });

  it('says that the disk failed, and that nothing is durable from then on', async () => {
    const disk = new MemoryDisk();
    const clock = new ManualClock();
    const backend = await new JournalBackends({ disk, clock }).open(directory);
    takeStep(backend, 1);
    disk.failAfter(0);
    clock.fireAll();
    expect((await backend.failed).message).toContain('EIO');
    disk.failAfter(Infinity);
    takeStep(backend, 2);
    await expect(backend.flush()).rejects.toThrow('EIO');
    await expect(backend.flush()).rejects.toThrow('EIO');
  });

  it('stays small: it is written anew when most of it is garbage', async () => {
    const disk = new MemoryDisk();
    const clock = new ManualClock();
    const backends = new JournalBackends({ disk, clock }, { checkpointBytes: 4096 });
    const backend = await backends.open(directory);
    for (let n = 1; n <= 2000; n++) {
      takeStep(backend, n);
      if (n % 10 === 0) await backend.flush();
    }
    await backend.flush();
    await new Promise((resolve) => void setTimeout(resolve, 5));
    let bytes = 0;
    for (const name of await disk.list(directory)) bytes += disk.peek(`${directory}/${name}`).length;
    expect(bytes).toBeLessThan(40_000);
  });
});
