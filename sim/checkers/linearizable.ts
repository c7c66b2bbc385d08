import { decodeUtf8 } from '../../src/base/bytes.ts';
import { KvHistory, type KvWrite } from '../kv-history.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';
import { searchKv } from './kv-search.ts';
import { checkRevisions } from './revision-order.ts';

/** Objects of the API are judged by others. */
const notJudged = '/registry/';

/**
 * The clients' history is linearizable. Two independent judges at the end of the run: by revisions, against what the
 * store really did (revision-order.ts), and by a search per partition that does not look at revisions
 * (kv-search.ts), where it comes to an end in `stepsMax` steps.
 */
export class Linearizable implements Checker {
  readonly name = 'linearizable';
  readonly sees: readonly FactType[] = ['client-call', 'client-return', 'revision-applied'];
  readonly #history = new KvHistory();
  readonly #truth = new Map<number, readonly KvWrite[]>();
  readonly #stepsMax: number;
  #newestRevision = 0;

  constructor(options: { readonly stepsMax?: number } = {}) {
    this.#stepsMax = options.stepsMax ?? 300_000;
  }

  observe(seen: Observation): undefined {
    switch (seen.type) {
      case 'client-call':
        this.#history.call(seen.client, seen.operation, seen.atMillis, seen.node);
        break;
      case 'client-return':
        this.#history.return(seen.client, seen.outcome);
        break;
      case 'revision-applied': {
        if (seen.revision <= this.#newestRevision) break;
        this.#newestRevision = seen.revision;
        const writes: KvWrite[] = [];
        for (const { type, kv } of seen.events) {
          if (kv.key.startsWith(notJudged)) continue;
          writes.push({ key: kv.key, value: type === 'delete' ? undefined : decodeUtf8(kv.value) });
        }
        if (writes.length > 0) this.#truth.set(seen.revision, writes);
        break;
      }
      default:
    }
    return undefined;
  }

  finish(atMillis: number): Violation | undefined {
    const { calls } = this.#history;
    const message =
      checkRevisions(calls, this.#newestRevision === 0 ? undefined : this.#truth) ??
      searchKv(calls, this.#stepsMax);
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }
}
