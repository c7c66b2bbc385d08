import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { generator } from './network.ts';
import { World } from './world.ts';

/** `SEEDS=5000 npx vitest run test/raft/safety.test.ts` explores that many stories instead of 80. */
const seeds = Number(process.env['SEEDS'] ?? 80);
const stepsPerStory = 10_000;
/** A story takes some 30 ms. */
const timeoutMillis = 30_000 + seeds * 200;

const anyNumber = integer({ min: 0, max: 2 ** 31 - 1 });

describe('Raft figure 3 under faults', () => {
  let applied = 0;
  let readsServed = 0;

  function survive(seed: number): void {
    const world = new World(seed);
    const random = generator(seed);
    let step = 0;
    try {
      for (; step < stepsPerStory; step++) world.step(random(2 ** 31));
      world.calm();
    } catch (cause) {
      throw new Error(`seed ${seed}, step ${step}: ${String(cause)}`, { cause });
    }
    applied += world.witness.appliedMax;
    readsServed += world.witness.readsServed;
  }

  for (let part = 0; part < 8; part++) {
    const first = Math.floor((seeds * part) / 8) + 1;
    const last = Math.floor((seeds * (part + 1)) / 8);
    it(
      `holds for seeds ${first} to ${last}`,
      () => {
        for (let seed = first; seed <= last; seed++) survive(seed);
      },
      timeoutMillis,
    );
  }

  it.each([
    [245, 'ends without a leader when refused votes do not tell what is committed'],
    [348, 'elects a stranger when members campaign over changes they have not applied'],
  ])('holds for seed %i, which %s', survive);

  it('was not vacuous', () => {
    expect(applied).toBeGreaterThan(20 * seeds);
    expect(readsServed).toBeGreaterThan(5 * seeds);
  });

  it(
    'holds for any story; one that fails is told in as few steps as it takes',
    () => {
      assert(
        property(anyNumber, array(anyNumber, { maxLength: 5000, size: 'max' }), (seed, story) => {
          const world = new World(seed);
          for (const dice of story) world.step(dice);
          world.calm();
        }),
        // Looking for a shorter story has an end, too.
        { numRuns: Math.max(50, seeds / 10), interruptAfterTimeLimit: timeoutMillis / 2 },
      );
    },
    timeoutMillis,
  );
});
