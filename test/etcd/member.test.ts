import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import { describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Revision, WatchEvents } from '../../src/etcd/client.ts';
import type { AuthRequest } from '../../src/mvcc/auth/auth-request.ts';
import { noMember } from '../../src/raft/types.ts';
import { StoreCluster } from './store-cluster.ts';

const put = (key: string, value: string) => ({ key, value: encodeUtf8(value) });

describe('a store of three members', () => {
  it('elects a leader and acknowledges a write of any member, readable at every other', async () => {
    const cluster = new StoreCluster(1);
    await cluster.elect();
    for (const host of cluster.hosts) {
      await cluster.settle('put', () => cluster.client(host).put(put(`k/${host.name}`, host.name)));
    }
    for (const host of cluster.hosts) {
      const { kvs, header } = await cluster.settle('range', () =>
        cluster.client(host).range({ key: 'k/', rangeEnd: 'k0' }),
      );
      expect(kvs.map((kv) => decodeUtf8(kv.value))).toEqual(['a', 'b', 'c']);
      expect(header.revision).toBe(4);
    }
  });

  it('goes on after the leader loses power, and keeps what was acknowledged', async () => {
    const cluster = new StoreCluster(2);
    const leader = await cluster.elect();
    await cluster.settle('put', () => cluster.client(leader).put(put('k', 'acknowledged')));
    leader.crash();
    const startedAt = cluster.world.now;
    const other = cluster.hosts.find((host) => host !== leader)!;
    await cluster.put(other, 'k2', 'after');
    expect(cluster.world.now - startedAt).toBeLessThan(3000);
    leader.restart();
    await cluster.until('all caught up', () =>
      cluster.hosts.every(
        (host) => cluster.member(host)?.store.revision === cluster.member(other)!.store.revision,
      ),
    );
    const { kvs } = await cluster.settle('range', () => cluster.client(leader).range({ key: 'k' }));
    expect(decodeUtf8(kvs[0]!.value)).toBe('acknowledged');
  });

  it('keeps everything when all members lose power at once', async () => {
    const cluster = new StoreCluster(3);
    const leader = await cluster.elect();
    for (let i = 0; i < 20; i++)
      await cluster.settle('put', () => cluster.client(leader).put(put(`k${i}`, 'v')));
    for (const host of cluster.hosts) host.crash();
    for (const host of cluster.hosts) host.restart();
    await cluster.elect();
    const { count } = await cluster.settle('range', () =>
      cluster.client(cluster.hosts[0]!).range({ key: '\0', rangeEnd: '\0' }),
    );
    expect(count).toBe(20);
  });

  it('brings a member that fell behind the log forward with a snapshot', async () => {
    const cluster = new StoreCluster(4, { snapshotEntries: 10, catchUpEntries: 2, segmentBytes: 4096 });
    const leader = await cluster.elect();
    const behind = cluster.hosts.find((host) => host !== leader)!;
    behind.crash();
    for (let i = 0; i < 40; i++)
      await cluster.settle('put', () => cluster.client(leader).put(put(`k${i % 7}`, `${i}`)));
    behind.restart();
    await cluster.until('caught up', () => cluster.member(behind)?.store.revision === 41);
    expect(cluster.member(behind)!.store.hash()).toEqual(cluster.member(leader)!.store.hash());
    behind.crash();
    behind.restart();
    await cluster.until('there again', () => cluster.member(behind)?.store.revision === 41);
    expect(cluster.member(behind)!.store.hash()).toEqual(cluster.member(leader)!.store.hash());
  });

  it('does not answer reads or writes without a quorum, and tells so', async () => {
    const cluster = new StoreCluster(5);
    const leader = await cluster.elect();
    for (const host of cluster.hosts) if (host !== leader) cluster.world.cut(leader, host);
    const client = cluster.client(leader);
    await expect(cluster.settle('put', () => client.put(put('k', 'v')))).rejects.toThrow(
      'etcdserver: request timed out',
    );
    await expect(cluster.settle('range', () => client.range({ key: 'k' }))).rejects.toThrow(
      'etcdserver: request timed out',
    );
  });

  it('ends leases at the same revision everywhere, also under a new leader', async () => {
    const cluster = new StoreCluster(6);
    const leader = await cluster.elect();
    const { id } = await cluster.settle('grant', () => cluster.client(leader).leaseGrant(3));
    await cluster.settle('put', () => cluster.client(leader).put({ ...put('k', 'v'), lease: id }));
    const other = cluster.hosts.find((host) => host !== leader)!;
    expect(await cluster.settle('renew', () => cluster.client(other).leaseKeepAlive(id))).toBe(3);
    leader.crash();
    await cluster.until('revoked', () => cluster.member(other)!.store.leases().length === 0);
    const { count, header } = await cluster.settle('range', () => cluster.client(other).range({ key: 'k' }));
    expect([count, header.revision]).toEqual([0, 3]);
    expect(await cluster.settle('renew', () => cluster.client(other).leaseKeepAlive(id))).toBe(0);
  });

  it('ends a lease in time that somebody tried to end who may not', async () => {
    const cluster = new StoreCluster(16);
    const host = await cluster.elect();
    const member = cluster.member(host)!;
    const change = (request: AuthRequest): Promise<unknown> =>
      cluster.settle(request.type, () => member.propose({ type: 'auth', request }));
    for (const name of ['root', 'eve'])
      await change({ type: 'user-add', name, passwordHash: '', noPassword: true });
    await change({ type: 'user-grant-role', name: 'root', role: 'root' });
    const { id } = await cluster.settle('grant', () => cluster.client(host).leaseGrant(3));
    await cluster.settle('put', () => cluster.client(host).put({ ...put('k', 'v'), lease: id }));
    await change({ type: 'enable' });
    const eve = { username: 'eve', authRevision: member.auth.revision };
    const revoked = cluster.settle('revoke', () =>
      member.propose({ type: 'lease-revoke', id }, { auth: eve }),
    );
    await expect(revoked).rejects.toThrow('permission denied');
    expect(member.store.leases()).toHaveLength(1);
    await cluster.until('ended', () => member.store.leases().length === 0);
  });

  it('lets no old leader end a lease that the new one renews, after a pause and behind a slow disk', async () => {
    const cluster = new StoreCluster(14);
    const old = await cluster.elect();
    const { id } = await cluster.settle('grant', () => cluster.client(old).leaseGrant(5));
    await cluster.until('granted everywhere', () =>
      cluster.hosts.every((host) => cluster.member(host)!.store.leases().length === 1),
    );
    old.disk.faults.slowSyncMillis = 4000;
    old.pause(3500);
    await cluster.until('another leader', () => ![undefined, old].includes(cluster.leader()));
    const renewer = cluster.leader()!;
    await cluster.put(renewer, 'k', 'in its term');
    for (let i = 0; i < 10; i++) {
      expect(await cluster.settle('renew', () => cluster.client(renewer).leaseKeepAlive(id))).toBe(5);
      await cluster.world.run({ forMillis: 1000 });
    }
  });

  it('reads at a member that starts from a snapshot of all there is', async () => {
    const cluster = new StoreCluster(15, { snapshotEntries: 1, catchUpEntries: 1 });
    const leader = await cluster.elect();
    await cluster.settle('put', () => cluster.client(leader).put(put('k', 'v')));
    const follower = cluster.hosts.find((host) => host !== leader)!;
    await cluster.until('applied', () => cluster.member(follower)!.store.revision === 2);
    await cluster.world.run({ forMillis: 500 });
    follower.kill();
    follower.restart();
    await cluster.until('a leader', () => {
      const status = cluster.member(follower)?.status();
      return status !== undefined && status.leader !== noMember;
    });
    const { count } = await cluster.settle('range', () => cluster.client(follower).range({ key: 'k' }), 1000);
    expect(count).toBe(1);
  });

  it('tells a watch that is opened when it has stopped', async () => {
    const cluster = new StoreCluster(16);
    const leader = await cluster.elect();
    const member = cluster.member(leader)!;
    let reason = '';
    await cluster.settle('stop and watch', async () => {
      await member.stop();
      const nothing = () => {};
      const closed = (end: { reason: string }) => (reason = end.reason);
      member.watch({ key: 'k' }, { created: nothing, events: nothing, progress: nothing, closed });
    });
    expect(reason).toBe('etcdserver: server stopped');
  });

  it('can be stopped at any time of making a snapshot', async () => {
    const cluster = new StoreCluster(17, { snapshotEntries: 1, catchUpEntries: 1 });
    const leader = await cluster.elect();
    for (let i = 0; i < 40; i++) {
      await cluster.put(leader, 'k', `${i}`);
      const host = cluster.hosts[i % 3]!;
      const member = cluster.member(host)!;
      await cluster.world.run({ forMillis: i / 4 });
      await cluster.settle('stop', () => member.stop());
      await cluster.world.run({ forMillis: 10 });
      host.restart();
      await cluster.elect();
    }
  }, 20_000);

  it('starts although the first start was cut short, wherever that was', async () => {
    for (let i = 0; i < 40; i++) {
      const cluster = new StoreCluster(`first start ${i}`, { dataDirectory: '/var/lib/store' });
      await cluster.world.run({ forMillis: i / 4 });
      for (const host of cluster.hosts) {
        if (i % 2 === 0) host.kill();
        else host.crash();
        host.restart();
      }
      await cluster.elect();
    }
  });

  it('delivers a watch in order from the past into the present', async () => {
    const cluster = new StoreCluster(7);
    const leader = await cluster.elect();
    const client = cluster.client(leader);
    for (let i = 0; i < 3; i++) await cluster.settle('put', () => client.put(put('k', `${i}`)));
    const seen: string[] = [];
    const events: WatchEvents = {
      created: (revision: Revision) => seen.push(`created ${revision}`),
      events: (batch) =>
        seen.push(...batch.map((event) => `${event.kv.modRevision}=${decodeUtf8(event.kv.value)}`)),
      progress: (revision) => seen.push(`progress ${revision}`),
      closed: ({ reason }) => seen.push(reason),
    };
    await cluster.settle('watch', async () => {
      client.watch({ key: 'k', startRevision: 3 }, events).requestProgress();
    });
    await cluster.until('progress', () => seen.includes('progress 4'));
    await cluster.settle('put', () => client.put(put('k', '3')));
    await cluster.until('events', () => seen.length >= 5);
    expect(seen).toEqual(['created 4', '3=1', '4=2', 'progress 4', '5=3']);
  });

  it('tells a watch that comes from a member further ahead of no progress before its start', async () => {
    const cluster = new StoreCluster(13);
    const leader = await cluster.elect();
    const client = cluster.client(leader);
    const seen: number[] = [];
    const events: WatchEvents = {
      created: () => {},
      events: (_, revision) => seen.push(revision),
      progress: (revision) => seen.push(revision),
      closed: () => {},
    };
    await cluster.settle('watch', async () => {
      client.watch({ key: 'k', startRevision: 4 }, events).requestProgress();
    });
    for (let i = 0; i < 3; i++) await cluster.settle('put', () => client.put(put('other', `${i}`)));
    await cluster.world.run({ forMillis: 1000 });
    // Revision 3 completes what the watch had seen before; only the first request was for a progress.
    expect(seen).toEqual([3]);
  });

  it('stops the member whose disk fails, and only that one', async () => {
    const cluster = new StoreCluster(8);
    const leader = await cluster.elect();
    leader.disk.faults.syncErrorProbability = 1;
    const other = cluster.hosts.find((host) => host !== leader)!;
    const client = cluster.client(leader);
    const write = cluster.settle('put', () => client.put(put('k', 'v')));
    await expect(write).rejects.toThrow('etcdserver: server stopped');
    await cluster.until('the member to stop', () => cluster.failures.has(leader.name));
    expect(cluster.failures.get(leader.name)!.message).toMatch(/sync/);
    await cluster.put(other, 'k', 'w');
  });

  it('refuses the data directory of another cluster, in one sentence, and leaves it as it was', async () => {
    const cluster = new StoreCluster(9);
    await cluster.elect();
    const host = cluster.hosts[0]!;
    host.kill();
    let refusal = '';
    const { Member } = await import('../../src/etcd/member.ts');
    host.boot(async (platform) => {
      try {
        await Member.start(platform, {
          name: 'a',
          cluster: { token: 'other', members: [{ name: 'a', peerAddress: { host: 'a', port: 2380 } }] },
          dataDirectory: '/data',
          backends: new JournalBackends(platform),
        });
      } catch (error) {
        refusal = String(error);
      }
    });
    await cluster.until('a refusal', () => refusal !== '');
    expect(refusal).toMatch(
      /^DataDirectoryError: \/data holds data of cluster .* choose an empty data directory$/,
    );
    host.kill();
  });

  it('refuses a link that claims to be a member with the certificate of another', async () => {
    const cluster = new StoreCluster(12);
    const leader = await cluster.elect();
    const { term } = { term: cluster.member(leader)!.status().raftTerm };
    const intruder = cluster.world.addHost('intruder', {
      identity: { user: 'system:node:agent-1', groups: [] },
    });
    const claimed = cluster.member(cluster.hosts.find((host) => host !== leader)!)!;
    let ended = '';
    intruder.boot(async (platform) => {
      const events = { message: () => {}, closed: (reason: string) => (ended = reason) };
      const link = await platform.network.links.connect({ host: leader.name, port: 2380 }, events);
      const { clusterId, id: memberId } = claimed;
      link.send({ type: 'hello', protocol: 'drydock-peer/1', clusterId, memberId });
      const vote = { type: 'MsgVote', from: memberId, to: cluster.member(leader)!.id, term: term + 5 };
      link.send({ type: 'raft', message: { ...vote, index: 99, logTerm: 99, transfer: true } });
    });
    await cluster.until('the link to end', () => ended !== '');
    await cluster.world.run({ forMillis: 2000 });
    expect(cluster.member(leader)!.status().raftTerm).toBe(term);
  });

  it('runs the same history for the same seed', async () => {
    const hashes: string[] = [];
    for (const seed of [10, 10, 11]) {
      const cluster = new StoreCluster(seed);
      const leader = await cluster.elect();
      await cluster.settle('put', () => cluster.client(leader).put(put('k', 'v')));
      hashes.push(cluster.world.traceHash());
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });
});
