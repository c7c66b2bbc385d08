import { describe, expect, it } from 'vitest';

import { checkConfig } from '../../src/raft/config.ts';
import type { Config } from '../../src/raft/config.ts';
import { MemoryStorage } from '../../src/raft/storage.ts';
import { index, noMember } from '../../src/raft/types.ts';
import { TestMember, id, ids } from './network.ts';

const valid: Config = {
  id: id(1),
  electionTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  maxSizePerMessageBytes: 1 << 20,
  inflightMessagesMax: 1,
  uncommittedBytesMax: 1,
  storage: new MemoryStorage(),
  applied: index(0),
  randomInteger: () => 0,
};

describe("a member's configuration", () => {
  it('is accepted at its limits', () => {
    checkConfig(valid);
    checkConfig({ ...valid, electionTicks: 2, maxSizePerMessageBytes: 0, inflightBytesMax: 1 });
    checkConfig({ ...valid, readOnly: 'lease-based' });
    checkConfig({ ...valid, readOnly: 'safe', checkQuorum: false });
  });

  it.each<[string, Partial<Config>]>([
    ['a member needs an id', { id: noMember }],
    ['heartbeatTicks must be at least 1', { heartbeatTicks: 0 }],
    ['electionTicks must be greater than heartbeatTicks', { electionTicks: 1 }],
    ['electionTicks must be greater than heartbeatTicks', { electionTicks: 3, heartbeatTicks: 3 }],
    ['inflightMessagesMax must be at least 1', { inflightMessagesMax: 0 }],
    ['maxSizePerMessageBytes must not be negative', { maxSizePerMessageBytes: -1 }],
    ['inflightBytesMax must be at least maxSizePerMessageBytes', { inflightBytesMax: 1 << 19 }],
    ['inflightBytesMax must be positive', { inflightBytesMax: 0 }],
    ['uncommittedBytesMax must be positive', { uncommittedBytesMax: 0 }],
    ['lease-based reads need checkQuorum', { readOnly: 'lease-based', checkQuorum: false }],
  ])('is refused where %s', (message, wrong) => {
    expect(() => checkConfig({ ...valid, ...wrong })).toThrow(message);
  });

  it('is refused when its storage contradicts it', () => {
    const member = new TestMember(id(1), { voters: ids(1) });
    expect(() => member.seed([1], { commit: index(3) })).toThrow('commit 3 is beyond the stored log');
  });
});
