import type { Host } from '../host.ts';
import type { StoreHosts } from '../store-hosts.ts';
import type { Checker, Violation } from '../observations.ts';

/** In the end every member whose disk was not harmed is up, has applied the same entries, and hashes to the same as the others. */
export class Converged implements Checker {
  readonly name = 'converged';
  readonly #store: () => StoreHosts;
  readonly #harmed: ReadonlySet<Host>;

  constructor(store: () => StoreHosts, harmed: ReadonlySet<Host>) {
    this.#store = store;
    this.#harmed = harmed;
  }

  get holds(): boolean {
    return this.#difference() === undefined;
  }

  observe(): undefined {
    return undefined;
  }

  finish(atMillis: number): Violation | undefined {
    const message = this.#difference();
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }

  #difference(): string | undefined {
    const store = this.#store();
    let first: { readonly name: string; readonly state: string; readonly applied: number } | undefined;
    for (const host of store.hosts) {
      if (this.#harmed.has(host)) continue;
      const member = store.member(host);
      if (member === undefined) return `${host.name} is not up again`;
      const { name } = host;
      const { applied } = member;
      if (first !== undefined && applied !== first.applied)
        return `${name} has applied ${applied} entries, ${first.name} ${first.applied}`;
      const hash = member.store.hash();
      const state = hash.ok ? hash.value : 'compacted';
      first ??= { name, state, applied };
      if (state !== first.state)
        return `${name} and ${first.name} hold different things after ${applied} entries`;
    }
    return undefined;
  }
}
