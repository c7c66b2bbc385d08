import type { Step } from '../step.ts';

const grant = (TTL: number | bigint, ID: number | bigint = 0): Step => ({
  call: 'Lease.LeaseGrant',
  request: { TTL, ID },
  ...(ID === 0 && { bind: { [`granted ${TTL}`]: 'ID' } }),
});
const timeToLive = (ID: unknown, keys = true): Step => ({
  call: 'Lease.LeaseTimeToLive',
  request: { ID: ID as number, keys },
});
const put = (key: string, lease: unknown): Step => ({
  call: 'KV.Put',
  request: { key, value: 'v', lease: lease as number },
});
const all = { key: '\0', range_end: '\0' };

const inOrder = [
  [300, 31],
  [200, 32],
  [400, 33],
  [250, 34],
] as const;

export const leases: readonly Step[] = [
  // Listed by when they end.
  ...inOrder.map(([TTL, ID]) => grant(TTL, ID)),
  { call: 'Lease.LeaseLeases' },
  ...inOrder.map(([, ID]): Step => ({ call: 'Lease.LeaseRevoke', request: { ID } })),
  ...[0, 1, -1, -(2n ** 63n), 3, 9_000_000_000].map((TTL) => grant(TTL)),
  ...[9_000_000_001, 2n ** 63n - 1n].map((TTL) => grant(TTL)),
  grant(100, 1),
  grant(100, 1),
  grant(200, 1),
  grant(9_000_000_001, 1),
  grant(100, -1),
  grant(100, -(2n ** 63n)),
  grant(100, 2n ** 63n - 1n),
  ...[1, -1, 2, 0, -(2n ** 63n), 2n ** 63n - 1n, { ref: 'granted 9000000000' }].flatMap((ID): Step[] => [
    timeToLive(ID),
    timeToLive(ID, false),
  ]),
  put('b', 1),
  put('a', 1),
  put('c', -1),
  timeToLive(1),
  timeToLive(-1),
  { call: 'Lease.LeaseRevoke', request: { ID: 2 } },
  { call: 'Lease.LeaseRevoke', request: { ID: 0 } },
  { call: 'Lease.LeaseRevoke', request: { ID: 2n ** 63n - 1n } },
  { open: 'w', method: 'Watch.Watch' },
  { send: 'w', request: { create_request: { ...all, prev_kv: true } } },
  { settle: true },
  { call: 'Lease.LeaseRevoke', request: { ID: 1 } },
  { settle: true },
  { call: 'KV.Range', request: all },
  timeToLive(1),
  { open: 'k', method: 'Lease.LeaseKeepAlive' },
  ...[-1, 1, 0, 4711, { ref: 'granted 9000000000' }].flatMap((ID): Step[] => [
    { send: 'k', request: { ID: ID as number } },
    { settle: true },
  ]),
  { halfClose: 'k' },
  { settle: true },
  { restart: 'SIGKILL' },
  timeToLive(-1),
  { call: 'Lease.LeaseRevoke', request: { ID: -1 } },
  { call: 'KV.Range', request: all },
];

/** Leases end by themselves: their keys go in one revision, in order, and no sooner than promised. */
export const expiry: readonly Step[] = [
  { open: 'w', method: 'Watch.Watch' },
  { send: 'w', request: { create_request: { ...all, prev_kv: true } } },
  { settle: true },
  grant(1, 21),
  ...['c', 'a', 'b\0', 'b'].map((key) => put(key, 21)),
  { settle: true },
  timeToLive(21),
  // Not yet…
  { call: 'KV.Range', request: all },
  // …and by now: a lease of a second is over after two at most, and revoked within half of one.
  { sleepMillis: 3200 },
  { settle: true },
  timeToLive(21),
  { call: 'KV.Range', request: all },
  // Kept alive, it stays.
  grant(2, 22),
  put('kept', 22),
  { open: 'k', method: 'Lease.LeaseKeepAlive' },
  ...Array.from({ length: 4 }, (): Step[] => [
    { send: 'k', request: { ID: 22 } },
    { settle: true },
    { sleepMillis: 1000 },
  ]).flat(),
  { call: 'KV.Range', request: { ...all, keys_only: true } },
  { sleepMillis: 3500 },
  { settle: true },
  { send: 'k', request: { ID: 22 } },
  { settle: true },
  { call: 'KV.Range', request: all },
];
