import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** A bound: after the first, no more than so many leaders are elected. A cluster that elects again and again serves nobody. */
export class LeaderChanges implements Checker {
  readonly name = 'leader-changes';
  readonly sees: readonly FactType[] = ['role-changed'];
  readonly #max: number;
  #elected = -1;

  constructor(max: number) {
    this.#max = max;
  }

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'role-changed' || seen.role !== 'leader') return undefined;
    this.#elected++;
    if (this.#elected <= this.#max) return undefined;
    const message = `${seen.member} was elected in term ${seen.term}: leader change ${this.#elected}, of which there may be ${this.#max}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
