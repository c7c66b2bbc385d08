import { describe, expect, it } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import type { MsgApp, MsgStorageAppend } from '../../src/raft/messages.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { index, term } from '../../src/raft/types.ts';
import { TestMember, TestNetwork, id, ids } from './network.ts';

const asyncStorageWrites = true;

/** AppendEntries with one entry after the empty log's start. */
function append(from: number, inTerm: number): MsgApp {
  const entry = { index: index(1), term: term(inTerm), type: 'normal', data: emptyBytes } as const;
  const base = { type: 'MsgApp', from: id(from), to: id(1), term: term(inTerm) } as const;
  return { ...base, index: index(0), logTerm: term(0), commit: index(0), entries: [entry] };
}

function appendOf(ready: Ready): MsgStorageAppend {
  if (ready.append === undefined) throw new Error('nothing to write');
  return ready.append;
}

describe('asynchronous storage writes', () => {
  it('hands out the next Ready while the last one is being written', () => {
    const member = new TestMember(id(1), { voters: ids(1), asyncStorageWrites });
    member.node.campaign();
    const first = appendOf(member.node.ready());
    expect(member.node.hasReady()).toBe(false);
    member.propose('a');
    const second = appendOf(member.node.ready());
    expect(second.entries.map((entry) => entry.index)).toEqual([2]);
    member.write(first);
    expect(member.node.status().commit).toBe(1);
    member.write(second);
    expect(member.node.status().commit).toBe(2);
  });

  it('hands out committed entries only when they are durable here', () => {
    const member = new TestMember(id(1), { voters: ids(1, 2, 3), asyncStorageWrites });
    member.node.step({ ...append(2, 1), commit: index(1) });
    const ready = member.node.ready();
    expect(member.node.status().commit).toBe(1);
    expect(ready.apply).toBeUndefined();
    member.write(appendOf(ready));
    expect(member.node.ready().apply?.entries.map((entry) => entry.index)).toEqual([1]);
  });

  it('A, B, A: the answer to a write that was replaced twice says nothing about its like', () => {
    const member = new TestMember(id(1), { voters: ids(1, 2, 3), asyncStorageWrites });
    const heartbeat = (from: number, inTerm: number, commit: number): void =>
      member.node.step({
        type: 'MsgHeartbeat',
        from: id(from),
        to: id(1),
        term: term(inTerm),
        commit: index(commit),
        context: '',
      });
    member.node.step(append(2, 1));
    const a = appendOf(member.node.ready());
    member.node.step(append(3, 2));
    const b = appendOf(member.node.ready());
    // Member 2 is elected again and sends its old entry: A once more, under term 3.
    heartbeat(2, 3, 0);
    member.node.step({ ...append(2, 1), term: term(3) });
    const again = appendOf(member.node.ready());
    expect(again.entries).toEqual(a.entries);
    member.write(a);
    member.write(b);
    // The disk holds B now. Had A's answer counted, the log would read B where A is.
    heartbeat(2, 3, 1);
    const before = member.node.ready();
    expect(before.apply).toBeUndefined();
    expect(before.messagesBeforeSync).toEqual([]);
    member.write(again);
    member.write(appendOf(before));
    expect(member.node.ready().apply?.entries).toEqual(a.entries);
  });

  it('replicates, commits and applies as the synchronous mode does', () => {
    const network = TestNetwork.of(3, { asyncStorageWrites });
    network.elect(1);
    network.member(1).propose('a');
    network.settle();
    for (const member of network.members) expect(member.applied).toEqual(['1/1', '2/1 a']);
  });

  it('bounds what is handed out and not applied', () => {
    const options = { voters: ids(1), asyncStorageWrites, committedBytesMax: 40 };
    const member = new TestMember(id(1), options);
    member.node.campaign();
    for (let i = 0; i < 10; i++) member.propose('0123456789');
    const write = member.node.ready();
    member.write(appendOf(write));
    const first = member.node.ready();
    expect(first.apply?.entries).toHaveLength(1);
    const second = member.node.ready();
    expect(second.apply?.entries).toHaveLength(1);
    expect(member.node.ready().apply).toBeUndefined();
    member.applyAsync(first.apply!);
    expect(member.node.ready().apply?.entries).toHaveLength(1);
  });
});
