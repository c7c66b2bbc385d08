import type { MemberId } from '../../src/raft/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** Members that are compacted alike have the same HashKV at the same revision (etcd's corruption check). */
export class HashKvEqual implements Checker {
  readonly name = 'hash-kv-equal';
  readonly sees: readonly FactType[] = ['kv-hashed'];
  readonly #first = new Map<string, { readonly member: MemberId; readonly hash: number }>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'kv-hashed') return undefined;
    const { member, revision, compactRevision, hash } = seen;
    const place = `${revision}/${compactRevision}`;
    const first = this.#first.get(place);
    if (first === undefined) this.#first.set(place, { member, hash });
    if (first === undefined || first.hash === hash) return undefined;
    const compacted = compactRevision > 0 ? `compacted at ${compactRevision}` : 'never compacted';
    const message =
      `the histories of ${first.member} and ${member} differ: at revision ${revision}, ${compacted}, ` +
      `HashKV is ${first.hash} and ${hash}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
