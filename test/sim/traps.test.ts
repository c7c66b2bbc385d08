import { describe, expect, it } from 'vitest';

import { setTraps } from '../../sim/traps.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

const touches: Readonly<Record<string, () => unknown>> = {
  'Date.now()': () => Date.now(),
  'new Date()': () => new Date(),
  'Date()': () => Date(),
  'Math.random()': () => Math.random(),
  'setTimeout()': () => setTimeout(() => {}, 0),
  'setInterval()': () => setInterval(() => {}, 0),
  'setImmediate()': () => setImmediate(() => {}),
  'performance.now()': () => performance.now(),
  'process.hrtime()': () => process.hrtime(),
  'crypto.randomUUID()': () => crypto.randomUUID(),
  'crypto.getRandomValues()': () => crypto.getRandomValues(new Uint8Array(1)),
  'fetch()': () => fetch('http://localhost'),
};

describe('traps', () => {
  for (const [name, touch] of Object.entries(touches)) {
    it(`spring on ${name}, and name the host and the remedy`, async () => {
      const world = new World({ seed: 1, engine });
      world.addHost('server-1').boot(({ clock }) => void clock.setTimer(1, () => void touch()));
      const { failure } = await world.run({ forMillis: 10 });
      const message = expect.stringMatching(/server-1 touched .*: use platform\./) as string;
      expect(failure).toMatchObject({ host: 'server-1', error: { message } });
    });
  }

  it('let dates be formatted, and keep instanceof', async () => {
    const restore = setTraps(() => 'nobody');
    try {
      const date = new Date(0);
      expect(date.toISOString()).toBe('1970-01-01T00:00:00.000Z');
      expect(date).toBeInstanceOf(Date);
      expect(Date.UTC(1970, 0)).toBe(0);
    } finally {
      restore();
    }
  });

  it('are nested, and all gone at the end', () => {
    const before = [Date, Math.random, setTimeout, performance.now] as unknown[];
    const outer = setTraps(() => 'outer');
    const inner = setTraps(() => 'inner');
    expect(() => Math.random()).toThrow('inner');
    inner();
    inner();
    expect(() => Math.random()).toThrow('outer');
    outer();
    expect([Date, Math.random, setTimeout, performance.now]).toEqual(before);
    expect(Math.random()).toBeLessThan(1);
  });
});
