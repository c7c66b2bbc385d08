import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { expiriesPerSecondMax, LeaseExpiry } from '../../src/mvcc/lessor.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';

const id = (n: number): LeaseId => BigInt(n) as LeaseId;

describe('LeaseExpiry', () => {
  it('reports a lease when its time is over, again and again until it is revoked', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(1), 5, 1000);
    expect(expiry.expired(5999, 10)).toEqual([]);
    expect(expiry.remainingMillis(id(1), 5999)).toBe(1);
    expect(expiry.expired(6000, 10)).toEqual([1n]);
    expect(expiry.expired(6000, 10)).toEqual([1n]);
    expect(expiry.remainingMillis(id(1), 7000)).toBe(0);
    expiry.revoked(id(1));
    expect(expiry.expired(9000, 10)).toEqual([]);
    expect(expiry.remainingMillis(id(1), 9000)).toBeUndefined();
  });

  it('renews a lease that lives, and neither an expired nor an unknown one', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(1), 5, 0);
    expect(expiry.renew(id(1), 4000)).toBe(5);
    expect(expiry.expired(8999, 10)).toEqual([]);
    expect(expiry.renew(id(1), 9000)).toBeUndefined();
    expect(expiry.expired(9000, 10)).toEqual([1n]);
    expect(expiry.renew(id(2), 0)).toBeUndefined();
  });

  it('takes the first to expire when there are too many, and sorts by id', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(9), 1, 0);
    expiry.granted(id(3), 2, 0);
    expiry.granted(id(1), 3, 0);
    expect(expiry.expired(10_000, 2)).toEqual([3n, 9n]);
    expect(expiry.expired(10_000, 0)).toEqual([]);
  });

  it('gives every lease its full time and the extension on promotion, and forgets all on demotion', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(7), 1, 0);
    expiry.promote([{ id: id(1), ttlSeconds: 10, remainingTtlSeconds: 0 }], 50_000, 1500);
    expect(expiry.size).toBe(1);
    expect(expiry.remainingMillis(id(1), 50_000)).toBe(11_500);
    expect(expiry.expired(61_499, 10)).toEqual([]);
    expect(expiry.expired(61_500, 10)).toEqual([1n]);
    expiry.demote();
    expect(expiry.expired(1e9, 10)).toEqual([]);
    expect(expiry.renew(id(1), 50_000)).toBeUndefined();
  });

  it('gives a lease what remained at its last checkpoint on promotion', () => {
    const expiry = new LeaseExpiry();
    expiry.promote([{ id: id(1), ttlSeconds: 1000, remainingTtlSeconds: 7 }], 0, 0);
    expect(expiry.remainingMillis(id(1), 0)).toBe(7000);
    expect(expiry.renew(id(1), 1000)).toBe(1000);
    expect(expiry.remainingMillis(id(1), 1000)).toBe(1_000_000);
  });

  it('says every five minutes what remains of the leases that last longer, a thousand at a time', () => {
    const expiry = new LeaseExpiry();
    for (let i = 1; i <= 1500; i++) expiry.granted(id(i), 600, 0);
    expiry.granted(id(2000), 300, 0);
    expect(expiry.checkpointsDue(299_999)).toEqual([]);
    const first = expiry.checkpointsDue(300_000);
    expect(first).toHaveLength(1000);
    expect(first[0]).toEqual({ id: 1n, remainingTtlSeconds: 300 });
    expect(expiry.checkpointsDue(300_000)).toHaveLength(500);
    expect(expiry.checkpointsDue(300_000)).toEqual([]);
    expect(expiry.checkpointsDue(600_000)).toEqual([]);
    expiry.renew(id(3), 599_000);
    expect(expiry.checkpointsDue(600_000)).toEqual([{ id: 3n, remainingTtlSeconds: 599 }]);
  });

  it('says once of each checkpoint that a renewal has to undo it', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(1), 600, 0);
    expect(expiry.takeShortened(id(1))).toBe(false);
    expiry.checkpointsDue(300_000);
    expect(expiry.takeShortened(id(1))).toBe(true);
    expect(expiry.takeShortened(id(1))).toBe(false);
    expiry.stillShortened(id(1));
    expect(expiry.takeShortened(id(1))).toBe(true);
    expiry.promote([{ id: id(2), ttlSeconds: 600, remainingTtlSeconds: 5 }], 0, 0);
    expect(expiry.takeShortened(id(2))).toBe(true);
    expect(expiry.takeShortened(id(1))).toBe(false);
  });

  it('spreads the expiries out on promotion when there are many', () => {
    const expiry = new LeaseExpiry();
    const leases = Array.from({ length: 3 * expiriesPerSecondMax }, (_, i) => ({
      id: id(i + 1),
      ttlSeconds: 10,
      remainingTtlSeconds: 0,
    }));
    expiry.promote(leases, 0, 0);
    expect(expiry.expired(10_000, 1e6)).toHaveLength(expiriesPerSecondMax);
    expect(expiry.expired(11_000, 1e6)).toHaveLength(2 * expiriesPerSecondMax);
    expect(expiry.expired(12_000, 1e6)).toHaveLength(3 * expiriesPerSecondMax);
  });

  it('names the lease that ends next first, and those of unknown time last', () => {
    const expiry = new LeaseExpiry();
    const leases = [1, 2, 3, 4].map((n) => ({ id: id(n), ttlSeconds: 10, remainingTtlSeconds: 0 }));
    expect(expiry.soonestFirst(leases)).toEqual(leases);
    for (const [n, ttlSeconds] of [
      [4, 5],
      [2, 100],
      [1, 10],
    ] as const)
      expiry.granted(id(n), ttlSeconds, 0);
    expect(expiry.soonestFirst(leases).map((lease) => lease.id)).toEqual([4n, 1n, 2n, 3n]);
    expiry.renew(id(4), 4000);
    expiry.renew(id(1), 500);
    expect(expiry.soonestFirst(leases).map((lease) => lease.id)).toEqual([4n, 1n, 2n, 3n]);
    expiry.renew(id(4), 8990);
    expect(expiry.soonestFirst(leases).map((lease) => lease.id)).toEqual([1n, 4n, 2n, 3n]);
  });

  it('starts anew when an id is granted again', () => {
    const expiry = new LeaseExpiry();
    expiry.granted(id(1), 1, 0);
    expiry.revoked(id(1));
    expiry.granted(id(1), 10, 500);
    expect(expiry.expired(5000, 10)).toEqual([]);
    expect(expiry.expired(10_500, 10)).toEqual([1n]);
  });

  it('expires exactly the leases that a list of deadlines says', () => {
    const step = fc.record({
      what: fc.constantFrom('grant', 'renew', 'revoke', 'expired'),
      lease: fc.integer({ min: 1, max: 6 }),
      ttlSeconds: fc.integer({ min: 1, max: 8 }),
      wait: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const expiry = new LeaseExpiry();
        const deadlines = new Map<number, { ttlSeconds: number; at: number }>();
        let now = 0;
        for (const { what, lease, ttlSeconds, wait } of steps) {
          now += wait;
          const held = deadlines.get(lease);
          if (what === 'grant' && held === undefined) {
            expiry.granted(id(lease), ttlSeconds, now);
            deadlines.set(lease, { ttlSeconds, at: now + ttlSeconds * 1000 });
          } else if (what === 'renew') {
            const alive = held !== undefined && held.at > now;
            expect(expiry.renew(id(lease), now)).toBe(alive ? held.ttlSeconds : undefined);
            if (alive) held.at = now + held.ttlSeconds * 1000;
          } else if (what === 'revoke') {
            expiry.revoked(id(lease));
            deadlines.delete(lease);
          }
          const over = [...deadlines].filter(([, { at }]) => at <= now).map(([n]) => BigInt(n));
          expect(expiry.expired(now, 100)).toEqual(over.toSorted((a, b) => Number(a - b)));
        }
      }),
      { numRuns: 100 },
    );
  });
});
