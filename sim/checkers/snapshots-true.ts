import { decodeUtf8 } from '../../src/base/bytes.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** Oldest first; value undefined: deleted. */
type Versions = { readonly revision: number; readonly value: string | undefined }[];

/** A snapshot that a client took is the whole store at the snapshot's revision: every key, and nothing else. */
export class SnapshotsTrue implements Checker {
  readonly name = 'snapshots-true';
  readonly sees: readonly FactType[] = ['revision-applied', 'snapshot-taken'];
  readonly #keys = new Map<string, Versions>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type === 'revision-applied') {
      for (const { type, kv } of seen.events) {
        const versions = this.#keys.get(kv.key) ?? [];
        this.#keys.set(kv.key, versions);
        versions.push({
          revision: kv.modRevision,
          value: type === 'delete' ? undefined : decodeUtf8(kv.value),
        });
      }
      return undefined;
    }
    if (seen.type !== 'snapshot-taken') return undefined;
    const { client, revision, pairs } = seen;
    const problem = this.#problem(revision, pairs);
    if (problem === undefined) return undefined;
    const message = `the snapshot of revision ${revision} that ${client} took ${problem}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #problem(
    revision: number,
    pairs: (Observation & { readonly type: 'snapshot-taken' })['pairs'],
  ): string | undefined {
    let found = 0;
    for (const [key, versions] of this.#keys) {
      const real = versions.findLast((version) => version.revision <= revision);
      const held = pairs.get(key);
      if (held !== undefined) found++;
      if (held?.value === real?.value && (held === undefined || held.modRevision === real?.revision))
        continue;
      const there = real?.value === undefined ? 'nothing' : `"${real.value}" of revision ${real.revision}`;
      const here = held === undefined ? 'nothing' : `"${held.value}" of revision ${held.modRevision}`;
      return `holds ${here} in ${key}, where the store had ${there}`;
    }
    if (found === pairs.size) return undefined;
    const stranger = [...pairs.keys()].find((key) => !this.#keys.has(key));
    return `holds ${stranger}, which was never written`;
  }
}
