import { describe, expect, test } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../../src/base/bytes.ts';
import * as pb from '../../../src/etcd/proto/concurrency.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import { Desk, settled, type TestCall } from './lone-member.ts';

const lockPath = '/v3lockpb.Lock/Lock';
const lock = [pb.LockRequest, pb.LockResponse] as const;
const unlock = [pb.UnlockRequest, pb.UnlockResponse] as const;
const campaign = [pb.CampaignRequest, pb.CampaignResponse] as const;
const proclaim = [pb.ProclaimRequest, pb.ProclaimResponse] as const;
const leader = [pb.LeaderRequest, pb.LeaderResponse] as const;
const resign = [pb.ResignRequest, pb.ResignResponse] as const;
const path = (method: string): string => `/v3electionpb.Election/${method}`;
const name = encodeUtf8('l');

/** A desk with the leases 1 to `leases`. */
async function deskWith(leases: number): Promise<Desk> {
  const desk = new Desk();
  for (let i = 1; i <= leases; i++) {
    await desk.member.propose({ type: 'lease-grant', id: BigInt(i) as LeaseId, ttlSeconds: 60 });
  }
  return desk;
}

const revoke = (desk: Desk, lease: number): Promise<unknown> =>
  desk.member.propose({ type: 'lease-revoke', id: BigInt(lease) as LeaseId });

describe('Lock', () => {
  test('the key is the name and the lease in hexadecimal; without a lease there is a new one of 60 s', async () => {
    const desk = await deskWith(10);
    const mine = await desk.call(lockPath, lock, { name, lease: 10n });
    expect(decodeUtf8(mine.key)).toBe('l/a');
    expect(mine.header).toMatchObject({ revision: 2, raftTerm: 2 });
    expect((await desk.call(lockPath, lock, { name, lease: 10n })).header, 'held already').toEqual(
      mine.header,
    );
    const other = await desk.call(lockPath, lock, { name: encodeUtf8('m') });
    expect(decodeUtf8(other.key)).toBe('m/1001');
    expect(desk.member.store.lease(0x1001n as LeaseId)?.ttlSeconds).toBe(60);
  });

  test('failures are of no known kind, as those of a client are', async () => {
    const desk = await deskWith(0);
    await expect(desk.call(lockPath, lock, { name, lease: 7n })).rejects.toThrow(
      '2 etcdserver: requested lease not found',
    );
    await expect(desk.call('/v3lockpb.Lock/Unlock', unlock)).rejects.toThrow(
      '2 etcdserver: key is not provided',
    );
    await desk.call('/v3lockpb.Lock/Unlock', unlock, { key: encodeUtf8('l/nobody') });
  });

  test('whoever waits is woken by the one before them only, in the order of arrival', async () => {
    const desk = await deskWith(4);
    await desk.call(lockPath, lock, { name, lease: 1n });
    const waiting: TestCall[] = [];
    for (const lease of [3n, 2n, 4n]) {
      waiting.push(desk.begin(lockPath, pb.LockRequest, { name, lease }));
      await settled();
    }
    const have = (): number[] => waiting.map((call) => call.messages.length);
    expect(have()).toEqual([0, 0, 0]);
    // One in the middle gives up: nobody gets the lock by that.
    waiting[1]!.cancel();
    await settled();
    expect(desk.member.store.leaseKeys(2n as LeaseId), 'it left the queue').toEqual([]);
    expect(have()).toEqual([0, 0, 0]);
    await desk.call('/v3lockpb.Lock/Unlock', unlock, { key: encodeUtf8('l/1') });
    await settled();
    expect(have()).toEqual([1, 0, 0]);
    await revoke(desk, 3);
    await settled();
    expect(have()).toEqual([1, 0, 1]);
  });

  test('a lease that ended while it waited has no lock (jepsen.io/analyses/etcd-3.4.3)', async () => {
    const desk = await deskWith(3);
    await desk.call(lockPath, lock, { name, lease: 1n });
    const expired = desk.begin(lockPath, pb.LockRequest, { name, lease: 2n });
    await settled();
    const next = desk.begin(lockPath, pb.LockRequest, { name, lease: 3n });
    await settled();
    await revoke(desk, 2);
    await settled();
    expect(next.messages, 'the first still has it').toEqual([]);
    await revoke(desk, 1);
    await settled();
    await expect(expired.ended).rejects.toThrow('2 mutex: session is expired');
    expect(next.messages).toHaveLength(1);
  });

  test('a compaction while it waits wakes nobody', async () => {
    const desk = await deskWith(2);
    await desk.call(lockPath, lock, { name, lease: 1n });
    const waiting = desk.begin(lockPath, pb.LockRequest, { name, lease: 2n });
    await settled();
    for (const value of ['x', 'y']) {
      await desk.member.propose({ type: 'put', request: { key: 'k', value: encodeUtf8(value) } });
    }
    await desk.member.propose({ type: 'compact', revision: desk.member.store.revision });
    await settled();
    expect(waiting.messages).toEqual([]);
    await revoke(desk, 1);
    await waiting.ended;
  });
});

describe('Election', () => {
  const value = encodeUtf8('v');

  test('Campaign, Leader, Proclaim, Resign as etcd 3.5 answers them', async () => {
    const desk = await deskWith(5);
    await expect(desk.call(path('Leader'), leader, { name })).rejects.toThrow('2 election: no leader');
    const won = await desk.call(path('Campaign'), campaign, { name, lease: 5n, value });
    expect(won.leader).toEqual({ name, key: encodeUtf8('l/5'), rev: 2, lease: 5n });
    // Another value proclaims, but the header tells of the campaign.
    const again = await desk.call(path('Campaign'), campaign, { name, lease: 5n, value: encodeUtf8('w') });
    expect([again.leader?.rev, again.header?.revision]).toEqual([2, 2]);
    const { kv, header } = await desk.call(path('Leader'), leader, { name });
    expect(kv).toMatchObject({
      createRevision: 2,
      modRevision: 3,
      version: 2,
      lease: 5n,
      value: encodeUtf8('w'),
    });
    expect(header?.revision).toBe(3);
    const stale = { ...won.leader!, rev: 99 };
    await expect(desk.call(path('Proclaim'), proclaim, { leader: stale, value })).rejects.toThrow(
      '2 election: not leader',
    );
    await desk.call(path('Resign'), resign, { leader: stale });
    expect(
      (await desk.call(path('Proclaim'), proclaim, { leader: won.leader, value })).header?.revision,
    ).toBe(4);
    await desk.call(path('Resign'), resign, { leader: won.leader });
    await expect(desk.call(path('Leader'), leader, { name })).rejects.toThrow('2 election: no leader');
    for (const [method, types] of [
      ['Proclaim', proclaim],
      ['Resign', resign],
    ] as const) {
      await expect(desk.call(path(method), types)).rejects.toThrow('2 "leader" field must be provided');
    }
  });

  test('a candidate waits for all before them, and leaves when their client goes', async () => {
    const desk = await deskWith(3);
    await desk.call(path('Campaign'), campaign, { name, lease: 1n, value });
    const second = desk.begin(path('Campaign'), pb.CampaignRequest, { name, lease: 2n, value });
    await settled();
    const third = desk.begin(path('Campaign'), pb.CampaignRequest, { name, lease: 3n, value });
    await settled();
    second.cancel();
    await settled();
    expect(desk.member.store.leaseKeys(2n as LeaseId)).toEqual([]);
    expect(third.messages).toEqual([]);
    await revoke(desk, 1);
    await settled();
    expect(third.decoded(pb.CampaignResponse)[0]?.leader).toMatchObject({ lease: 3n });
  });

  test('Observe tells of the leader there is, of each value, and of the next one', async () => {
    const desk = await deskWith(3);
    const seen = desk.open(path('Observe'), pb.LeaderRequest, [{ name }]);
    await settled();
    const first = await desk.call(path('Campaign'), campaign, { name, lease: 1n, value });
    await settled();
    await desk.call(path('Proclaim'), proclaim, { leader: first.leader, value: encodeUtf8('w') });
    const next = desk.begin(path('Campaign'), pb.CampaignRequest, { name, lease: 2n, value });
    await settled();
    await desk.call(path('Resign'), resign, { leader: first.leader });
    await next.ended;
    await settled();
    const late = desk.open(path('Observe'), pb.LeaderRequest, [{ name }]);
    await settled();
    const told = (call: TestCall): (readonly [string, string])[] =>
      call.decoded(pb.LeaderResponse).map(({ kv }) => [decodeUtf8(kv!.key), decodeUtf8(kv!.value)]);
    expect(told(seen)).toEqual([
      ['l/1', 'v'],
      ['l/1', 'w'],
      ['l/2', 'v'],
    ]);
    expect(told(late)).toEqual([['l/2', 'v']]);
    seen.cancel();
    await revoke(desk, 2);
    await desk.call(path('Campaign'), campaign, { name, lease: 3n, value });
    await settled();
    expect(told(seen)).toHaveLength(3);
    expect(told(late)).toHaveLength(2);
  });
});
