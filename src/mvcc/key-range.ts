import type { Key, KeyRange } from './types.ts';

/** Greater than every key: keys are byte strings, so no unit of theirs exceeds 0xff. */
export const unboundedEnd = '\uffff';

/** `range` as half-open [key, end): the single key `k` is [k, k + '\0'), its successor in byte order. */
export function endOf(range: KeyRange): Key {
  if (range.rangeEnd === undefined || range.rangeEnd === '') return `${range.key}\0`;
  return range.rangeEnd === '\0' ? unboundedEnd : range.rangeEnd;
}

/** Whether `range` is one key: the common case, which needs no scan. */
export function isSingleKey(range: KeyRange): boolean {
  return range.rangeEnd === undefined || range.rangeEnd === '';
}

export function contains(range: KeyRange, key: Key): boolean {
  return range.key <= key && key < endOf(range);
}
