import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** A bound: while clients write, some write is acknowledged at least so often. Counts from the first that was. */
export class WriteGap implements Checker {
  readonly name = 'write-gap';
  readonly sees: readonly FactType[] = ['client-call', 'client-return'];
  readonly #millisMax: number;
  #lastMillis: number | undefined;

  constructor(millisMax: number) {
    this.#millisMax = millisMax;
  }

  observe(seen: Observation): Violation | undefined {
    // Calls are looked at too: they tell that time goes on while nobody is answered.
    const gap = seen.atMillis - (this.#lastMillis ?? seen.atMillis);
    if (gap > this.#millisMax) {
      const since = (this.#lastMillis! / 1000).toFixed(3);
      const message = `no write was acknowledged for ${gap.toFixed(0)} ms, since ${since} s; there may be ${this.#millisMax} ms without`;
      return { checker: this.name, atMillis: seen.atMillis, message };
    }
    if (seen.type !== 'client-return') return undefined;
    const { outcome } = seen;
    const wrote =
      outcome.type === 'put' ||
      (outcome.type === 'cas' && outcome.succeeded) ||
      (outcome.type === 'deleted' && outcome.count > 0);
    if (wrote) this.#lastMillis = seen.atMillis;
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }
}
