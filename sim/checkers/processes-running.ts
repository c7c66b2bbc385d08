import type { Checker, FactType, Violation } from '../observations.ts';

/** At the end, so many container processes run on the agents: none that its pod has left behind. */
export class ProcessesRunning implements Checker {
  readonly name = 'processes-running';
  readonly sees: readonly FactType[] = [];
  readonly #wanted: number;
  readonly #running: () => number;

  constructor(options: { readonly count: number }, running: () => number) {
    this.#wanted = options.count;
    this.#running = running;
  }

  /** Whether it would be content now. */
  get holds(): boolean {
    return this.#running() === this.#wanted;
  }

  observe(): undefined {
    return undefined;
  }

  finish(atMillis: number): Violation | undefined {
    if (this.holds) return undefined;
    const message = `${this.#running()} processes of containers run on the agents, of ${this.#wanted} wanted`;
    return { checker: this.name, atMillis, message };
  }
}
