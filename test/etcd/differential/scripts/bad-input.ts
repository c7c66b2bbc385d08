import type { Step } from '../step.ts';
import type { Value } from '../wire.ts';

const invalidUtf8 = Uint8Array.from([0xff, 0xfe, 0x80]);
const raw = (call: string, bytes: string): Step => ({ call, raw: bytes });
const big = (length: number): string => 'x'.repeat(length);
const mebibyte = 1024 * 1024;

/**
 * What a real etcd 3.5 dies of: an unknown sort target, an unknown alarm or alarm action, a member without URLs; a key that
 * is deleted and put in one transaction, when its value is to stay, or when just that revision is compacted. Nothing to
 * compare; drydock has to live.
 */
export const deadly: readonly Step[] = [
  { call: 'Cluster.MemberList', bind: { self: 'members.0.ID' } },
  { call: 'Cluster.MemberUpdate', request: { ID: { ref: 'self' } } },
  ...[-1, 5, 99, 2 ** 31 - 1].flatMap((edge): Step[] => [
    { call: 'KV.Range', request: { key: 'a', sort_order: 1, sort_target: edge } },
    { call: 'KV.Range', request: { key: 'a', sort_order: edge, sort_target: edge } },
    { call: 'Maintenance.Alarm', request: { action: edge } },
    { call: 'Maintenance.Alarm', request: { action: 1, alarm: edge } },
  ]),
  { call: 'KV.Put', request: { key: 'k', value: '1' } },
  {
    call: 'KV.Txn',
    request: {
      success: [
        { request_delete_range: { key: 'k', range_end: '\0' } },
        { request_put: { key: 'k', ignore_value: true } },
      ],
    },
  },
  {
    call: 'KV.Txn',
    request: {
      success: [
        { request_delete_range: { key: 'k', range_end: '\0' } },
        { request_put: { key: 'k', value: '2' } },
      ],
    },
  },
  { call: 'KV.Compact', request: { revision: { ref: 'revision' }, physical: true } },
  { call: 'KV.Range', request: { key: 'k' } },
];

/** Requests that no well-behaved client makes. */
export const badInput: readonly Step[] = [
  // Unknown fields of every wire type are passed over, in requests and inside of them.
  { call: 'KV.Put', request: { key: 'a', value: '1' }, raw: '\xf8\x07\x05' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\xfa\x07\x03abc' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\xf9\x0712345678' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\xfd\x071234' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\xfb\x07\x08\x01\xfc\x07' },
  { call: 'KV.Txn', request: { success: [Uint8Array.from([0xf8, 0x07, 1])] as Value[] } },
  { call: 'KV.Txn', request: { compare: [Uint8Array.from([0xf8, 0x07, 1])] as Value[] } },
  // The last of a field that comes twice counts; bools and numbers may be longer than they need be.
  { call: 'KV.Range', request: { key: 'nothing' }, raw: '\x0a\x01a' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\x48\x02' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\x48\x80\x00' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\x18\x81\x80\x80\x80\x00' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f' },
  { call: 'KV.Range', request: { key: 'a' }, raw: '\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01' },
  // Bytes that are no message.
  ...[
    '\x0a',
    '\x0a\x05a',
    '\x00',
    '\x07',
    '\x0e\x00',
    '\x0c',
    '\x0b',
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
    '\x08\x01',
  ].flatMap((bytes) => [
    raw('KV.Range', bytes),
    raw('KV.Put', bytes),
    raw('KV.Txn', bytes),
    raw('Auth.UserAdd', bytes),
  ]),
  raw('KV.Txn', '\x12\x01\x0a'),
  raw('KV.Txn', '\x12\x03\x0a\x05a'),
  raw('KV.Txn', '\x12\xff\xff\xff\xff\x0f'),
  // Text that is none.
  { call: 'Auth.UserAdd', request: { name: invalidUtf8, password: 'x' } },
  { call: 'Auth.UserGet', request: { name: invalidUtf8 } },
  { call: 'Auth.RoleAdd', request: { name: invalidUtf8 } },
  { call: 'Cluster.MemberAdd', request: { peerURLs: [invalidUtf8] } },
  { call: 'Maintenance.Downgrade', request: { version: invalidUtf8 } },
  { call: 'Health.Check', request: { service: invalidUtf8 } },
  // Limits, revisions and times at the ends of 64 bits.
  ...[-1, -(2n ** 63n), 2n ** 63n - 1n].flatMap((edge, i): Step[] => [
    { call: 'KV.Range', request: { key: 'a', limit: edge } },
    { call: 'KV.Range', request: { key: 'a', revision: edge } },
    { call: 'KV.Range', request: { key: 'a', min_create_revision: edge } },
    { call: 'KV.Put', request: { key: 'a', lease: edge } },
    { call: 'KV.Compact', request: { revision: edge } },
    // They live for a second, too short to meet the next.
    { call: 'Lease.LeaseGrant', request: { TTL: edge, ID: 5 + i } },
    { call: 'Lease.LeaseRevoke', request: { ID: edge } },
    { call: 'Lease.LeaseTimeToLive', request: { ID: edge } },
    { call: 'Maintenance.HashKV', request: { revision: edge } },
    { call: 'KV.Txn', request: { compare: [{ key: 'a', target: 0, version: edge }] } },
    { call: 'KV.Txn', request: { compare: [{ key: 'a', target: 4, lease: edge, result: 2 }] } },
    { call: 'Cluster.MemberRemove', request: { ID: edge } },
    { call: 'Maintenance.MoveLeader', request: { targetID: edge } },
  ]),
  // Enums beyond their ends.
  ...[-1, 5, 99, 2 ** 31 - 1].flatMap((edge): Step[] => [
    { call: 'KV.Range', request: { key: 'a', sort_order: edge } },
    { call: 'KV.Range', request: { key: 'a', sort_order: edge, sort_target: 1 } },
    { call: 'KV.Txn', request: { compare: [{ key: 'a', target: edge, result: 0 }] } },
    { call: 'KV.Txn', request: { compare: [{ key: 'a', target: 0, result: edge }] } },
    { call: 'Auth.RoleGrantPermission', request: { name: 'r', perm: { permType: edge, key: 'a' } } },
  ]),
  // Sizes around the limits: 1.5 MiB of request, half a MiB more of message.
  ...[
    1.5 * mebibyte - 200,
    1.5 * mebibyte - 1,
    1.5 * mebibyte,
    1.5 * mebibyte + 1,
    1_600_000,
    2_097_000,
    2_097_140,
    2_097_152,
    2_200_000,
  ].map((length): Step => ({ call: 'KV.Put', request: { key: 'big', value: big(length) } })),
  { call: 'KV.Put', request: { key: big(1_600_000) } },
  { call: 'KV.Put', request: { key: big(1_000_000) } },
  { call: 'KV.Range', request: { key: big(1_000_000), keys_only: true } },
  { call: 'KV.Range', request: { key: big(1_900_000) } },
  { call: 'KV.Txn', request: { success: [{ request_put: { key: 'x', value: big(1_600_000) } }] } },
  { call: 'Auth.UserAdd', request: { name: big(10_000), password: big(100) } },
  { call: 'Auth.UserAdd', request: { name: 'long', password: big(72) } },
  { call: 'Auth.UserAdd', request: { name: 'longer', password: big(73) } },
  { call: 'Auth.UserAdd', request: { name: 'nul', password: 'a\0b' } },
  // Streams.
  { open: 'w', method: 'Watch.Watch' },
  { send: 'w', request: { create_request: { key: 'a' } }, raw: '\xf8\x07\x05' },
  { send: 'w', request: { create_request: { key: 'a', filters: [-1] } } },
  { send: 'w', request: { cancel_request: { watch_id: 2n ** 63n - 1n } } },
  { settle: true },
  { call: 'KV.Put', request: { key: 'a', value: '1' } },
  { settle: true },
  { send: 'w', request: {}, raw: '\x0a\x05a' },
  { settle: true, quietMillis: 200 },
  { open: 'k', method: 'Lease.LeaseKeepAlive' },
  { send: 'k', request: {}, raw: '\x0a' },
  { settle: true, quietMillis: 200 },
  // Metadata.
  { call: 'KV.Range', request: { key: 'a' }, metadata: { hasleader: 'true' } },
  { call: 'KV.Range', request: { key: 'a' }, metadata: { 'client-api-version': '0.0' } },
  { call: 'KV.Range', request: { key: 'a' }, metadata: { token: 'nonsense' } },
  { call: 'KV.Put', request: { key: 'a', value: '2' }, metadata: { token: 'nonsense' } },
  { call: 'Maintenance.HashKV' },
];
