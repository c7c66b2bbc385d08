import type { Step } from '../step.ts';

const put = (key: string, value = ''): Step => ({ call: 'KV.Put', request: { key, value } });
const all = { key: '\0', range_end: '\0' };
const rangeAll: Step = { call: 'KV.Range', request: all };

/** Ranges at every edge of their bounds, limits, revisions and sorts. */
export const ranges: readonly Step[] = [
  // Nothing written yet: revision 1 is legal and empty.
  ...[0, 1, 2, -1].map((revision): Step => ({ call: 'KV.Range', request: { ...all, revision } })),
  ...[undefined, '', '\0', 'a'].flatMap((key) =>
    [undefined, '', '\0', 'a'].map((range_end): Step => ({ call: 'KV.Range', request: { key, range_end } })),
  ),
  put('a', '3'),
  put('b', '1'),
  put('c', '2'),
  put('b', '9'),
  put('\xff\xff', '0'),
  put('\0', 'nul'),
  ...['a', 'b', 'c', '\0', '\xff\xff', 'nothing', ''].flatMap((key) =>
    [undefined, 'a', 'b', 'c', 'd', '\0', '\xff\xff', '\xff\xff\0'].map((range_end): Step => ({
      call: 'KV.Range',
      request: { key, range_end },
    })),
  ),
  ...[1, 4, 5, 6, 7, -1, -(2n ** 63n), 2n ** 63n - 1n].flatMap((limit): Step[] => [
    { call: 'KV.Range', request: { ...all, limit } },
    { call: 'KV.Range', request: { ...all, limit, count_only: true } },
    { call: 'KV.Range', request: { ...all, limit, sort_order: 2, sort_target: 3 } },
    { call: 'KV.Range', request: { ...all, limit, min_mod_revision: 4 } },
  ]),
  ...[0, 1, 2].flatMap((sort_order) =>
    [0, 1, 2, 3, 4].flatMap((sort_target): Step[] => [
      { call: 'KV.Range', request: { ...all, sort_order, sort_target } },
      { call: 'KV.Range', request: { ...all, sort_order, sort_target, keys_only: true } },
      { call: 'KV.Range', request: { ...all, sort_order, sort_target, revision: 4 } },
    ]),
  ),
  ...['min_mod_revision', 'max_mod_revision', 'min_create_revision', 'max_create_revision'].flatMap(
    (filter) =>
      [-1, 1, 3, 5, 7, 100].flatMap((bound): Step[] => [
        { call: 'KV.Range', request: { ...all, [filter]: bound } },
        { call: 'KV.Range', request: { ...all, [filter]: bound, limit: 2 } },
        { call: 'KV.Range', request: { ...all, [filter]: bound, count_only: true } },
      ]),
  ),
  ...[-(2n ** 63n), -1, 0, 1, 2, 5, 7, 8, 2n ** 63n - 1n].flatMap((revision): Step[] => [
    { call: 'KV.Range', request: { ...all, revision } },
    { call: 'KV.Range', request: { ...all, revision, serializable: true } },
    { call: 'KV.Range', request: { ...all, revision, keys_only: true, count_only: true } },
  ]),
];

/** Puts with every combination of what may be ignored, kept or wanted back. */
export const puts: readonly Step[] = [
  { call: 'Lease.LeaseGrant', request: { TTL: 1000, ID: 7 } },
  { call: 'KV.Put' },
  { call: 'KV.Put', request: { value: 'x' } },
  ...['k', 'k2'].flatMap((key) =>
    [undefined, 'v'].flatMap((value) =>
      [undefined, 7, 8, -1].flatMap((lease) =>
        [false, true].flatMap((ignore_value) =>
          [false, true].map((ignore_lease): Step => ({
            call: 'KV.Put',
            request: { key, value, lease, ignore_value, ignore_lease, prev_kv: true },
          })),
        ),
      ),
    ),
  ),
  // A put without a lease takes the old one away; a deletion begins the versions anew.
  { call: 'KV.Put', request: { key: 'k', value: 'v', lease: 7 } },
  put('k', 'w'),
  { call: 'Lease.LeaseTimeToLive', request: { ID: 7, keys: true } },
  { call: 'KV.DeleteRange', request: { key: 'k', prev_kv: true } },
  { call: 'KV.DeleteRange', request: { key: 'k', prev_kv: true } },
  put('k', 'w'),
  { call: 'KV.DeleteRange' },
  { call: 'KV.DeleteRange', request: { key: 'z', range_end: 'a' } },
  { call: 'KV.DeleteRange', request: { key: 'k', range_end: 'k' } },
  { call: 'KV.DeleteRange', request: { ...all, prev_kv: true } },
  rangeAll,
];

const op = {
  put: (key: string, value = 'v'): object => ({ request_put: { key, value } }),
  get: (key: string, more: object = {}): object => ({ request_range: { key, ...more } }),
  del: (key: string, range_end?: string): object => ({ request_delete_range: { key, range_end } }),
  txn: (success: object[], failure: object[] = [], compare: object[] = []): object => ({
    request_txn: { compare, success, failure },
  }),
};
const never = { key: 'never', target: 0, result: 1, version: 0 };
const txn = (success: object[], failure: object[] = [], compare: object[] = []): Step => ({
  call: 'KV.Txn',
  request: { compare, success, failure } as never,
});
const times = (count: number, make: (i: number) => object): object[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Transactions: order, atomicity, duplicates across nesting, the limit of operations, every comparison. */
export const txns: readonly Step[] = [
  { call: 'KV.Txn' },
  txn([op.put('a'), op.get('a'), op.put('b'), op.get('', { range_end: '\0' })]),
  txn([op.put('a'), op.get('a'), op.put('b'), op.get('\0', { range_end: '\0' })]),
  txn([op.put('a'), op.put('a')]),
  txn([op.put('a'), op.del('a')]),
  txn([op.del('a'), op.put('a')]),
  txn([op.del('a'), op.del('a')]),
  txn([op.put('c'), op.del('a', 'd')]),
  txn([op.put('d'), op.del('a', 'd')]),
  txn([op.put('d'), op.del('a', '\0')]),
  txn([op.put('a'), op.del('z', 'a')]),
  txn([{}]),
  txn([{ request_range: {} }]),
  txn([{ request_put: {} }]),
  txn([{ request_delete_range: {} }]),
  txn([{ request_txn: {} }]),
  txn([op.txn([op.put('n')], [op.put('n')])]),
  txn([op.put('n'), op.txn([op.put('n')])]),
  txn([op.txn([op.put('n')]), op.txn([op.put('n')])]),
  txn([op.txn([op.put('n')], [op.put('m')]), op.put('m')]),
  txn([op.txn([op.put('n')]), op.del('a', 'z')]),
  txn([op.txn([op.del('a', 'z')]), op.put('n')]),
  txn([op.txn([op.txn([op.put('deep'), op.get('deep')])]), op.get('deep')]),
  txn([op.txn([op.txn([op.txn([op.put('deeper')])])])]),
  txn([op.txn([op.put('x1')], [op.put('x2')], [never]), op.get('x2')]),
  // A read that must fail leaves nothing behind.
  txn([op.put('lost'), op.get('a', { revision: 1_000_000 })]),
  txn([op.put('lost'), { request_put: { key: 'lost2', lease: 4711 } }]),
  txn([op.put('lost'), { request_put: { key: 'never', ignore_value: true } }]),
  txn([op.put('lost'), { request_put: { key: 'a', value: 'v', ignore_value: true } }]),
  txn([op.put('lost'), { request_put: { key: 'a', lease: 1, ignore_lease: true } }]),
  txn([op.put('made'), { request_put: { key: 'made', ignore_value: true } }]),
  // Whose fault counts: the door goes through all ops before it looks for duplicates; then come puts, key and lease, then reads.
  txn([op.put('a'), op.put('a'), {}]),
  txn([op.txn([{}]), op.put('a'), op.put('')]),
  txn([op.put('a'), op.put('a'), { request_put: { key: 'a', value: 'v', ignore_value: true } }]),
  txn([op.put('a'), op.put('a'), op.get('a', { sort_order: 9 })]),
  txn([op.get('a', { revision: 1_000_000 }), { request_put: { key: 'b', lease: 4711 } }]),
  txn([{ request_put: { key: 'never', lease: 4711, ignore_value: true } }]),
  txn([{ request_put: { key: 'never', ignore_value: true } }, { request_put: { key: 'b', lease: 4711 } }]),
  txn([{ request_put: { key: 'b', lease: 4711 } }, { request_put: { key: 'never', ignore_value: true } }]),
  { call: 'KV.Put', request: { key: 'never', lease: 4711, ignore_value: true } },
  // A transaction takes a revision before 0 at its word.
  ...[-1, -2, -(2n ** 63n)].flatMap((revision) => [
    txn([op.get('a', { revision })]),
    txn([op.get('a', { revision }), op.put('b')]),
    txn([op.txn([op.get('a', { revision })])]),
  ]),
  txn([], [op.get('a', { revision: 1_000_000 })], []),
  txn([], [op.get('a', { revision: 1_000_000 })], [never]),
  { call: 'KV.Range', request: { key: 'lost' } },
  txn([op.get('a'), op.get('b', { serializable: true })]),
  txn([op.get('a', { sort_order: 9 })]),
  // Reads only, nothing deleted, nothing at all: no revision.
  txn([op.del('nothing'), op.get('a')]),
  txn([op.del('a'), op.get('a'), op.put('b')]),
  // The limit is 128, of whichever list is longest; what is nested counts towards it.
  txn(times(128, (i) => op.put(`k${i}`))),
  txn(times(129, (i) => op.put(`k${i}`))),
  txn(
    [],
    times(129, (i) => op.put(`k${i}`)),
  ),
  txn(
    [],
    [],
    times(129, () => never),
  ),
  txn(
    [],
    [],
    times(128, () => never),
  ),
  txn([op.txn(times(127, (i) => op.put(`k${i}`)))]),
  txn([op.txn(times(128, (i) => op.put(`k${i}`)))]),
  txn([op.txn(times(64, (i) => op.put(`k${i}`))), op.txn(times(64, (i) => op.put(`l${i}`)))]),
  txn([op.txn([op.txn(times(126, (i) => op.put(`k${i}`)))])]),
  txn([op.txn([op.txn(times(127, (i) => op.put(`k${i}`)))])]),
  // Comparisons: every target and result, on a key that is there, one that is not, and spans of both.
  put('cmp', 'm'),
  put('cmp2', 'm'),
  ...[0, 1, 2, 3, 4, 5, 9].flatMap((target) =>
    [0, 1, 2, 3, 4].flatMap((result) =>
      [
        { key: 'cmp' },
        { key: 'never' },
        { key: 'cmp', range_end: 'cmp9' },
        { key: 'n', range_end: 'n' },
        { key: 'z', range_end: 'a' },
        { key: 'never', range_end: 'never9' },
        { key: '\0', range_end: '\0' },
        {},
      ].flatMap((span): Step[] =>
        [
          {},
          { version: 1 },
          { value: 'm' },
          { value: '' },
          { mod_revision: 3 },
          { create_revision: 0 },
          { lease: 0 },
        ]
          .filter((operand) => Object.keys(operand).length === 0 || target < 5)
          .filter((_, i) => i < 3 || result < 2)
          .map((operand) => txn([], [], [{ ...span, target, result, ...operand }])),
      ),
    ),
  ),
];

const w = { create_request: { key: '\0', range_end: '\0', prev_kv: true } };
const beyond = '\0';
const read = (key: string): Step => ({ call: 'KV.Range', request: { key } });
const compact = (request: object): Step => ({ call: 'KV.Compact', request: request as never });
const current = { ref: 'revision' };
/** A key changed more than once in a revision: put and deleted, deleted and put, in one list and over siblings. */
const repetitions: readonly object[][] = [
  [op.put('k', 'new'), op.del('a', beyond)],
  [op.del('a', beyond), op.put('k', 'new')],
  [op.del('k', beyond), op.put('k', 'new'), op.del('j', beyond)],
  [
    op.put('k', 'new'),
    op.get('k'),
    op.del('\0', beyond),
    op.get('k'),
    op.put('l'),
    op.get('k', { range_end: beyond }),
  ],
  [op.txn([op.put('k', 'new')]), op.txn([op.del('k')])],
  [op.txn([op.put('k', 'new')]), op.txn([op.del('a', 'z')])],
  [op.txn([op.del('k')]), op.txn([op.put('k', 'new')])],
  [op.txn([op.txn([op.put('k', 'new')])]), op.txn([op.txn([op.del('a', 'z')]), op.get('k')])],
  [op.txn([], [op.put('k')]), op.txn([op.del('k')])],
  [op.txn([op.del('k')], [op.put('k')])],
  [op.txn([op.del('k')], [op.put('k')]), op.txn([op.put('k')])],
  [op.txn([op.del('k', beyond), op.put('k')]), op.txn([op.del('k')]), op.txn([op.del('k')])],
  [op.put('k'), op.txn([op.del('k', beyond)])],
  [op.put('k'), op.txn([op.del('a', 'z')])],
  [op.txn([op.put('k')]), op.del('k')],
  [op.txn([op.put('k')]), op.del('k', beyond)],
  [op.del('z', 'a'), op.put('k'), op.del('k', 'k'), op.del('l', 'k')],
  [op.put('\0'), op.del('\0', beyond)],
  [op.put('\0'), op.del('\0', '\0\0')],
  [op.put('\0', 'v'), op.del('\0')],
];

/** What etcd lets through although it is not to be: a transaction that changes a key and changes it again. */
export const repeatedChanges: readonly Step[] = [
  { call: 'Lease.LeaseGrant', request: { TTL: 1000, ID: 7 } },
  { open: 'w', method: 'Watch.Watch' },
  { send: 'w', request: w },
  { settle: true },
  ...repetitions.flatMap((ops): Step[] => [
    { call: 'KV.Put', request: { key: 'k', value: 'old', lease: 7 } },
    txn(ops),
    rangeAll,
    read('k'),
    { call: 'KV.Range', request: { ...all, revision: { ref: 'revision', plus: -1 } as never } },
    { call: 'KV.Range', request: { ...all, revision: current as never } },
    { call: 'Lease.LeaseTimeToLive', request: { ID: 7, keys: true } },
    { call: 'Maintenance.HashKV' },
    { settle: true },
    put('k', 'again'),
    { call: 'Maintenance.HashKV' },
  ]),
  { send: 'w', request: { create_request: { ...all, start_revision: 2, prev_kv: true } } },
  { settle: true },
  // Now and then the past is forgotten, right behind a deletion, too.
  txn([op.put('k', 'new'), op.del('a', beyond)]),
  compact({ revision: current, physical: true }),
  { call: 'Maintenance.HashKV' },
  { call: 'Maintenance.HashKV', request: { revision: current as never } },
  { send: 'w', request: { create_request: { ...all, start_revision: current as never, prev_kv: true } } },
  { settle: true },
  put('k', '1'),
  txn([op.put('k', 'new'), op.del('k', beyond)]),
  txn([op.del('k', beyond), op.put('k', 'newer')]),
  put('other'),
  { call: 'Maintenance.HashKV' },
  { restart: 'SIGKILL' },
  rangeAll,
  { call: 'Maintenance.HashKV' },
  compact({ revision: current, physical: true }),
  rangeAll,
  { call: 'Maintenance.HashKV', request: { revision: current as never } },
  { restart: 'SIGTERM' },
  rangeAll,
  put('k', 'last'),
  { call: 'Maintenance.HashKV' },
];

/** Compaction at every edge, and what can be read, watched and hashed after it. */
export const compaction: readonly Step[] = [
  { call: 'KV.Compact', request: { revision: 0 } },
  { call: 'Maintenance.HashKV', request: { revision: 0 } },
  { call: 'KV.Compact', request: { revision: 0 } },
  { call: 'KV.Compact', request: { revision: -1 } },
  { call: 'KV.Compact', request: { revision: 1 } },
  { call: 'KV.Compact', request: { revision: 2 } },
  put('a', '1'),
  put('b', '1'),
  put('a', '2'),
  { call: 'KV.DeleteRange', request: { key: 'b' } },
  put('b', '2'),
  put('a', '3'),
  { call: 'KV.DeleteRange', request: { key: 'a' } },
  { call: 'KV.Compact', request: { revision: 5, physical: true } },
  { call: 'Maintenance.HashKV' },
  ...[-5, -1, 3, 4, 5, 6, 7, 8, 9].flatMap((revision): Step[] => [
    { call: 'KV.Range', request: { ...all, revision } },
    { call: 'Maintenance.HashKV', request: { revision } },
    txn([op.put('t'), op.get('a', { revision })]),
  ]),
  { open: 'w', method: 'Watch.Watch' },
  ...[1, 4, 5, 6, 7, 8].flatMap((start_revision): Step[] => [
    { send: 'w', request: { create_request: { ...all, start_revision, prev_kv: true } } },
    { settle: true },
  ]),
  { call: 'KV.Compact', request: { revision: 5 } },
  { call: 'KV.Compact', request: { revision: 4 } },
  { call: 'KV.Compact', request: { revision: 8, physical: true } },
  { call: 'Maintenance.HashKV' },
  { send: 'w', request: { create_request: { ...all, start_revision: 8 } } },
  { send: 'w', request: { create_request: { ...all, start_revision: 7 } } },
  { settle: true },
  compact({ revision: current, physical: true }),
  // Compactions remember what they hashed; of the ten newest it can be asked for.
  ...Array.from({ length: 15 }, (_, i): Step => ({
    call: 'Maintenance.HashKV',
    request: { revision: i - 1 },
  })),
  compact({ revision: { ref: 'revision', plus: 1 } }),
  ...Array.from({ length: 9 }, (_, i): Step[] => [
    put(`more${i % 4}`, String(i)),
    compact({ revision: current, physical: true }),
  ]).flat(),
  ...Array.from({ length: 24 }, (_, i): Step => ({ call: 'Maintenance.HashKV', request: { revision: i } })),
  { restart: 'SIGKILL' },
  { call: 'Maintenance.HashKV' },
  rangeAll,
  // The newest revision was a deletion and is compacted: it must not be given out again.
  { call: 'KV.DeleteRange', request: all },
  { call: 'KV.Compact', request: { revision: { ref: 'revision' } as never, physical: true } },
  { restart: 'SIGKILL' },
  rangeAll,
  put('again'),
  { call: 'Maintenance.HashKV' },
];
