import type { Step } from '../step.ts';
import type { Fields } from '../wire.ts';

const put = (key: string, value = ''): Step => ({ call: 'KV.Put', request: { key, value } });
const create = (request: Fields, send = 'w'): Step => ({ send, request: { create_request: request } });
const all = { key: '\0', range_end: '\0' };
const settle: Step = { settle: true };
const settleLong: Step = { settle: true, quietMillis: 400 };

export const watches: readonly Step[] = [
  { open: 'w', method: 'Watch.Watch' },
  { send: 'w', request: {} },
  { send: 'w', request: { progress_request: {} } },
  settleLong,
  // Bounds of every kind.
  create({}),
  create({ key: 'a' }),
  create({ key: 'a', range_end: 'a' }),
  create({ key: 'b', range_end: 'a' }),
  create({ key: 'a', range_end: '\0' }),
  create({ range_end: '\0' }),
  create({ range_end: 'b' }),
  create({ key: 'a', range_end: 'c' }),
  settle,
  // Ids: the server's, the client's, one that is taken, ones at the edges.
  create({ key: 'a', watch_id: 100 }),
  create({ key: 'a', watch_id: 100 }),
  settle,
  create({ key: 'a', watch_id: 2 }),
  create({ key: 'a', watch_id: 8 }),
  create({ key: 'a' }),
  create({ key: 'a' }),
  create({ key: 'a', watch_id: -5 }),
  create({ key: 'a', watch_id: 2n ** 63n - 1n }),
  create({ key: 'a' }),
  settle,
  put('a', '1'),
  put('b', '1'),
  { call: 'KV.DeleteRange', request: { key: 'a' } },
  settle,
  ...[0, 3, 100, 8, 8, 4711, -1, -5].map((watch_id): Step => ({
    send: 'w',
    request: { cancel_request: { watch_id } },
  })),
  settle,
  put('a', '2'),
  settleLong,
  { open: 'before time', method: 'Watch.Watch' },
  create({ ...all, start_revision: -1 }, 'before time'),
  create({ key: 'b', range_end: 'a', start_revision: -2 }, 'before time'),
  create({ key: 'a', start_revision: -(2n ** 63n) }, 'before time'),
  settleLong,
  { cancel: 'before time' },
  settle,
  // Start revisions, with and without what was there before, and filters.
  { open: 'v', method: 'Watch.Watch' },
  ...[0, 1, 2, 3, 4, 5, 6, 7, 100].flatMap((start_revision) => [
    create({ ...all, start_revision, prev_kv: true }, 'v'),
    create({ key: 'a', start_revision, filters: [0] }, 'v'),
    create({ key: 'a', start_revision, filters: [1] }, 'v'),
    create({ key: 'a', start_revision, filters: [0, 1] }, 'v'),
    create({ key: 'a', start_revision, filters: [7] }, 'v'),
    settle,
  ]),
  settleLong,
  {
    call: 'KV.Txn',
    request: {
      success: [
        { request_put: { key: 'a', value: 't' } },
        { request_delete_range: { key: 'b' } },
        { request_put: { key: 'c', value: 't' } },
      ],
    },
  },
  { call: 'KV.DeleteRange', request: all },
  settleLong,
  // The previous value is left out where it is compacted.
  put('p', '1'),
  put('p', '2'),
  put('p', '3'),
  { call: 'KV.Compact', request: { revision: { ref: 'revision', plus: -1 } } },
  { open: 'u', method: 'Watch.Watch' },
  create({ ...all, start_revision: { ref: 'revision', plus: -2 }, prev_kv: true }, 'u'),
  create({ ...all, start_revision: { ref: 'revision', plus: -1 }, prev_kv: true }, 'u'),
  create({ ...all, start_revision: { ref: 'revision' }, prev_kv: true }, 'u'),
  create({ ...all, start_revision: { ref: 'revision', plus: 3 }, prev_kv: true }, 'u'),
  settleLong,
  put('p', '4'),
  put('p', '5'),
  put('p', '6'),
  put('p', '7'),
  settleLong,
  // Half-closed, the stream goes on; cancelled, it is gone.
  { open: 'half', method: 'Watch.Watch' },
  create({ key: 'h' }, 'half'),
  { send: 'half', request: { progress_request: {} } },
  settleLong,
  { halfClose: 'half' },
  { sleepMillis: 200 },
  put('h', '1'),
  settleLong,
  { cancel: 'v' },
  settle,
];

/** Progress on request: only with watchers, only when all have caught up. */
export const progress: readonly Step[] = [
  { open: 'w', method: 'Watch.Watch' },
  create({ key: 'a' }),
  settleLong,
  { send: 'w', request: { progress_request: {} } },
  settle,
  put('b'),
  { send: 'w', request: { progress_request: {} } },
  settle,
  put('a'),
  { send: 'w', request: { progress_request: {} } },
  settleLong,
  { send: 'w', request: { cancel_request: { watch_id: 0 } } },
  settle,
  { send: 'w', request: { progress_request: {} } },
  settleLong,
  create({ key: 'a', start_revision: 2 }),
  settleLong,
  { send: 'w', request: { progress_request: {} } },
  settleLong,
  // One that compaction ended keeps the stream from progress.
  { call: 'KV.Compact', request: { revision: 3 } },
  { open: 'c', method: 'Watch.Watch' },
  create({ key: 'a', start_revision: 2 }, 'c'),
  create({ key: 'a' }, 'c'),
  settleLong,
  { send: 'c', request: { progress_request: {} } },
  settleLong,
];

/** Events larger than a message may be: in fragments for who asked for them. */
export const fragments: readonly Step[] = [
  ...Array.from({ length: 8 }, (_, i): Step => put(`big${i}`, String(i).repeat(700_000))),
  { open: 'w', method: 'Watch.Watch' },
  create({ ...all, start_revision: 2, fragment: true }),
  { settle: true, quietMillis: 600 },
  create({ ...all, start_revision: 2, fragment: false }),
  { settle: true, quietMillis: 600 },
  { call: 'KV.DeleteRange', request: all },
  create({ ...all, start_revision: 10, fragment: true, prev_kv: true }),
  { settle: true, quietMillis: 600 },
];
