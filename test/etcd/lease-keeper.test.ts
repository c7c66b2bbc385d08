import { describe, expect, it } from 'vitest';

import { LeaseKeeper } from '../../src/etcd/lease-keeper.ts';
import type { LeaseCheckpoint } from '../../src/etcd/request.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';
import { FakeClock } from '../client/fake-platform.ts';

const id = 7n as LeaseId;

function setUp() {
  const clock = new FakeClock();
  const told: LeaseCheckpoint[] = [];
  const world = { failing: false };
  const keeper = new LeaseKeeper({
    clock,
    confirmLeadership: async () => {},
    revoke: async () => {},
    checkpoint: async (checkpoints) => {
      if (world.failing) throw new Error('no quorum');
      told.push(...checkpoints);
    },
  });
  return { clock, told, keeper, world };
}

describe('a lease that the members were told is short of time', () => {
  it('is told to be whole before its renewal is answered, and once', async () => {
    const { told, keeper } = setUp();
    keeper.promote([{ id, ttlSeconds: 600, remainingTtlSeconds: 5 }], 0);
    expect(await keeper.renew(id)).toBe(600);
    expect(told).toEqual([{ id, remainingTtlSeconds: 0 }]);
    expect(await keeper.renew(id)).toBe(600);
    expect(told).toHaveLength(1);
    keeper.stop();
  });

  it('is not renewed when that cannot be told, and is tried again', async () => {
    const { told, keeper, world } = setUp();
    keeper.promote([{ id, ttlSeconds: 600, remainingTtlSeconds: 5 }], 0);
    world.failing = true;
    await expect(keeper.renew(id)).rejects.toThrow('no quorum');
    expect(await keeper.remaining(id)).toBe(5);
    world.failing = false;
    expect(await keeper.renew(id)).toBe(600);
    expect(told).toHaveLength(1);
    keeper.stop();
  });

  it('is so after each checkpoint, which leaves out leases shorter than the time between two', async () => {
    const { clock, told, keeper } = setUp();
    keeper.promote([], 0);
    keeper.granted(id, 600);
    keeper.granted(8n as LeaseId, 300);
    await clock.advance(300_000);
    expect(told).toEqual([{ id, remainingTtlSeconds: 300 }]);
    expect(await keeper.renew(id)).toBe(600);
    expect(told.slice(1)).toEqual([{ id, remainingTtlSeconds: 0 }]);
    keeper.stop();
  });
});
