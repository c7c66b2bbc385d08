import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/raft/messages.ts';
import { traceLine } from '../../src/raft/trace-lines.ts';
import type { ConfChange } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, generator, id } from './network.ts';
import type { MemberOptions } from './network.ts';
import { Specification } from './specification.ts';
import type { SpecLine } from './specification.ts';

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

/** What Traceetcdraft.tla reads of a message. */
const messageFields = ['type', 'term', 'from', 'to', 'entries', 'logTerm', 'index', 'commit', 'reject'];

function traced(lines: SpecLine[], options: MemberOptions): MemberOptions {
  return {
    ...options,
    traceSpec: (state, event) => {
      const line = traceLine(state, event);
      if (line === undefined) return;
      const { tag, event: told } = JSON.parse(line) as { readonly tag: string; readonly event: SpecLine };
      expect(tag).toBe('trace');
      lines.push(told);
    },
  };
}

/** An election, a proposal, a member added, a second leader. */
function record(): readonly SpecLine[] {
  const lines: SpecLine[] = [];
  const options = traced(lines, { bootstrap: true, randomInteger: generator(1) });
  const network = TestNetwork.of(3, options);
  network.elect(1);
  network.member(1).propose('a');
  network.settle();
  network.members.push(new TestMember(id(4), { ...options, bootstrap: false }));
  network.node(1).proposeConfChange({ type: 'add-voter', member: id(4) });
  network.settle();
  network.tickAll(3);
  network.elect(2);
  return lines;
}

function follow(lines: readonly SpecLine[]): void {
  const specification = new Specification();
  for (const line of lines) {
    specification.follow(line);
    specification.checkInvariants();
  }
}

describe('the trace for the TLA+ specification', () => {
  it('has its names and fields', () => {
    for (const event of record()) {
      expect(names).toContain(event.name);
      expect(event).toMatchObject({
        nid: expect.stringMatching(/^[1-4]$/),
        state: { term: expect.any(Number), vote: expect.any(String), commit: expect.any(Number) },
        role: expect.stringMatching(/^State(Follower|Candidate|Leader)$/),
        log: expect.any(Number),
      });
      expect(event.conf).toHaveLength(2);
      expect(event.msg !== undefined).toBe(/^(Send|Receive)/.test(event.name));
      if (event.msg !== undefined)
        expect(Object.keys(event.msg)).toEqual(expect.arrayContaining(messageFields));
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

  it('tells of a membership change when it is proposed, and when it is applied, with the one before it', () => {
    const changes = record().filter(({ name }) => name.endsWith('ConfChange') || name === 'ChangeConf');
    expect(changes.map(({ name, nid }) => `${nid} ${name}`)).toEqual([
      '1 ChangeConf',
      '1 ApplyConfChange',
      '2 ApplyConfChange',
      '3 ApplyConfChange',
      ...changes.slice(4).map(({ name }) => `4 ${name}`),
    ]);
    expect(changes[0]!.prop).toEqual({ cc: { changes: [{ nid: '4', action: 'AddNewServer' }] } });
    expect(changes[1]).toMatchObject({
      conf: [['1', '2', '3'], []],
      prop: { cc: { newconf: ['1', '2', '3', '4'] } },
    });
  });

  it("tells a leader's and a candidate's own consent as messages to themselves", () => {
    const own = record().filter(({ msg }) => msg !== undefined && msg.from === msg.to);
    expect(own.slice(0, 4).map(({ name, msg }) => `${name} ${msg!.index}`)).toEqual([
      'SendRequestVoteResponse 0',
      'ReceiveRequestVoteResponse 0',
      'SendAppendEntriesResponse 2',
      'ReceiveAppendEntriesResponse 2',
    ]);
  });

  it('is a behaviour of the specification', () => {
    follow(record());
  });

  it('is refused by the specification when a line is left out or changed', () => {
    const lines = record();
    const without = (name: string): readonly SpecLine[] => {
      const at = lines.findIndex((line) => line.name === name);
      return lines.toSpliced(at, 1);
    };
    for (const name of ['Ready', 'Replicate', 'Commit', 'BecomeLeader', 'ReceiveAppendEntriesRequest']) {
      expect(() => follow(without(name)), name).toThrow('not a step');
    }
    const voted = lines.map((line) =>
      line.name === 'BecomeLeader' ? { ...line, state: { ...line.state, vote: '3' } } : line,
    );
    expect(() => follow(voted)).toThrow('not a step');
  });
});

/** What the specification knows no step for (see `traceLine`); a trace is followed up to there. */
function isBeyondSpecification(member: TestMember, message: Message, deliver: () => void): boolean {
  const before = member.node.status();
  deliver();
  const { term, commit } = member.node.status();
  switch (message.type) {
    case 'MsgVoteResp':
      return message.reject && commit > before.commit;
    case 'MsgPreVoteResp':
      return term !== before.term || commit > before.commit;
    case 'MsgSnap':
      return before.commit > 0;
    case 'MsgApp':
    case 'MsgAppResp':
    case 'MsgHeartbeat':
    case 'MsgHeartbeatResp':
      return false;
    case 'MsgVote':
      // Follows the leader of this term without having voted: the specification knows a vote only.
      return before.term === message.term && before.vote === '0' && before.leader !== '0';
    default:
      return term !== before.term;
  }
}

/** Lost, late and reordered messages, crashes or membership changes. Returns the lines that were followed. */
function wander(seed: number): number {
  const random = generator(seed);
  const chance = (oneIn: number): boolean => random(oneIn) === 0;
  const lines: SpecLine[] = [];
  const changing = chance(2);
  const options = traced(lines, {
    bootstrap: true,
    preVote: chance(2),
    electionTicks: 4,
    maxSizePerMessageBytes: chance(2) ? 40 : 1 << 20,
    randomInteger: random,
  });
  const network = TestNetwork.of(3, options);
  const specification = new Specification();
  let followed = 0;
  const catchUp = (): void => {
    for (; followed < lines.length; followed++) specification.follow(lines[followed]!);
    specification.checkInvariants();
  };
  for (let i = 0; i < 1500; i++) {
    const member = network.members[random(network.members.length)]!;
    const dice = random(100);
    if (dice < 45 && network.inFlight.length > 0) {
      const [message] = network.inFlight.splice(random(Math.min(6, network.inFlight.length)), 1);
      const to = network.members.find(({ id }) => id === message!.to);
      if (to === undefined || chance(20)) continue;
      if (isBeyondSpecification(to, message!, () => to.node.step(message!))) break;
    } else if (dice < 75) {
      while (member.node.hasReady()) network.inFlight.push(...member.handleReady());
    } else if (dice < 88) member.node.tick();
    else if (dice < 96) member.propose(`p${i}`);
    else if (dice < 97) member.node.transferLeader(id(1 + random(3)));
    else if (changing && member.node.role === 'leader') {
      const member4 = network.members.some((one) => one.id === id(4));
      // Never a second time: the specification has the leader remember what a removed member had. And not before
      // all have applied the last change: it would apply both at once.
      const type = member.confState.voters.includes(id(4)) ? 'remove' : 'add-voter';
      const applied = network.members.every(({ confState }) => confState.voters.includes(id(4)));
      if (type === 'add-voter' ? member4 : !applied) continue;
      const change: ConfChange = { type, member: id(4) };
      if (member.node.proposeConfChange(change) === 'accepted' && !member4) {
        network.members.push(new TestMember(id(4), { ...options, bootstrap: false }));
      }
    } else if (!changing && dice >= 99) member.restart();
    catchUp();
  }
  return followed;
}

describe('traces of clusters under faults', () => {
  it('are behaviours of the specification, up to what it does not know', () => {
    let followed = 0;
    for (let seed = 1; seed <= 25; seed++) {
      try {
        followed += wander(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
      }
    }
    expect(followed).toBeGreaterThan(3_000);
  });
});
