import { describe, expect, it } from 'vitest';

import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import type { Host } from '../../sim/host.ts';
import { MemberRemovedError } from '../../src/etcd/data-directory.ts';
import { LocalEtcdClient } from '../../src/etcd/local-client.ts';
import { Member } from '../../src/etcd/member.ts';
import { StoreCluster } from './store-cluster.ts';

const urlOf = (name: string): string => `http://${name}:2380`;

/** A host that joins the cluster of `cluster`, which was told of it before. */
function join(cluster: StoreCluster, name: string): { readonly host: Host; member(): Member | undefined } {
  const host = cluster.world.addHost(name, { identity: { user: name, groups: [] } });
  let member: Member | undefined;
  host.boot(async (platform) => {
    member = await Member.start(platform, {
      name,
      cluster: {
        token: 'test',
        state: 'existing',
        members: [...cluster.hosts.map((one) => one.name), name].map((one) => ({
          name: one,
          peerAddress: { host: one, port: 2380 },
          peerUrls: [urlOf(one)],
        })),
      },
      dataDirectory: '/data',
      backends: new JournalBackends(platform),
      snapshotEntries: 20,
      catchUpEntries: 5,
    });
  });
  return { host, member: () => member };
}

describe('membership', () => {
  it('lets in a leader that joined while it was away, when another member knows it', async () => {
    const cluster = new StoreCluster(33);
    const leader = await cluster.elect();
    const at = cluster.member(leader)!;
    await cluster.world.run({ forMillis: 6000 });
    const away = cluster.hosts.find((host) => host !== leader)!;
    cluster.world.partition([away]);
    const added = await cluster.settle('add', () => at.memberAdd([urlOf('d')], true));
    // Otherwise what was on its way would tell it, as soon as the way is free.
    away.crash();
    const joined = join(cluster, 'd');
    await cluster.until('it has everything', () => joined.member()?.store.revision === at.store.revision);
    await cluster.world.run({ forMillis: 1000 });
    await cluster.settle('promote', () => at.memberPromote(added.id));
    await cluster.until('it votes', () => joined.member()!.learner === false);
    await cluster.settle('lead', () => at.moveLeader(added.id));
    await cluster.world.run({ forMillis: 500 });
    // Who was away hears of it from the newcomer alone: only that one sends it what is new.
    for (const host of cluster.hosts) if (host !== away) cluster.world.heal(host, away);
    away.restart();
    expect(joined.member()!.leading).toBe(true);
    await cluster.until('it has caught up', () => {
      const member = cluster.member(away);
      return member !== undefined && member.applied === joined.member()!.applied;
    });
    expect(
      cluster
        .member(away)!
        .members()
        .some(({ id }) => id === added.id),
    ).toBe(true);
  });

  it('lets a learner join with a snapshot, promotes it when it has caught up, and removes another member', async () => {
    const cluster = new StoreCluster(21, { snapshotEntries: 20, catchUpEntries: 5 });
    const leader = await cluster.elect();
    for (let i = 0; i < 50; i++) await cluster.put(leader, `k${i}`, 'v');
    const at = cluster.member(leader)!;
    // Everybody has to have been connected for a while.
    await cluster.world.run({ forMillis: 6000 });
    const added = await cluster.settle('add', () => at.memberAdd([urlOf('d')], true));
    expect(added).toMatchObject({ name: '', learner: true, peerUrls: [urlOf('d')] });
    await expect(cluster.settle('add another', () => at.memberAdd([urlOf('e')], true))).rejects.toThrow(
      'etcdserver: too many learner members in cluster',
    );
    const joined = join(cluster, 'd');
    await cluster.until(
      'the learner has everything',
      () => joined.member()?.store.revision === at.store.revision,
    );
    expect(joined.member()!.id).toBe(added.id);
    expect(joined.member()!.learner).toBe(true);
    await cluster.until('it is known by name', () => at.members().some(({ name }) => name === 'd'));
    await cluster.settle('promote', () => at.memberPromote(added.id));
    await cluster.until('it votes', () => joined.member()!.learner === false);
    const gone = cluster.hosts.find((host) => host !== leader)!;
    await cluster.settle('remove', () => at.memberRemove(cluster.member(gone)!.id));
    await cluster.until('the removed member stops', () => cluster.failures.has(gone.name));
    expect(cluster.failures.get(gone.name)).toBeInstanceOf(MemberRemovedError);
    expect(cluster.failures.get(gone.name)!.message).toMatch(/removed from the cluster/);
    await cluster.put(leader, 'after', 'v');
    await cluster.until('the new member has it', () => joined.member()!.store.revision === at.store.revision);
    const { kvs } = await cluster.settle('read', () =>
      new LocalEtcdClient(joined.member()!).range({ key: 'after' }),
    );
    expect(kvs).toHaveLength(1);
    joined.member()!.checkInvariants();
  });

  it('replaces a member whose data is lost while the others are written to', async () => {
    const cluster = new StoreCluster(22, { snapshotEntries: 20, catchUpEntries: 5 });
    const leader = await cluster.elect();
    await cluster.world.run({ forMillis: 6000 });
    const lost = cluster.hosts.find((host) => host !== leader)!;
    const lostId = cluster.member(lost)!.id;
    const at = cluster.member(leader)!;
    lost.kill();
    for (let i = 0; i < 30; i++) await cluster.put(leader, `k${i}`, 'v');
    await cluster.settle('remove', () => at.memberRemove(lostId));
    await cluster.put(leader, 'between', 'v');
    const added = await cluster.settle('add', () => at.memberAdd([urlOf('d')], false));
    const joined = join(cluster, 'd');
    await cluster.until('it has everything', () => joined.member()?.store.revision === at.store.revision);
    expect(joined.member()!.id).toBe(added.id);
    for (let i = 0; i < 30; i++) await cluster.put(leader, `l${i}`, 'v');
    await cluster.until('it follows', () => joined.member()!.store.revision === at.store.revision);
    expect(
      at
        .members()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...cluster.hosts.filter((host) => host !== lost).map(({ name }) => name), 'd'].toSorted());
  });

  it('refuses what would lose the quorum, what is there already, and what is not there', async () => {
    const cluster = new StoreCluster(23);
    const leader = await cluster.elect();
    await cluster.world.run({ forMillis: 6000 });
    const at = cluster.member(leader)!;
    const refusal = async (work: () => Promise<unknown>): Promise<string> =>
      await cluster.settle('refusal', work).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    expect(await refusal(() => at.memberAdd([urlOf('a')], false))).toBe(
      'etcdserver: Peer URLs already exists',
    );
    expect(await refusal(() => at.memberRemove('abc' as never))).toBe('etcdserver: member not found');
    expect(await refusal(() => at.memberPromote(at.id))).toBe(
      'etcdserver: can only promote a learner member',
    );
    const follower = cluster.hosts.find((host) => host !== leader)!;
    follower.kill();
    await cluster.world.run({ forMillis: 2000 });
    expect(await refusal(() => at.memberAdd([urlOf('d')], false))).toBe('etcdserver: unhealthy cluster');
  });
});
