import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Pod } from '../../src/api/types.ts';
import { index, memberId, noMember, term, type Entry } from '../../src/raft/types.ts';
import { DurableBeforeAck } from '../../sim/checkers/durable-before-ack.ts';
import { ElectionSafety } from '../../sim/checkers/election-safety.ts';
import { HashKvEqual } from '../../sim/checkers/hash-kv-equal.ts';
import { LeaderCompleteness } from '../../sim/checkers/leader-completeness.ts';
import { LogMatching } from '../../sim/checkers/log-matching.ts';
import { Monotonic } from '../../sim/checkers/monotonic.ts';
import { NoDoubleBind } from '../../sim/checkers/no-double-bind.ts';
import { NoHotLoop } from '../../sim/checkers/no-hot-loop.ts';
import { NoLostAck } from '../../sim/checkers/no-lost-ack.ts';
import { PodsRunning } from '../../sim/checkers/pods-running.ts';
import { checkers } from '../../sim/checkers/registry.ts';
import { StateMachineSafety } from '../../sim/checkers/state-machine-safety.ts';
import { a, applied, b, put, remove, verdict, type Fact } from './checkers-stories.ts';

function entry(at: number, inTerm: number, data = ''): Entry {
  return { index: index(at), term: term(inTerm), type: 'normal', data: encodeUtf8(data) };
}

const leads = (member: typeof a, inTerm: number): Fact => ({
  type: 'role-changed',
  member,
  role: 'leader',
  term: term(inTerm),
  leader: noMember,
});
const saves = (member: typeof a, ...entries: Entry[]): Fact => ({ type: 'entries-saved', member, entries });
const applies = (member: typeof a, what: Entry, at: number = what.index): Fact => ({
  type: 'entry-applied',
  member,
  entry: what,
  revision: at,
});
const hashes = (member: typeof a, at: number, hash: string): Fact => ({
  type: 'state-hashed',
  member,
  index: index(at),
  hash,
  revision: at,
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
    const judge = (...facts: Fact[]): string | undefined => verdict(new StateMachineSafety(), facts);
    expect(judge(applies(a, entry(1, 1, 'x')), applies(b, entry(1, 1, 'y')))).toBe(
      'a and b applied different entries of term 1 at index 1',
    );
    expect(judge(applies(a, entry(1, 1)), applies(b, entry(1, 1), 2))).toContain(
      'different results, revisions 1 and 2,',
    );
    expect(judge(hashes(a, 16, 'x'), hashes(b, 16, 'x'))).toBeUndefined();
    expect(judge(hashes(a, 16, 'x'), hashes(b, 16, 'y'))).toBe(
      'a and b hold different things after the same 16 entries: x of revision 16 and y of revision 16',
    );
    const snapshot = (hash: string, at = 1): Fact => ({
      type: 'snapshot-installed',
      member: b,
      index: index(1),
      hash,
      revision: at,
    });
    expect(judge(applies(a, entry(1, 1)), snapshot('x', 2))).toContain(
      'revision 2, where a was at revision 1',
    );
    expect(judge(hashes(a, 1, 'x'), snapshot('y'))).toContain('different things');
  });

  it('state-machine-safety: every entry once, in order, in each life', () => {
    const judge = (...facts: Fact[]): string | undefined => verdict(new StateMachineSafety(), facts);
    const three = [1, 2, 3].map((at) => applies(a, entry(at, 1)));
    const skipped = 'b applied entry 3 right after entry 1: each entry is applied once, in order';
    expect(judge(...three, applies(b, entry(1, 1)), applies(b, entry(3, 1)))).toBe(skipped);
    expect(judge(...three, applies(a, entry(3, 1)))).toContain('entry 3 right after entry 3');
    const metadata = { index: index(0), term: term(0), confState: { voters: [], learners: [] } };
    const reborn: Fact = { type: 'log-opened', member: a, snapshot: metadata, entries: [] };
    expect(judge(...three, reborn, applies(a, entry(2, 1)), applies(a, entry(3, 1)))).toBeUndefined();
  });

  it('state-machine-safety: one chain says what a cluster has applied', () => {
    const chainOf = (...facts: Fact[]): string => {
      const checker = new StateMachineSafety();
      verdict(checker, facts);
      return checker.head.chain;
    };
    const one = chainOf(applies(a, entry(1, 1, 'x')), applies(a, entry(2, 1, 'y')));
    expect(
      chainOf(applies(b, entry(1, 1, 'x')), applies(a, entry(1, 1, 'x')), applies(a, entry(2, 1, 'y'))),
    ).toBe(one);
    expect(chainOf(applies(a, entry(1, 1, 'x')), applies(a, entry(2, 1, 'z')))).not.toBe(one);
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

describe('durability', () => {
  const c = memberId('c');
  const confState = { voters: [a, b, c], learners: [] };
  const opened = (member: typeof a): Fact => ({
    type: 'log-opened',
    member,
    snapshot: { index: index(0), term: term(0), confState },
    entries: [],
  });
  const begin = [opened(a), opened(b), opened(c)];
  const judge = (...facts: Fact[]): string | undefined =>
    verdict(new DurableBeforeAck(), [...begin, ...facts]);
  const acknowledges = (member: typeof a, upTo: number): Fact => ({
    type: 'message-sent',
    member,
    message: {
      type: 'MsgAppResp',
      from: member,
      to: a,
      term: term(1),
      index: index(upTo),
      reject: false,
      rejectHint: index(0),
      logTerm: term(0),
    },
  });
  const votes = (member: typeof a, to: typeof a, inTerm: number): Fact => ({
    type: 'message-sent',
    member,
    message: {
      type: 'MsgVoteResp',
      from: member,
      to,
      term: term(inTerm),
      reject: false,
      commit: index(0),
      commitTerm: term(0),
    },
  });
  const hard = (member: typeof a, inTerm: number, vote: typeof a, commit = 0): Fact => ({
    type: 'hard-state-saved',
    member,
    hardState: { term: term(inTerm), vote, commit: index(commit) },
  });

  it('durable-before-ack: what a member acknowledges is on its disk', () => {
    expect(judge(saves(b, entry(1, 1), entry(2, 1)), acknowledges(b, 2))).toBeUndefined();
    expect(judge(saves(b, entry(1, 1)), acknowledges(b, 2))).toBe(
      'b acknowledged entries up to 2 to a, but its disk has them only up to 1',
    );
    expect(judge(saves(b, entry(1, 1), entry(2, 1)), saves(b, entry(1, 2)), acknowledges(b, 2))).toContain(
      'up to 1',
    );
  });

  it('durable-before-ack: a vote is on the disk before it is given', () => {
    expect(judge(hard(b, 2, a), votes(b, a, 2))).toBeUndefined();
    expect(judge(votes(b, a, 2))).toBe('b gave a its vote in term 2, but its disk has no vote at all');
    expect(judge(hard(b, 2, c), votes(b, a, 2))).toContain('term 2 with a vote for c');
    expect(judge(hard(b, 1, a), votes(b, a, 2))).toContain('term 1 with a vote for a');
  });

  it('durable-before-ack: what is applied is on the disks of a majority', () => {
    const two = [saves(a, entry(1, 1)), saves(b, entry(1, 1))];
    expect(judge(...two, applies(a, entry(1, 1)))).toBeUndefined();
    expect(judge(saves(a, entry(1, 1)), saves(b, entry(1, 2)), applies(a, entry(1, 1)))).toBe(
      'a applied entry 1 of term 1, but of 3 members only a had it on disk: no majority',
    );
    expect(judge(...two, applies(c, entry(1, 1)))).toBe(
      'c applied entry 1 of term 1, and answers for it, but its own disk has nothing there',
    );
    // A change of members: who had a say before may still have said it.
    const alone = { voters: [a], learners: [] };
    const change: Entry = { ...entry(2, 1), type: 'conf-change' };
    const left: Fact = { type: 'entry-applied', member: a, entry: change, revision: 1, confState: alone };
    const changing = [...two, applies(a, entry(1, 1)), saves(a, change), saves(b, change), left];
    expect(judge(...changing, saves(a, entry(3, 1)), applies(a, entry(3, 1)))).toBeUndefined();
    const thirdAtC = [saves(c, entry(1, 1), change, entry(3, 1)), applies(c, entry(3, 1))];
    expect(judge(...changing, ...thirdAtC)).toContain('no majority');
  });

  it('monotonic: a member only goes forward', () => {
    const forward = (...facts: Fact[]): string | undefined => verdict(new Monotonic(), facts);
    expect(forward(hard(a, 2, b, 5), hard(a, 3, b, 5))).toBeUndefined();
    expect(forward(hard(a, 2, b, 5), hard(a, 2, b, 4))).toBe(
      'a went back: the commit index on its disk was 5 and is 4',
    );
    expect(forward(hard(a, 2, b, 5), hard(a, 1, b, 5))).toContain('the term on its disk was 2 and is 1');
    expect(forward(applies(a, entry(1, 1), 7), applies(a, entry(2, 1), 6))).toContain(
      "its store's revision was 7 and is 6",
    );
    expect(forward(applies(a, entry(2, 1)), applies(a, entry(1, 1)))).toContain(
      'its applied index was 2 and is 1',
    );
    const wiped: Fact = { ...(opened(a) as Fact & { type: 'log-opened' }) };
    expect(forward(hard(a, 2, b, 5), wiped, hard(a, 1, b, 0))).toBeUndefined();
  });

  it('hash-kv-equal: histories compacted alike are the same', () => {
    const hashed = (member: typeof a, hash: number, compactRevision = -1): Fact => ({
      type: 'kv-hashed',
      member,
      revision: 9,
      compactRevision,
      hash,
    });
    expect(verdict(new HashKvEqual(), [hashed(a, 1), hashed(b, 1), hashed(c, 2, 5)])).toBeUndefined();
    expect(verdict(new HashKvEqual(), [hashed(a, 1), hashed(b, 2)])).toBe(
      'the histories of a and b differ: at revision 9, never compacted, HashKV is 1 and 2',
    );
  });
});

describe('store checkers', () => {
  it('no-lost-ack: an acknowledged write is in the history', () => {
    const call: Fact = { type: 'client-call', client: 'c', operation: { type: 'put', key: 'k', value: '1' } };
    const ack: Fact = { type: 'client-return', client: 'c', outcome: { type: 'put', revision: 2 } };
    expect(verdict(new NoLostAck(), [call, applied(2, put('k', '1', 2)), ack])).toBeUndefined();
    expect(verdict(new NoLostAck(), [call, ack])).toContain(
      'was acknowledged as revision 2, which does not hold it: there is no "1" in k',
    );
    expect(verdict(new NoLostAck(), [call, applied(2, put('k', '0', 2)), ack])).toContain('does not hold');
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

it('the registry names each checker as it names itself', () => {
  for (const [name, make] of Object.entries(checkers)) expect(make().name).toBe(name);
});
