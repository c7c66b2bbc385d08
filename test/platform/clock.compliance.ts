import { describe, expect, it } from 'vitest';

import type { ClockWorld } from './worlds.ts';

/** What every Clock and Random must do. */
export function clockCompliance(name: string, make: () => Promise<ClockWorld>): void {
  describe(`clock and random: ${name}`, () => {
    const inWorld = async (work: (world: ClockWorld) => Promise<void>): Promise<void> => {
      const world = await make();
      try {
        await world.run(() => work(world));
      } finally {
        await world.close();
      }
    };

    it('never fires before the delay has passed, and never inside the call', () =>
      inWorld(async ({ clock }) => {
        for (const delayMillis of [0, 0.5, 1, 1.9, 5, 20]) {
          const start = clock.monotonicMillis();
          let inside = true;
          const firedInside = await new Promise<boolean>((resolve) => {
            clock.setTimer(delayMillis, () => resolve(inside));
            inside = false;
          });
          expect(firedInside).toBe(false);
          expect(clock.monotonicMillis() - start).toBeGreaterThanOrEqual(delayMillis);
        }
      }));

    it('fires equal deadlines in the order they were set', () =>
      inWorld(async ({ clock }) => {
        const fired: number[] = [];
        for (let i = 0; i < 20; i++) clock.setTimer(3, () => fired.push(i));
        await clock.sleep(20);
        expect(fired).toEqual(Array.from({ length: 20 }, (_, i) => i));
      }));

    it('does not fire a cancelled timer; cancelling again, or too late, does nothing', () =>
      inWorld(async ({ clock }) => {
        let fired = 0;
        const cancelled = clock.setTimer(2, () => fired++);
        cancelled.cancel();
        cancelled.cancel();
        const late = clock.setTimer(1, () => fired++);
        await clock.sleep(10);
        late.cancel();
        expect(fired).toBe(1);
      }));

    it('lets a timer cancel another one that is due at the same time', () =>
      inWorld(async ({ clock }) => {
        let fired = false;
        const timers: { cancel(): void }[] = [];
        clock.setTimer(2, () => timers[0]!.cancel());
        timers.push(clock.setTimer(2, () => (fired = true)));
        await clock.sleep(10);
        expect(fired).toBe(false);
      }));

    it('sleeps to the end, or until the signal aborts', () =>
      inWorld(async ({ clock }) => {
        expect(await clock.sleep(1)).toBe(true);
        const start = clock.monotonicMillis();
        const controller = new AbortController();
        clock.setTimer(2, () => controller.abort());
        expect(await clock.sleep(60_000, controller.signal)).toBe(false);
        expect(await clock.sleep(60_000, controller.signal)).toBe(false);
        expect(clock.monotonicMillis() - start).toBeLessThan(30_000);
      }));

    it('has a monotonic clock that advances and a wall clock that tells a plausible time', () =>
      inWorld(async ({ clock }) => {
        const before = clock.monotonicMillis();
        await clock.sleep(3);
        expect(clock.monotonicMillis()).toBeGreaterThan(before);
        expect(clock.wallMillis()).toBeGreaterThan(Date.UTC(2000, 0));
        expect(clock.wallMillis()).toBeLessThan(Date.UTC(2200, 0));
      }));

    it('draws integers, floats and bytes from their whole ranges', () =>
      inWorld(async ({ random }) => {
        const seen = new Set<number>();
        for (let i = 0; i < 400; i++) seen.add(random.integer(5));
        expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4]);
        expect(random.integer(1)).toBe(0);
        let largest = 0;
        for (let i = 0; i < 200; i++) largest = Math.max(largest, random.integer(2 ** 32));
        expect(largest).toBeGreaterThan(2 ** 31);
        expect(largest).toBeLessThan(2 ** 32);
        for (let i = 0; i < 200; i++) {
          const value = random.float();
          expect(value >= 0 && value < 1).toBe(true);
        }
        expect(random.bytes(0)).toHaveLength(0);
        const bytes = random.bytes(2000);
        expect(bytes).toHaveLength(2000);
        expect(new Set(bytes).size).toBeGreaterThan(200);
      }));
  });
}
