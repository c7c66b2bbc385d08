import { compareBytes } from '../base/bytes.ts';
import { compareStrings } from '../base/order.ts';
import type { KeyValue, RangeRequest } from './types.ts';

/** Whether the first `limit` kvs in key order are the answer, so that the scan may stop there. */
export function isPlain(request: RangeRequest): boolean {
  const sort = request.sort;
  return (sort === undefined || (sort.target === 'key' && sort.order === 'ascend')) && !hasFilters(request);
}

/** How many kvs in key order the answer is chosen from, when it is `limit` long. */
export function scannedMax(request: RangeRequest, limit: number): number {
  if (isPlain(request)) return limit;
  // etcd's rangeLimit looks at the order alone: without one it stops where the limit is exceeded, and sorts what it has.
  return request.sort?.order === 'none' && !hasFilters(request) ? limit + 1 : Infinity;
}

/** Filters and sorts `kvs`, which are in key order, as `request` asks. Equal sort keys stay in key order. */
export function select(kvs: KeyValue[], request: RangeRequest): KeyValue[] {
  const kept = hasFilters(request) ? kvs.filter((kv) => passes(kv, request)) : kvs;
  const sort = request.sort;
  if (sort === undefined) return kept;
  const sign = sort.order === 'descend' ? -1 : 1;
  return kept.toSorted((a, b) => sign * orderBy(sort.target, a, b) || compareStrings(a.key, b.key));
}

function hasFilters(request: RangeRequest): boolean {
  return (
    (request.minModRevision ?? 0) !== 0 ||
    (request.maxModRevision ?? 0) !== 0 ||
    (request.minCreateRevision ?? 0) !== 0 ||
    (request.maxCreateRevision ?? 0) !== 0
  );
}

/** 0, as on the wire, means "no bound". */
function passes(kv: KeyValue, request: RangeRequest): boolean {
  return (
    kv.modRevision >= (request.minModRevision ?? 0) &&
    kv.modRevision <= (request.maxModRevision || Infinity) &&
    kv.createRevision >= (request.minCreateRevision ?? 0) &&
    kv.createRevision <= (request.maxCreateRevision || Infinity)
  );
}

function orderBy(target: NonNullable<RangeRequest['sort']>['target'], a: KeyValue, b: KeyValue): number {
  switch (target) {
    case 'key':
      return compareStrings(a.key, b.key);
    case 'version':
      return a.version - b.version;
    case 'create':
      return a.createRevision - b.createRevision;
    case 'mod':
      return a.modRevision - b.modRevision;
    case 'value':
      return compareBytes(a.value, b.value);
  }
}
