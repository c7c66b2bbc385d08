import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

function worldOf(rate = 1) {
  const world = new World({ seed: 1, engine });
  const host = world.addHost('a', { clock: { offsetMillis: 0, rate } });
  host.boot();
  return { world, host, clock: host.platform.clock };
}

describe('the clock of a host', () => {
  it('gains by its rate, timers and wall clock too, and never goes back when the rate changes', async () => {
    const { world, host, clock } = worldOf();
    const wallStart = clock.wallMillis();
    await world.run({ forMillis: 10_000 });
    host.clock.rate = 2;
    // Nobody looked for ten seconds: the new rate counts from now on.
    expect(clock.monotonicMillis()).toBeCloseTo(10_000, 6);
    await world.run({ forMillis: 1000 });
    expect(clock.monotonicMillis()).toBeCloseTo(12_000, 6);
    expect(clock.wallMillis() - wallStart).toBe(12_000);
    expect(world.hits.count('clock-rate')).toBe(1);
    world.mend(host);
    await world.run({ forMillis: 1000 });
    expect(clock.monotonicMillis()).toBeCloseTo(13_000, 6);
  });

  it('rings no timer early, and each as soon as it is due, however its rate changes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 10 }),
        fc.array(
          fc.record({
            at: fc.integer({ min: 0, max: 5000 }),
            rate: fc.double({ min: 0.5, max: 2, noNaN: true }),
          }),
          { maxLength: 6 },
        ),
        async (delays, changes) => {
          const { world, host, clock } = worldOf();
          const late: number[] = [];
          for (const delay of delays) {
            clock.setTimer(delay, () => late.push(clock.monotonicMillis() - delay));
          }
          for (const { at, rate } of changes) world.schedule(at, 'rate', () => void (host.clock.rate = rate));
          await world.run({ forMillis: 20_000 });
          expect(late).toHaveLength(delays.length);
          for (const millis of late) {
            expect(millis).toBeGreaterThan(0);
            expect(millis).toBeLessThan(0.1);
          }
        },
      ),
      { numRuns: 100 },
    ));

  it('keeps the order of equal deadlines when its rate changes, and cancelled timers cancelled', async () => {
    const { world, host, clock } = worldOf();
    const rung: number[] = [];
    const timers = [0, 1, 2, 3].map((i) => clock.setTimer(1000, () => rung.push(i)));
    world.schedule(500, 'rate', () => void (host.clock.rate = 0.7));
    world.schedule(600, 'cancel', () => timers[2]!.cancel());
    await world.run({ forMillis: 5000 });
    expect(rung).toEqual([0, 1, 3]);
  });

  it('jumps either way without touching the monotonic one', async () => {
    const { world, host, clock } = worldOf();
    const before = clock.wallMillis();
    host.clock.offsetMillis -= 30_000;
    expect(clock.wallMillis() - before).toBe(-30_000);
    host.clock.offsetMillis += 60_000;
    expect(clock.wallMillis() - before).toBe(30_000);
    expect(clock.monotonicMillis()).toBe(0);
    expect(world.hits.count('clock-jump')).toBe(2);
  });

  it('jumps to and fro in a strobe, and is right again at its end or when it is mended', async () => {
    const { world, host, clock } = worldOf();
    const wrongAfter = async (millis: number): Promise<number> => {
      await world.run({ forMillis: millis });
      return Math.round(host.clock.wallMillis() - clock.monotonicMillis() - start);
    };
    const start = clock.wallMillis();
    host.clock.strobe(200, 100, 1000);
    const seen: number[] = [];
    for (let i = 0; i < 14; i++) seen.push(await wrongAfter(i === 0 ? 50 : 100));
    expect(seen).toEqual([200, 0, 200, 0, 200, 0, 200, 0, 200, 0, 0, 0, 0, 0]);
    expect(world.hits.count('clock-strobe')).toBe(10);
    host.clock.strobe(-200, 100, 60_000);
    expect(await wrongAfter(50)).toBe(-200);
    world.mend(host);
    expect(await wrongAfter(100)).toBe(0);
  });
});
