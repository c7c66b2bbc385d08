import { decodeUtf8 } from '../../src/base/bytes.ts';
import { KvHistory } from '../kv-history.ts';
import type { Checker, Observation, Violation } from '../observations.ts';
import { TrueHistory } from './true-history.ts';

/** A write that was acknowledged with a revision is in the store's history at that revision, and stays there. */
export class NoLostAck implements Checker {
  readonly name = 'no-lost-ack';
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
        this.#calls.call(seen.client, seen.operation, seen.atMillis);
        return undefined;
      case 'client-return': {
        const call = this.#calls.return(seen.client, seen.outcome);
        if (call === undefined) return undefined;
        const { operation, outcome } = call;
        const value =
          operation.type === 'put' ? operation.value : operation.type === 'cas' ? operation.to : undefined;
        const wrote =
          outcome.type === 'put' ||
          (outcome.type === 'cas' && outcome.succeeded) ||
          (outcome.type === 'deleted' && outcome.count > 0);
        if (!wrote) return undefined;
        const found = (this.#truth.at(outcome.revision) ?? []).some(
          (event) =>
            event.kv.key === operation.key &&
            (value === undefined ? event.type === 'delete' : decodeUtf8(event.kv.value) === value),
        );
        if (found) return undefined;
        const message = `${seen.client} was told that its ${operation.type} of ${operation.key} is revision ${outcome.revision}, which does not hold it`;
        return { checker: this.name, atMillis: seen.atMillis, message };
      }
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }
}
