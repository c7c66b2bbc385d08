import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Pod } from '../../src/api/types.ts';
import { noLease, revision, type Event } from '../../src/mvcc/types.ts';
import { index, memberId, noMember, term, type Entry } from '../../src/raft/types.ts';
import { ElectionSafety } from '../../sim/checkers/election-safety.ts';
import { LeaderCompleteness } from '../../sim/checkers/leader-completeness.ts';
import { checkRevisions, Linearizable, registerModel } from '../../sim/checkers/linearizable.ts';
import { LogMatching } from '../../sim/checkers/log-matching.ts';
import { NoDoubleBind } from '../../sim/checkers/no-double-bind.ts';
import { NoHotLoop } from '../../sim/checkers/no-hot-loop.ts';
import { NoLostAck } from '../../sim/checkers/no-lost-ack.ts';
import { PodsRunning } from '../../sim/checkers/pods-running.ts';
import { checkers } from '../../sim/checkers/registry.ts';
import { StateMachineSafety } from '../../sim/checkers/state-machine-safety.ts';
import { WatchGapFree } from '../../sim/checkers/watch-gap-free.ts';
import { checkLinearizable } from '../../sim/checkers/wgl.ts';
import type { KvCall, KvOperation, KvOutcome } from '../../sim/kv-history.ts';
import { ObservationBus, type Checker, type Fact } from '../../sim/observations.ts';

const a = memberId('a');
const b = memberId('b');

function entry(at: number, inTerm: number, data = ''): Entry {
  return { index: index(at), term: term(inTerm), type: 'normal', data: encodeUtf8(data) };
}

function put(key: string, value: string, at: number): Event {
  const kv = {
    key,
    value: encodeUtf8(value),
    createRevision: revision(at),
    modRevision: revision(at),
    version: 1,
    lease: noLease,
  };
  return { type: 'put', kv };
}

function remove(key: string, at: number): Event {
  return { type: 'delete', kv: { ...put(key, '', at).kv, value: emptyBytes, version: 0 } };
}

/** What a checker says about a story. */
function verdict(checker: Checker, facts: readonly Fact[]): string | undefined {
  const bus = new ObservationBus(() => 0, [checker]);
  for (const fact of facts) bus.emit(fact);
  return bus.finish()[0]?.message;
}

const leads = (member: typeof a, inTerm: number): Fact => ({
  type: 'role-changed',
  member,
  role: 'leader',
  term: term(inTerm),
  leader: noMember,
});
const saves = (member: typeof a, ...entries: Entry[]): Fact => ({ type: 'entries-saved', member, entries });
const applies = (member: typeof a, what: Entry, stateHash = `state ${what.index}`): Fact => ({
  type: 'entry-applied',
  member,
  entry: what,
  stateHash,
  revision: what.index,
});

describe('raft checkers', () => {
  it('election-safety: one leader per term', () => {
    expect(verdict(new ElectionSafety(), [leads(a, 1), leads(b, 2), leads(a, 1)])).toBeUndefined();
    expect(verdict(new ElectionSafety(), [leads(a, 1), leads(b, 1)])).toBe('term 1 has two leaders: a and b');
  });

  it('log-matching: same index and term, same log before it', () => {
    const same = [saves(a, entry(1, 1), entry(2, 1)), saves(b, entry(1, 1)), saves(b, entry(2, 1))];
    expect(verdict(new LogMatching(), same)).toBeUndefined();
    expect(verdict(new LogMatching(), [saves(a, entry(1, 1, 'x')), saves(b, entry(1, 1, 'y'))])).toContain(
      'differs',
    );
    const conflict = [saves(a, entry(1, 1), entry(2, 2)), saves(b, entry(1, 2)), saves(b, entry(2, 2))];
    expect(verdict(new LogMatching(), conflict)).toContain('before it terms 1 and 2');
    const overwritten = [
      saves(b, entry(1, 1), entry(2, 1)),
      saves(a, entry(1, 1), entry(2, 2)),
      saves(b, entry(2, 2)),
    ];
    expect(verdict(new LogMatching(), overwritten)).toBeUndefined();
  });

  it('state-machine-safety: the same entry and the same result at an index', () => {
    expect(
      verdict(new StateMachineSafety(), [applies(a, entry(1, 1)), applies(b, entry(1, 1))]),
    ).toBeUndefined();
    expect(verdict(new StateMachineSafety(), [applies(a, entry(1, 1)), applies(b, entry(1, 2))])).toContain(
      'terms 1 and 2',
    );
    const drift = [applies(a, entry(1, 1)), applies(b, entry(1, 1), 'another state')];
    expect(verdict(new StateMachineSafety(), drift)).toContain('different results');
    const snapshot: Fact = {
      type: 'snapshot-installed',
      member: b,
      index: index(1),
      stateHash: 'no',
      revision: 1,
    };
    expect(verdict(new StateMachineSafety(), [applies(a, entry(1, 1)), snapshot])).toContain('snapshot');
  });

  it('leader-completeness: a leader holds what is committed', () => {
    const story = [saves(a, entry(1, 1), entry(2, 1)), applies(a, entry(1, 1)), saves(b, entry(1, 1))];
    expect(verdict(new LeaderCompleteness(), [...story, leads(b, 2)])).toBeUndefined();
    expect(verdict(new LeaderCompleteness(), [...story, applies(a, entry(2, 1)), leads(b, 2)])).toContain(
      'nothing at index 2',
    );
    const metadata = { index: index(2), term: term(1), confState: { voters: [], learners: [] } };
    const installed: Fact = { type: 'snapshot-saved', member: b, metadata };
    expect(
      verdict(new LeaderCompleteness(), [...story, applies(a, entry(2, 1)), installed, leads(b, 2)]),
    ).toBeUndefined();
    // Died in the middle of a write: its disk has more than it told, and that counts.
    const opened: Fact = { type: 'log-opened', member: b, snapshot: metadata, entries: [entry(3, 1)] };
    const onDisk = [...story, applies(a, entry(2, 1)), applies(a, entry(3, 1)), opened, leads(b, 2)];
    expect(verdict(new LeaderCompleteness(), onDisk)).toBeUndefined();
    const truncated = saves(b, entry(1, 2));
    expect(verdict(new LeaderCompleteness(), [...story, truncated, leads(b, 3)])).toContain(
      'an entry of term 2',
    );
    // Elected before, and held up by its disk: it need not have what later terms committed.
    const late = [leads(a, 3), ...story, applies(a, entry(2, 1)), leads(b, 2)];
    expect(verdict(new LeaderCompleteness(), late)).toBeUndefined();
  });
});

describe('store checkers', () => {
  const applied = (at: number, ...events: Event[]): Fact => ({
    type: 'revision-applied',
    member: a,
    revision: at,
    events,
  });

  it('watch-gap-free: every change once, in order, whole', () => {
    const truth = [
      applied(2, put('k', '1', 2)),
      applied(3, put('x', '1', 3)),
      applied(4, put('k', '2', 4), put('k2', '3', 4)),
    ];
    const started: Fact = {
      type: 'watch-started',
      watch: 'w',
      range: { key: 'k', rangeEnd: 'l' },
      afterRevision: 1,
    };
    const got = (at: number, ...events: Event[]): Fact => ({
      type: 'watch-events',
      watch: 'w',
      events,
      revision: at,
    });
    const judge = (...facts: Fact[]): string | undefined =>
      verdict(new WatchGapFree(), [...truth, started, ...facts]);
    expect(judge(got(2, put('k', '1', 2)), got(4, put('k', '2', 4), put('k2', '3', 4)))).toBeUndefined();
    expect(judge(got(4, put('k', '1', 2), put('k', '2', 4), put('k2', '3', 4)))).toBeUndefined();
    expect(
      judge(got(2, put('k', '1', 2)), { type: 'watch-progress', watch: 'w', revision: 3 }),
    ).toBeUndefined();
    expect(judge(got(4, put('k', '2', 4), put('k2', '3', 4)))).toContain(
      'the put of k at 4 instead of the put of k at 2',
    );
    expect(judge(got(2, put('k', '1', 2)), got(2, put('k', '1', 2)))).toContain('instead of nothing');
    expect(judge(got(4, put('k', '1', 2), put('k', '2', 4)))).toContain('nothing instead of the put of k2');
    expect(judge({ type: 'watch-progress', watch: 'w', revision: 4 })).toContain(
      'nothing instead of the put of k at 2',
    );
    expect(judge(got(9, put('k', '9', 9)))).toContain('nobody has applied');
    expect(judge({ type: 'watch-ended', watch: 'w' }, got(2, put('k', '1', 2)))).toContain('after its end');
  });

  it('no-lost-ack: an acknowledged write is in the history', () => {
    const call: Fact = { type: 'client-call', client: 'c', operation: { type: 'put', key: 'k', value: '1' } };
    const ack: Fact = { type: 'client-return', client: 'c', outcome: { type: 'put', revision: 2 } };
    expect(verdict(new NoLostAck(), [call, applied(2, put('k', '1', 2)), ack])).toBeUndefined();
    expect(verdict(new NoLostAck(), [call, ack])).toContain('revision 2, which does not hold it');
    expect(verdict(new NoLostAck(), [call, applied(2, put('k', '0', 2)), ack])).toContain('does not hold it');
    const forked: Fact = { type: 'revision-applied', member: b, revision: 2, events: [remove('k', 2)] };
    expect(verdict(new NoLostAck(), [applied(2, put('k', '1', 2)), forked])).toContain(
      'b holds the delete of k',
    );
  });
});

describe('pod checkers', () => {
  const pod = (name: string, change: Partial<Pod> = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '' },
    spec: { containers: [] },
    ...change,
  });
  const seen = (object: Pod, change: 'ADDED' | 'MODIFIED' | 'DELETED' = 'MODIFIED'): Fact => ({
    type: 'object-changed',
    change,
    object,
    revision: 1,
  });
  const on = (nodeName: string): Partial<Pod> => ({ spec: { containers: [], nodeName } });
  const running: Partial<Pod> = {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };

  it('no-double-bind: a bound pod stays where it is', () => {
    const stays = [seen(pod('p')), seen(pod('p', on('n1'))), seen(pod('p', on('n1')))];
    expect(verdict(new NoDoubleBind(), stays)).toBeUndefined();
    expect(verdict(new NoDoubleBind(), [...stays, seen(pod('p', on('n2')))])).toContain(
      'bound to n1 and is now on n2',
    );
    expect(verdict(new NoDoubleBind(), [...stays, seen(pod('p'))])).toContain('now on no node');
  });

  it('no-hot-loop: a controller that undoes its own work is found, a large scale-up is not', () => {
    const ofOwner = (name: string): Pod => {
      const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'rc', uid: 'rc' };
      return pod(name, { metadata: { ...pod(name).metadata, ownerReferences: [owner] } });
    };
    const names = Array.from({ length: 500 }, (_, i) => `p${i}`);
    const scaleUp = names.flatMap((name) => Array.from({ length: 5 }, () => seen(ofOwner(name))));
    expect(verdict(new NoHotLoop(), scaleUp)).toBeUndefined();
    const churn = names.flatMap((name) => [seen(ofOwner(name), 'ADDED'), seen(ofOwner(name), 'DELETED')]);
    expect(verdict(new NoHotLoop(), churn)).toMatch(
      /changes in 5000 ms to the Pod objects of ReplicationController rc/,
    );
  });

  it('pods-running: so many run, and none waits', () => {
    const two = [seen(pod('p', running)), seen(pod('q', running))];
    expect(verdict(new PodsRunning({ count: 2 }), two)).toBeUndefined();
    expect(verdict(new PodsRunning({ count: 3 }), two)).toBe('2 pods run of 3 wanted');
    expect(verdict(new PodsRunning(), [...two, seen(pod('r'))])).toContain('default/r is new');
    expect(
      verdict(new PodsRunning({ count: 2 }), [...two, seen(pod('r')), seen(pod('r'), 'DELETED')]),
    ).toBeUndefined();
    expect(verdict(new PodsRunning({ count: 0, labels: { app: 'x' } }), two)).toBeUndefined();
  });
});

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

describe('linearizability', () => {
  for (const [name, calls] of Object.entries(good)) {
    it(`accepts: ${name}`, () => {
      expect(checkLinearizable(registerModel, calls)).toBe('linearizable');
      expect(checkRevisions(calls)).toBeUndefined();
    });
  }
  for (const [name, calls] of Object.entries(bad)) {
    it(`refuses: ${name}`, () => {
      expect(checkLinearizable(registerModel, calls)).toBe('not-linearizable');
      expect(checkRevisions(calls)).toBeTypeOf('string');
    });
  }

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
    expect(checkLinearizable(registerModel, calls, 1000)).toBe('undecided');
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
      { type: 'revision-applied', member: a, revision: 2, events: [put('k', '1', 2)] },
      { type: 'revision-applied', member: a, revision: 3, events: [put('k', '2', 3)] },
      { type: 'revision-applied', member: a, revision: 4, events: [put('k', '1', 4)] },
    ];
    expect(verdict(liar, facts)).toContain('no order of the 3 calls');
  });

  it('agrees with a simulated atomic register on any interleaving, and finds any corrupted read', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 4, maxLength: 60 }), fc.nat(), (schedule, victim) => {
        const calls = simulate(schedule);
        expect(checkLinearizable(registerModel, calls)).toBe('linearizable');
        expect(checkRevisions(calls)).toBeUndefined();
        const reads = calls.filter(({ outcome }) => outcome.type === 'got');
        const corrupted = reads[victim % Math.max(1, reads.length)];
        if (corrupted === undefined) return;
        corrupted.outcome = { ...(corrupted.outcome as KvOutcome & { type: 'got' }), value: 'corrupt' };
        expect(checkLinearizable(registerModel, calls)).toBe('not-linearizable');
        expect(checkRevisions(calls)).toBeTypeOf('string');
      }),
      { numRuns: 200 },
    ));
});

/** Four clients with overlapping calls on a register that takes effect at a random moment of each call. */
function simulate(schedule: readonly number[]): KvCall[] {
  const calls: KvCall[] = [];
  const open = new Map<number, KvCall>();
  let value: string | undefined;
  let modRevision = 0;
  let now = 1;
  let time = 0;
  const takeEffect = (call: KvCall): void => {
    if (call.operation.type === 'put') {
      value = call.operation.value;
      modRevision = ++now;
      call.outcome = wrote(now);
    } else {
      call.outcome = got(value, modRevision, now);
    }
  };
  schedule.forEach((client, i) => {
    time++;
    const call = open.get(client);
    if (call === undefined) {
      const operation = i % 2 === 0 ? write(`v${i}`) : read;
      const fresh: KvCall = {
        client: `c${client}`,
        operation,
        callTime: time,
        callMillis: time,
        returnTime: Infinity,
        outcome: unknown,
      };
      calls.push(fresh);
      open.set(client, fresh);
    } else if (call.outcome.type === 'unknown') {
      takeEffect(call);
    } else {
      call.returnTime = time;
      open.delete(client);
    }
  });
  for (const call of open.values()) if (call.outcome.type !== 'unknown') call.returnTime = ++time;
  return calls.filter((call) => call.outcome.type !== 'unknown' || call.operation.type === 'put');
}

it('the registry names each checker as it names itself', () => {
  for (const [name, make] of Object.entries(checkers)) expect(make().name).toBe(name);
});
