import type { Checker, FactType, Observation } from '../observations.ts';
import { probes } from './registry.ts';

/** All probes at work in one run. */
export class Probes implements Checker {
  readonly name = 'probes';
  readonly sees: readonly FactType[] = [...new Set(probes.flatMap(({ sees }) => sees))];
  readonly #eyes = probes.map((probe) => ({ name: probe.name, see: probe.begin() }));
  readonly #counts = new Map<string, number>();

  observe(seen: Observation): undefined {
    for (const { name, see } of this.#eyes) {
      if (see(seen)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }

  /** How often each saw what it is after; those that never did are not in it. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
