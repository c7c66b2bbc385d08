import { decodeUtf8 } from '../../src/base/bytes.ts';
import { describeCall, KvHistory, writesTold, type KvWrite } from '../kv-history.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';
import { TrueHistory } from './true-history.ts';

/** A write that was acknowledged with a revision is in the store's history at that revision, and stays there. */
export class NoLostAck implements Checker {
  readonly name = 'no-lost-ack';
  readonly sees: readonly FactType[] = ['revision-applied', 'client-call', 'client-return'];
  readonly #calls = new KvHistory();
  readonly #truth = new TrueHistory();

  observe(seen: Observation): Violation | undefined {
    switch (seen.type) {
      case 'revision-applied': {
        const difference = this.#truth.add(seen.revision, seen.events);
        if (difference === undefined) return undefined;
        const message = `${seen.member} holds ${difference} in revision ${seen.revision}`;
        return { checker: this.name, atMillis: seen.atMillis, message };
      }
      case 'client-call':
        this.#calls.call(seen.client, seen.operation, seen.atMillis, seen.node);
        return undefined;
      case 'client-return': {
        const call = this.#calls.return(seen.client, seen.outcome);
        if (call === undefined || !('revision' in seen.outcome)) return undefined;
        const { revision } = seen.outcome;
        const lost = writesTold(call).find((write) => !this.#holds(revision, write));
        if (lost === undefined) return undefined;
        const what =
          lost.value === undefined ? `no delete of ${lost.key}` : `no "${lost.value}" in ${lost.key}`;
        const message = `${describeCall(call)} was acknowledged as revision ${revision}, which does not hold it: there is ${what}`;
        return { checker: this.name, atMillis: seen.atMillis, message };
      }
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #holds(revision: number, { key, value }: KvWrite): boolean {
    return (this.#truth.at(revision) ?? []).some(
      ({ type, kv }) =>
        kv.key === key && (value === undefined ? type === 'delete' : decodeUtf8(kv.value) === value),
    );
  }
}
