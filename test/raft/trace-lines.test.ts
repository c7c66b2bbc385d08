import { describe, expect, it } from 'vitest';

import { traceLine } from '../../src/raft/trace-lines.ts';
import { TestMember, TestNetwork, generator, id, ids } from './network.ts';
import type { MemberOptions } from './network.ts';

const names = new Set([
  'InitState',
  'BecomeCandidate',
  'BecomeFollower',
  'BecomeLeader',
  'Commit',
  'Replicate',
  'ChangeConf',
  'ApplyConfChange',
  'Ready',
  ...['AppendEntries', 'RequestVote'].flatMap((rpc) =>
    ['Request', 'Response'].flatMap((kind) => [`Send${rpc}${kind}`, `Receive${rpc}${kind}`]),
  ),
]);

interface Line {
  readonly tag: string;
  readonly event: {
    readonly name: string;
    readonly nid: string;
    readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
    readonly role: string;
    readonly log: number;
    readonly conf: readonly (readonly string[])[];
    readonly msg?: object;
    readonly prop?: unknown;
  };
}

function record(): Line['event'][] {
  const lines: string[] = [];
  const options: MemberOptions = {
    bootstrap: true,
    randomInteger: generator(1),
    traceSpec: (state, event) => {
      const line = traceLine(state, event);
      if (line !== undefined) lines.push(line);
    },
  };
  const network = TestNetwork.of(3, options);
  network.elect(1);
  network.member(1).propose('a');
  network.settle();
  network.members.push(new TestMember(id(4), { ...options, bootstrap: false }));
  network.node(1).proposeConfChange({ type: 'add-voter', member: id(4) });
  network.settle();
  network.tickAll(3);
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  expect(new Set(parsed.map(({ tag }) => tag))).toEqual(new Set(['trace']));
  return parsed.map(({ event }) => event);
}

describe('the trace for the TLA+ specification', () => {
  it('has its names and fields', () => {
    for (const event of record()) {
      expect(names).toContain(event.name);
      expect(event).toMatchObject({
        nid: expect.stringMatching(/^[1-4]$/),
        state: { term: expect.any(Number), vote: expect.any(String), commit: expect.any(Number) },
        role: expect.stringMatching(/^State(Follower|PreCandidate|Candidate|Leader)$/),
        log: expect.any(Number),
      });
      expect(event.conf).toHaveLength(2);
      expect(event.msg !== undefined).toBe(/^(Send|Receive)/.test(event.name));
    }
  });

  it('is causal: what is received was sent before', () => {
    const sent = new Set<string>();
    let received = 0;
    for (const { name, msg } of record()) {
      if (name.startsWith('Send')) sent.add(JSON.stringify(msg));
      if (!name.startsWith('Receive')) continue;
      received++;
      expect(sent).toContain(JSON.stringify(msg));
    }
    expect(received).toBeGreaterThan(10);
  });

  it('tells of a membership change when it is proposed and when it is applied', () => {
    const changes = record().filter(({ name }) => name.endsWith('ConfChange') || name === 'ChangeConf');
    expect(changes.map(({ name, nid }) => `${nid} ${name}`)).toEqual([
      '1 ChangeConf',
      '1 ApplyConfChange',
      '2 ApplyConfChange',
      '3 ApplyConfChange',
      ...changes.slice(4).map(({ name }) => `4 ${name}`),
    ]);
    expect(changes[0]!.prop).toEqual({
      cc: { changes: [{ nid: '4', action: 'AddNewServer' }], newconf: ids(1, 2, 3, 4) },
    });
  });
});
