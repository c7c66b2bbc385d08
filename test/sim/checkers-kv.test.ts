import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { searchKv } from '../../sim/checkers/kv-search.ts';
import { Linearizable } from '../../sim/checkers/linearizable.ts';
import { NoTimeTravel } from '../../sim/checkers/no-time-travel.ts';
import { checkRevisions } from '../../sim/checkers/revision-order.ts';
import type { KvCall, KvOperation, KvOutcome } from '../../sim/kv-history.ts';
import { performKvOperation } from '../../sim/workloads/kv-operation.ts';
import type { EtcdClient, ResponseHeader } from '../../src/etcd/client.ts';
import { Store } from '../../src/mvcc/store.ts';
import { noMember, term } from '../../src/raft/types.ts';
import { applied, put, verdict, type Fact } from './checkers-stories.ts';

const stepsMax = 100_000;

/** Calls on key k, one after the other unless times are given: [operation, outcome, call, return]. */
function history(...calls: [KvOperation, KvOutcome, number?, number?][]): KvCall[] {
  return calls.map(([operation, outcome, callTime, returnTime], i) => ({
    client: `c${i}`,
    operation,
    outcome,
    callMillis: i,
    callTime: callTime ?? 2 * i,
    returnTime: outcome.type === 'unknown' ? Infinity : (returnTime ?? 2 * i + 1),
  }));
}

const write = (value: string): KvOperation => ({ type: 'put', key: 'k', value });
const read: KvOperation = { type: 'get', key: 'k' };
const cas = (from: string | undefined, to: string): KvOperation => ({ type: 'cas', key: 'k', from, to });
const erase: KvOperation = { type: 'delete', key: 'k' };
const wrote = (at: number): KvOutcome => ({ type: 'put', revision: at });
const got = (value: string | undefined, modRevision: number, at = modRevision): KvOutcome => ({
  type: 'got',
  value,
  modRevision,
  revision: at,
});
const swapped = (succeeded: boolean, at: number): KvOutcome => ({ type: 'cas', succeeded, revision: at });
const unknown: KvOutcome = { type: 'unknown' };

const good: Readonly<Record<string, KvCall[]>> = {
  'writes and reads in turn': history(
    [write('1'), wrote(2)],
    [read, got('1', 2)],
    [write('2'), wrote(3)],
    [read, got('2', 3)],
  ),
  'a read during a write sees the old value': history(
    [write('1'), wrote(2)],
    [write('2'), wrote(3), 10, 20],
    [read, got('1', 2, 2), 11, 12],
  ),
  'a read during a write sees the new value': history(
    [write('1'), wrote(2)],
    [write('2'), wrote(3), 10, 20],
    [read, got('2', 3), 11, 12],
  ),
  'an unknown write took effect later': history(
    [write('1'), wrote(2)],
    [write('2'), unknown],
    [read, got('1', 2)],
    [read, got('2', 3)],
  ),
  'an unknown write never took effect': history(
    [write('1'), wrote(2)],
    [write('2'), unknown],
    [read, got('1', 2)],
    [read, got('1', 2)],
  ),
  'compare and swap': history(
    [cas(undefined, '1'), swapped(true, 2)],
    [cas('0', '9'), swapped(false, 2)],
    [cas('1', '2'), swapped(true, 3)],
    [read, got('2', 3)],
  ),
  delete: history(
    [write('1'), wrote(2)],
    [erase, { type: 'deleted', count: 1, revision: 3 }],
    [read, got(undefined, 0, 3)],
    [erase, { type: 'deleted', count: 0, revision: 3 }],
  ),
};

const bad: Readonly<Record<string, KvCall[]>> = {
  'a stale read': history([write('1'), wrote(2)], [write('2'), wrote(3)], [read, got('1', 2, 2)]),
  'a lost write': history([write('1'), wrote(2)], [read, got(undefined, 0, 2)]),
  'reads that go back': history(
    [write('1'), wrote(2)],
    [write('2'), wrote(3), 10, 30],
    [read, got('2', 3), 11, 12],
    [read, got('1', 2, 2), 13, 14],
  ),
  'a value from nowhere': history([write('1'), wrote(2)], [read, got('7', 2)]),
  'two swaps from one value': history(
    [write('1'), wrote(2)],
    [cas('1', '2'), swapped(true, 3), 10, 20],
    [cas('1', '3'), swapped(true, 4), 11, 21],
  ),
  'a delete that found a deleted key': history(
    [write('1'), wrote(2)],
    [erase, { type: 'deleted', count: 1, revision: 3 }],
    [erase, { type: 'deleted', count: 1, revision: 4 }],
  ),
};

/** Pairs, counts and whether there is more. */
const listed = (
  at: number,
  pairs: [string, string, number][],
  count = pairs.length,
  more = false,
): KvOutcome => ({
  type: 'ranged',
  revision: at,
  pairs: pairs.map(([key, value, modRevision]) => ({ key, value, modRevision })),
  count,
  more,
});
const list = (options: Partial<KvOperation & { type: 'range' }> = {}): KvOperation => ({
  type: 'range',
  key: 'k',
  rangeEnd: 'l',
  ...options,
});
const putOf = (key: string, value: string, lease?: bigint): KvOperation => ({
  type: 'put',
  key,
  value,
  ...(lease === undefined ? {} : { lease }),
});
/** Moves a value from k1 to k2, if k1 holds it. */
const move = (value: string, to: string): KvOperation => ({
  type: 'txn',
  compare: [{ key: 'k1', value }],
  success: [
    { type: 'delete', key: 'k1' },
    { type: 'put', key: 'k2', value: to },
    { type: 'get', key: 'k2' },
  ],
  failure: [{ type: 'get', key: 'k1' }],
});
const moved = (to: string, at: number): KvOutcome => ({
  type: 'txn',
  revision: at,
  succeeded: true,
  results: [{ type: 'deleted', count: 1 }, { type: 'put' }, { type: 'got', value: to, modRevision: at }],
});

const goodOfMany: Readonly<Record<string, KvCall[]>> = {
  'a range and a count': history(
    [putOf('k1', 'a'), wrote(2)],
    [putOf('k2', 'b'), wrote(3)],
    [list({ limit: 1 }), listed(3, [['k1', 'a', 2]], 2, true)],
    [list({ countOnly: true }), listed(3, [], 2)],
  ),
  'a transaction over two keys': history(
    [putOf('k1', 'a'), wrote(2)],
    [move('a', 'b'), moved('b', 3)],
    [list(), listed(3, [['k2', 'b', 3]])],
  ),
  'keys that went with their lease': history(
    [putOf('k1', 'a', 7n), wrote(2)],
    [putOf('k2', 'b', 7n), wrote(3)],
    [list(), listed(4, [])],
  ),
};

const badOfMany: Readonly<Record<string, KvCall[]>> = {
  'half of a transaction': history(
    [putOf('k1', 'a'), wrote(2)],
    [move('a', 'b'), moved('b', 3)],
    [
      list(),
      listed(3, [
        ['k1', 'a', 2],
        ['k2', 'b', 3],
      ]),
    ],
  ),
  'a range that forgets a key': history(
    [putOf('k1', 'a'), wrote(2)],
    [putOf('k2', 'b'), wrote(3)],
    [list(), listed(3, [['k2', 'b', 3]])],
  ),
  'a wrong count': history([putOf('k1', 'a'), wrote(2)], [list({ countOnly: true }), listed(2, [], 2)]),
  'a limit that hides nothing': history(
    [putOf('k1', 'a'), wrote(2)],
    [list({ limit: 1 }), listed(2, [['k1', 'a', 2]], 1, true)],
  ),
  'half of a lease': history(
    [putOf('k1', 'a', 7n), wrote(2)],
    [putOf('k2', 'b', 7n), wrote(3)],
    [list(), listed(4, [['k2', 'b', 3]])],
  ),
};

describe('linearizability', () => {
  for (const [name, calls] of [...Object.entries(good), ...Object.entries(goodOfMany)]) {
    it(`accepts: ${name}`, () => {
      expect(searchKv(calls, stepsMax)).toBeUndefined();
      // Without the store's history nobody can know when a lease ended.
      if (!name.includes('lease')) expect(checkRevisions(calls)).toBeUndefined();
    });
  }
  for (const [name, calls] of [...Object.entries(bad), ...Object.entries(badOfMany)]) {
    it(`refuses: ${name}`, () => {
      expect(searchKv(calls, stepsMax)).toContain(`no order of the ${calls.length} calls on k`);
      expect(checkRevisions(calls)).toBeTypeOf('string');
    });
  }

  it('names what contradicts: by revision', () => {
    expect(checkRevisions(bad['a stale read']!)).toBe(
      'the get of k by c2 at 2.000 ms has revision 2, though the put of k by c1 at 1.000 ms had returned with revision 3 before it began',
    );
    expect(checkRevisions(bad['a lost write']!)).toBe(
      'the get of k by c1 at 1.000 ms is of revision 2, but it returned nothing where the value is "1" of revision 2',
    );
    expect(checkRevisions(badOfMany['a range that forgets a key']!)).toBe(
      'the range of [k, l) by c2 at 2.000 ms is of revision 3, but it counted 1 keys where there are 2',
    );
    const twice = history([write('1'), wrote(2), 0, 9], [write('2'), wrote(2), 1, 8]);
    expect(checkRevisions(twice)).toBe(
      'the put of k by c0 at 0.000 ms and the put of k by c1 at 1.000 ms are both revision 2',
    );
  });

  it('names what contradicts: by the longest order that there is', () => {
    expect(searchKv(bad['a stale read']!, stepsMax)).toBe(
      'no order of the 3 calls on k explains their outcomes: the longest order has 2, the last of them ' +
        'the put of k by c0 at 0.000 ms ("1"), then the put of k by c1 at 1.000 ms ("2"); behind it k = "2", ' +
        'but the get of k by c2 at 2.000 ms returned "1" and fits neither there nor before',
    );
  });

  it('compares with what the store did: an acknowledged write that another one took the place of', () => {
    const calls = history([write('1'), wrote(2)]);
    const truth = new Map([[2, [{ key: 'k', value: '0' }]]]);
    expect(checkRevisions(calls, truth)).toBe(
      'the put of k by c0 at 0.000 ms was told revision 2, which holds "0" in k in place of "1" in k',
    );
    expect(checkRevisions(calls, new Map())).toContain('changed none of the clients’ keys');
  });

  it('lets serializable reads be stale, and no read lie about its revision', () => {
    const stale: KvOperation = { type: 'get', key: 'k', serializable: true };
    const late = history([write('1'), wrote(2)], [write('2'), wrote(3)], [stale, got('1', 2, 2)]);
    expect(checkRevisions(late)).toBeUndefined();
    expect(searchKv(late, stepsMax)).toBeUndefined();
    const lie = history([write('1'), wrote(2)], [write('2'), wrote(3)], [stale, got('1', 2, 3)]);
    expect(checkRevisions(lie)).toContain('the serializable get of k');
    const past: KvOperation = { type: 'get', key: 'k', revision: 2 };
    const two = history([write('1'), wrote(2)], [write('2'), wrote(3)], [past, got('1', 2, 3)]);
    expect(checkRevisions(two)).toBeUndefined();
    expect(searchKv(two, stepsMax)).toBeUndefined();
    const wrong = history([write('1'), wrote(2)], [write('2'), wrote(3)], [past, got('2', 3, 3)]);
    expect(checkRevisions(wrong)).toContain('at revision 2');
  });

  it('no-time-travel: a connection never shows an older revision than before', () => {
    const serializable: KvOperation = { type: 'get', key: 'k', serializable: true };
    const asks = (connection: string, at: number): Fact[] => [
      { type: 'client-call', client: 'c', operation: serializable, node: 'server-1', connection },
      { type: 'client-return', client: 'c', outcome: got('1', 2, at) },
    ];
    expect(verdict(new NoTimeTravel(), [...asks('1', 5), ...asks('1', 5), ...asks('2', 3)])).toBeUndefined();
    expect(verdict(new NoTimeTravel(), [...asks('1', 5), ...asks('1', 3)])).toBe(
      'the serializable get of k by c through server-1 at 0.000 ms shows revision 3, though the serializable get of k ' +
        'by c through server-1 at 0.000 ms had shown revision 5 on the same connection',
    );
  });

  it('gives up on a history that is too hard, instead of judging it', () => {
    const calls = history(
      ...Array.from({ length: 24 }, (_, i): [KvOperation, KvOutcome, number, number] => [
        write(String(i)),
        wrote(i + 2),
        i,
        1000,
      ]),
      [read, got('no', 1), 2000, 2001],
    );
    expect(searchKv(calls, 1000)).toBeUndefined();
  });

  it('is done when all that returned has its place, however many calls never did', () => {
    const lost = Array.from({ length: 300 }, (_, i): [KvOperation, KvOutcome] => [
      write(`lost ${i}`),
      unknown,
    ]);
    const calls = history(...lost, [write('1'), wrote(2)], [read, got('1', 2)], [read, got('lost 7', 3)]);
    expect(searchKv(calls, 2000)).toBeUndefined();
  });

  it('needs both judges: revisions may lie consistently', () => {
    // The store pretends that the second write came before the first, though it began after the first returned.
    const liar = new Linearizable();
    const facts: Fact[] = [
      { type: 'client-call', client: 'c', operation: write('1') },
      { type: 'client-return', client: 'c', outcome: wrote(2) },
      { type: 'client-call', client: 'c', operation: write('2') },
      { type: 'client-return', client: 'c', outcome: wrote(3) },
      { type: 'client-call', client: 'c', operation: read },
      { type: 'client-return', client: 'c', outcome: got('1', 4) },
      applied(2, put('k', '1', 2)),
      applied(3, put('k', '2', 3)),
      applied(4, put('k', '1', 4)),
    ];
    expect(verdict(liar, facts)).toContain('no order of the 3 calls');
  });

  it('agrees with a real store under overlapping calls of all kinds, and finds what is changed in any answer', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ client: fc.nat(3), draw: fc.nat(1_000_000) }), { minLength: 4, maxLength: 80 }),
        fc.nat(),
        async (schedule, victim) => {
          const calls = await play(schedule);
          expect(checkRevisions(calls)).toBeUndefined();
          expect(searchKv(calls, stepsMax)).toBeUndefined();
          const read = calls.filter(({ outcome }) => outcome.type === 'got' || outcome.type === 'ranged');
          const changed = read[victim % Math.max(1, read.length)];
          if (changed === undefined) return;
          changed.outcome = corrupted(changed.outcome);
          expect(checkRevisions(calls)).toBeTypeOf('string');
          expect(searchKv(calls, stepsMax)).toBeTypeOf('string');
        },
      ),
      { numRuns: 200 },
    ));
});

function corrupted(outcome: KvOutcome): KvOutcome {
  if (outcome.type === 'got') return { ...outcome, value: 'corrupt' };
  if (outcome.type !== 'ranged') return outcome;
  // More keys than there are: one more could be the work of a call that never returned.
  return { ...outcome, count: outcome.count + 3 };
}

/** An operation on three keys. */
function operationOf(draw: number, value: string): KvOperation {
  const key = `k${draw % 3}`;
  const other = `k${(draw + 1) % 3}`;
  switch (Math.floor(draw / 3) % 8) {
    case 0:
    case 1:
      return { type: 'get', key };
    case 2:
      return { type: 'cas', key, from: undefined, to: value };
    case 3:
      return { type: 'delete', key };
    case 4:
      return list({ limit: draw % 4 });
    case 5:
      return {
        type: 'txn',
        compare: [{ key, value: undefined }],
        success: [
          { type: 'put', key, value },
          { type: 'delete', key: other },
        ],
        failure: [
          { type: 'delete', key },
          { type: 'get', key },
          { type: 'get', key: other },
          { type: 'put', key: other, value },
        ],
      };
    default:
      return { type: 'put', key, value };
  }
}

/** Four clients with overlapping calls on a store that serves each at a random moment of it. */
async function play(
  schedule: readonly { readonly client: number; readonly draw: number }[],
): Promise<KvCall[]> {
  const etcd = clientOf(new Store());
  const calls: KvCall[] = [];
  const open = new Map<number, KvCall>();
  let time = 0;
  for (const { client, draw } of schedule) {
    time++;
    const call = open.get(client);
    if (call === undefined) {
      const fresh: KvCall = {
        client: `c${client}`,
        operation: operationOf(draw, `v${time}`),
        callTime: time,
        callMillis: time,
        returnTime: Infinity,
        outcome: unknown,
      };
      calls.push(fresh);
      open.set(client, fresh);
    } else if (call.outcome.type === 'unknown') {
      call.outcome = await performKvOperation(etcd, call.operation);
    } else {
      call.returnTime = time;
      open.delete(client);
    }
  }
  for (const call of open.values()) if (call.outcome.type !== 'unknown') call.returnTime = ++time;
  return calls;
}

/** A store alone, as its clients see it. */
function clientOf(store: Store): EtcdClient {
  const answer = <T>(result: { ok: true; value: T } | { ok: false }): T & { header: ResponseHeader } => {
    if (!result.ok) throw new Error('refused');
    const header = { clusterId: '', memberId: noMember, revision: store.revision, raftTerm: term(1) };
    return { ...result.value, header };
  };
  const calls: Partial<EtcdClient> = {
    range: (request) => Promise.resolve(answer(store.range(request))),
    put: (request) => Promise.resolve(answer(store.put(request))),
    deleteRange: (request) => Promise.resolve(answer(store.deleteRange(request))),
    txn: (request) => Promise.resolve(answer(store.txn(request))),
  };
  return calls as EtcdClient;
}
