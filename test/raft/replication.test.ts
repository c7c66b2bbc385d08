import { describe, expect, it } from 'vitest';

import { TestNetwork } from './network.ts';

describe('Raft §5.3: log replication', () => {
  it('commits what a majority holds and tells the rest', () => {
    const network = TestNetwork.of(3);
    network.elect(1);
    expect(network.member(1).propose('a')).toBe('accepted');
    expect(network.member(2).propose('b')).toBe('accepted');
    network.settle();
    for (const member of network.members) expect(member.applied).toEqual(['1/1', '2/1 a', '3/1 b']);
  });
});
