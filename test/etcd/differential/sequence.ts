import { Choices } from './random.ts';
import type { Step } from './step.ts';
import type { Fields, Value } from './wire.ts';

/**
 * Random sequences of data: few keys and few leases, so that commands meet; every edge of the facts about etcd's API now and
 * then. What times out or ends a server is left to the scripts; a compaction of just the revision that deletes a key and puts it
 * again ends etcd, and may come about once in thousands of sequences.
 */

const keys = ['a', 'a\0', 'ab', 'b', 'c', 'c/1', 'c/2', '\0', '\xff', '\xff\xff', 'b\xe4\xb6'];
const ends = [...keys, 'b', 'd', 'c0', '\0', '\0'];
const values = ['', 'x', 'y', 'zz', '\0\xff'];
export const leases = [11, 12, 13, 14];
const newestLease = 2n ** 63n - 1n;

/** The sequence of a seed: `length` steps and the comparisons of streams in between. */
export function dataSequence(seed: number, length: number): Step[] {
  const choices = new Choices(seed);
  const steps: Step[] = [];
  const streams = ['w0', 'w1'];
  const opened = streams.map((open): Step => ({ open, method: 'Watch.Watch' }));
  steps.push(...opened);
  let restarted = false;
  for (let i = 0; i < length; i++) {
    steps.push(
      ...choices.weighted<Step[]>([
        [30, () => [{ call: 'KV.Put', request: putRequest(choices) }]],
        [14, () => [{ call: 'KV.Range', request: rangeRequest(choices) }]],
        [10, () => [{ call: 'KV.DeleteRange', request: deleteRequest(choices) }]],
        [20, () => [{ call: 'KV.Txn', request: survivable(txnRequest(choices, 3)) }]],
        [3, () => compaction(choices)],
        [8, () => lease(choices, restarted)],
        [8, () => [{ send: choices.one(streams), request: watchRequest(choices) }, { settle: true }]],
        [1, () => progress(choices.one(streams))],
        [2, () => [{ call: 'Maintenance.HashKV', request: { revision: revision(choices) } }]],
        [1, () => [choices.one(maintenance)]],
        [0.3, () => [{ settle: true }, { restart: choices.one(['SIGTERM', 'SIGKILL']) }, ...opened]],
      ]),
    );
    restarted = steps.some((step) => 'restart' in step);
    if (choices.chance(0.15)) steps.push({ settle: true });
  }
  return steps;
}

const maintenance: readonly Step[] = [
  { call: 'Maintenance.Status' },
  { call: 'Maintenance.Alarm' },
  { call: 'Maintenance.Defragment' },
  { call: 'Maintenance.Hash' },
  { call: 'Cluster.MemberList', request: { linearizable: true } },
  { call: 'Auth.AuthStatus' },
];

/** Progress is told only when every watcher has caught up, which a server may take a tenth of a second for. */
function progress(stream: string): Step[] {
  return [
    { settle: true, quietMillis: 350 },
    { send: stream, request: { progress_request: {} } },
    { settle: true, quietMillis: 60 },
  ];
}

export function putRequest(choices: Choices): Fields {
  return {
    key: choices.chance(0.02) ? '' : choices.one(keys),
    ...(choices.chance(0.9) && { value: choices.one(values) }),
    ...(choices.chance(0.25) && { lease: leaseId(choices) }),
    ...(choices.chance(0.3) && { prev_kv: true }),
    ...(choices.chance(0.07) && { ignore_value: true }),
    ...(choices.chance(0.07) && { ignore_lease: true }),
  };
}

export function span(choices: Choices): Fields {
  return {
    ...(choices.chance(0.97) && { key: choices.one(keys) }),
    ...(choices.chance(0.6) && { range_end: choices.one(ends) }),
  };
}

export function rangeRequest(choices: Choices, inTxn = false): Fields {
  const sort = !inTxn && choices.chance(0.4);
  return {
    ...span(choices),
    ...(choices.chance(0.3) && { limit: choices.one([1, 2, 3, 100, 0, -1]) }),
    ...(choices.chance(0.25) && { revision: revision(choices) }),
    ...(sort && { sort_order: choices.below(3), sort_target: choices.below(5) }),
    ...(choices.chance(0.3) && { serializable: true }),
    ...(choices.chance(0.1) && { keys_only: true }),
    ...(choices.chance(0.1) && { count_only: true }),
    ...(choices.chance(0.07) && { min_mod_revision: revision(choices) }),
    ...(choices.chance(0.07) && { max_mod_revision: revision(choices) }),
    ...(choices.chance(0.07) && { min_create_revision: revision(choices) }),
    ...(choices.chance(0.07) && { max_create_revision: revision(choices) }),
  };
}

export function deleteRequest(choices: Choices): Fields {
  return { ...span(choices), ...(choices.chance(0.4) && { prev_kv: true }) };
}

/** etcd dies of a put that is to keep what the same transaction has deleted before, which it does not notice with these ends. */
export function survivable(txn: Fields): Fields {
  return deletesWithoutEnd(txn) ? (withoutIgnoring(txn) as Fields) : txn;
}

function deletesWithoutEnd(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some((one: Value) => deletesWithoutEnd(one));
  if (typeof value !== 'object' || value instanceof Uint8Array) return false;
  const { request_delete_range: deletion, ...rest } = value as Fields;
  return (
    (deletion as Fields | undefined)?.['range_end'] === '\0' ||
    Object.values(rest).some((one) => deletesWithoutEnd(one))
  );
}

function withoutIgnoring(value: Value): Value {
  if (Array.isArray(value)) return value.map((one: Value) => withoutIgnoring(one));
  if (typeof value !== 'object' || value instanceof Uint8Array) return value;
  const kept = Object.entries(value as Fields).filter(([name]) => !name.startsWith('ignore_'));
  return Object.fromEntries(
    kept.map(([name, one]) => [name, one === undefined ? one : withoutIgnoring(one)]),
  ) as Fields;
}

export function txnRequest(choices: Choices, depth: number): Fields {
  const several = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: choices.below(most + 1) }, make);
  const compare = several(2, () => compareRequest(choices));
  const success = several(3, () => requestOp(choices, depth));
  const failure = several(2, () => requestOp(choices, depth));
  return {
    ...(compare.length > 0 && { compare }),
    ...(success.length > 0 && { success }),
    ...(failure.length > 0 && { failure }),
  };
}

function requestOp(choices: Choices, depth: number): Fields {
  return choices.weighted<Fields>([
    [35, () => ({ request_put: putRequest(choices) })],
    [25, () => ({ request_range: rangeRequest(choices, true) })],
    [15, () => ({ request_delete_range: deleteRequest(choices) })],
    [depth > 1 ? 20 : 0, () => ({ request_txn: txnRequest(choices, depth - 1) })],
    [1, () => ({})],
  ]);
}

function compareRequest(choices: Choices): Fields {
  const target = choices.below(5);
  const operands: Fields[] = [
    { version: choices.below(3) },
    { create_revision: choices.chance(0.5) ? 0 : revision(choices) },
    { mod_revision: choices.chance(0.5) ? 0 : revision(choices) },
    { value: choices.one(values) },
    { lease: choices.chance(0.5) ? 0 : choices.one(leases) },
  ];
  return {
    result: choices.below(4),
    target,
    ...span(choices),
    // Now and then the operand belongs to another target, or there is none.
    ...(choices.chance(0.93) && operands[choices.chance(0.96) ? target : choices.below(5)]),
  };
}

/** Near the newest revision: read by whom the sequence is played. */
function revision(choices: Choices): Fields | number {
  return choices.weighted<Fields | number>([
    [10, () => ({ ref: 'revision', plus: -choices.below(8) })],
    [2, () => ({ ref: 'revision', plus: -choices.below(30) })],
    [1, () => ({ ref: 'revision', plus: 1 })],
    [1, () => choices.one([0, 1, -1])],
  ]);
}

/** Not before 0: 3.5 gives such a watch an id before it refuses it, and loses other watches' events (etcd#20709). */
function startRevision(choices: Choices): Fields | number {
  const start = revision(choices);
  return typeof start === 'number' ? Math.max(0, start) : { ...start, least: 0 };
}

/** What it has hashed is remembered when it is complete. */
function compaction(choices: Choices): Step[] {
  const physical = choices.chance(0.6);
  const call: Step = {
    call: 'KV.Compact',
    request: { revision: revision(choices), ...(physical && { physical }) },
  };
  return physical ? [call] : [call, { sleepMillis: 60 }];
}

function leaseId(choices: Choices): number | bigint {
  return choices.chance(0.85) ? choices.one(leases) : choices.one([99, -1, newestLease]);
}

/** They are listed by when they end: after a restart all begin anew together, and etcd lists them in any order. */
function lease(choices: Choices, restarted: boolean): Step[] {
  const id = leaseId(choices);
  return choices.weighted<Step[]>([
    [
      8,
      () => [
        { call: 'Lease.LeaseGrant', request: { TTL: choices.one([60, 100, 1000, 9_000_000_000]), ID: id } },
      ],
    ],
    [
      1,
      () => [{ call: 'Lease.LeaseGrant', request: { TTL: choices.one([9_000_000_001, 2n ** 62n]), ID: id } }],
    ],
    [4, () => [{ call: 'Lease.LeaseRevoke', request: { ID: id } }]],
    [4, () => [{ call: 'Lease.LeaseTimeToLive', request: { ID: id, keys: choices.chance(0.7) } }]],
    [2, () => (restarted ? [] : [{ call: 'Lease.LeaseLeases' }])],
    [
      2,
      () => [
        { open: 'keepalive', method: 'Lease.LeaseKeepAlive' },
        { send: 'keepalive', request: { ID: id } },
        { settle: true },
        { cancel: 'keepalive' },
      ],
    ],
  ]);
}

function watchRequest(choices: Choices): Fields {
  return choices.weighted<Fields>([
    [
      8,
      () => ({
        create_request: {
          ...span(choices),
          ...(choices.chance(0.5) && { start_revision: startRevision(choices) }),
          ...(choices.chance(0.4) && { prev_kv: true }),
          ...(choices.chance(0.2) && { filters: [choices.one([0, 1])] }),
          ...(choices.chance(0.1) && { watch_id: choices.below(20) }),
          ...(choices.chance(0.1) && { fragment: true }),
          ...(choices.chance(0.1) && { progress_notify: true }),
        },
      }),
    ],
    [2, () => ({ cancel_request: { watch_id: choices.below(6) } })],
    [0.3, () => ({})],
  ]);
}
