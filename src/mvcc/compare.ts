import { compareBytes } from '../base/bytes.ts';
import type { Compare, CompareResult, KeyValue } from './types.ts';

/** Whether `compare` holds for `kv`; undefined = the key does not exist. */
export function holdsFor(compare: Compare, kv: KeyValue | undefined): boolean {
  switch (compare.target) {
    case 'version':
      return holds(compare.result, (kv?.version ?? 0) - compare.version);
    case 'create':
      return holds(compare.result, (kv?.createRevision ?? 0) - compare.createRevision);
    case 'mod':
      return holds(compare.result, (kv?.modRevision ?? 0) - compare.modRevision);
    case 'lease': {
      const lease: bigint = kv?.lease ?? 0n;
      return holds(compare.result, lease < compare.lease ? -1 : lease > compare.lease ? 1 : 0);
    }
    case 'value':
      // A missing key has no value, not an empty one: not even 'not-equal' holds (etcd's applyCompare).
      return kv !== undefined && holds(compare.result, compareBytes(kv.value, compare.value));
  }
}

function holds(result: CompareResult, order: number): boolean {
  switch (result) {
    case 'equal':
      return order === 0;
    case 'not-equal':
      return order !== 0;
    case 'greater':
      return order > 0;
    case 'less':
      return order < 0;
  }
}
