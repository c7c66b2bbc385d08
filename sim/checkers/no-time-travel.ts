import { describeCall, KvHistory, revisionOf, type KvCall } from '../kv-history.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/**
 * On one connection to one member revisions never decrease: a serializable read may be behind the others, but a member
 * does not forget what it has shown. (That its answers are the state at their revision is for `linearizable` to judge.)
 */
export class NoTimeTravel implements Checker {
  readonly name = 'no-time-travel';
  readonly sees: readonly FactType[] = ['client-call', 'client-return'];
  readonly #history = new KvHistory();
  readonly #connections = new Map<string, string>();
  /** The newest that each connection has shown. */
  readonly #newest = new Map<string, { readonly call: KvCall; readonly revision: number }>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type === 'client-call') {
      this.#history.call(seen.client, seen.operation, seen.atMillis, seen.node);
      if (seen.connection === undefined) this.#connections.delete(seen.client);
      else this.#connections.set(seen.client, seen.connection);
      return undefined;
    }
    if (seen.type !== 'client-return') return undefined;
    const call = this.#history.return(seen.client, seen.outcome);
    const connection = this.#connections.get(seen.client);
    const revision = call && revisionOf(call);
    if (revision === undefined || connection === undefined) return undefined;
    const newest = this.#newest.get(connection);
    if (newest === undefined || revision >= newest.revision) {
      this.#newest.set(connection, { call: call!, revision });
      return undefined;
    }
    const message =
      `${describeCall(call!)} shows revision ${revision}, though ${describeCall(newest.call)} ` +
      `had shown revision ${newest.revision} on the same connection`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
