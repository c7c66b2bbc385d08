import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import {
  EtcdProcess,
  findTool,
  freePorts,
  missingTool,
  startCluster,
  type EtcdOptions,
  type Ports,
} from './etcd-process.ts';
import { etcdctl, etcdctlOk, eventually, gateway, hashesOf, runDrydock, Writers } from './etcd-tools.ts';

/**
 * Clusters of real `drydock etcd` processes while clients write all the time: members come and go, are killed and replaced.
 * Nothing acknowledged is lost, revisions never fall, and in the end all members have the same history (HashKV).
 */

const hasEtcdctl = findTool('etcdctl') !== undefined;
if (!hasEtcdctl) missingTool('etcdctl', 'real clusters whose members come and go are not tested.');

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function ended<T extends EtcdProcess | Writers>(one: T): T {
  cleanups.push(() => (one instanceof Writers ? one.stop() : one.close()));
  return one;
}

async function clusterOf(count: number, flags: readonly string[] = []): Promise<EtcdProcess[]> {
  const members = await startCluster('drydock', count, flags);
  for (const member of members) ended(member);
  return members;
}

interface Listed {
  readonly members: readonly {
    readonly ID: string;
    readonly name?: string;
    readonly peerURLs: readonly string[];
    readonly isLearner?: boolean;
  }[];
}

/** Who is in the cluster, as `member` sees it; ids as etcdctl takes them. */
async function listed(
  member: EtcdProcess,
): Promise<{ id: string; name: string; peerUrl: string; learner: boolean }[]> {
  const { members } = await gateway<Listed>(member, '/v3/cluster/member/list', {});
  return members.map(({ ID, name = '', peerURLs, isLearner = false }) => ({
    id: BigInt(ID).toString(16),
    name,
    peerUrl: must(peerURLs[0]),
    learner: isLearner,
  }));
}

async function idOf(member: EtcdProcess, seenBy: EtcdProcess): Promise<string> {
  const found = (await listed(seenBy)).find(({ peerUrl }) => peerUrl === member.peerUrl);
  return must(found, `${member.name} is a member`).id;
}

async function leaderOf(members: readonly EtcdProcess[]): Promise<EtcdProcess> {
  return await eventually('a leader', async () => {
    const status = await gateway<{ leader: string }>(must(members[0]), '/v3/maintenance/status', {});
    const leading = (await listed(must(members[0]))).find(
      ({ id }) => id === BigInt(status.leader).toString(16),
    );
    return must(members.find(({ name }) => name === leading?.name));
  });
}

/** A member as `etcdctl member add` announces it: everybody is named, and the state is `existing`. */
async function newcomer(
  name: string,
  members: readonly EtcdProcess[],
  ports: Ports | undefined = undefined,
  more: Partial<EtcdOptions> = {},
): Promise<EtcdProcess> {
  const own = ports ?? (await freePorts());
  const initialCluster = [
    ...members.map((one) => `${one.name}=${one.peerUrl}`),
    `${name}=http://127.0.0.1:${own.peer}`,
  ];
  return ended(
    await EtcdProcess.create({
      flavour: 'drydock',
      name,
      ports: own,
      initialCluster: initialCluster.join(','),
      initialClusterState: 'existing',
      ...more,
    }),
  );
}

/** Strict reconfiguration wants links that have stood for five seconds, as etcd's does. */
async function add(via: EtcdProcess, member: EtcdProcess, ...flags: readonly string[]): Promise<void> {
  await eventually(`adding ${member.name}`, async () => {
    await etcdctlOk(via, 'member', 'add', member.name, `--peer-urls=${member.peerUrl}`, ...flags);
  });
}

async function expectEqual(members: readonly EtcdProcess[]): Promise<void> {
  const hashes = await hashesOf(members);
  expect(new Set(hashes.values()).size, JSON.stringify([...hashes])).toBe(1);
}

describe.skipIf(!hasEtcdctl)('a cluster of drydock etcd processes that changes under load', () => {
  it('grows from one to three by a learner and a voter, loses its first leader, and has a member replaced', async () => {
    const first = must((await clusterOf(1))[0]);
    const writers = ended(new Writers([first]));
    await writers.progress();

    const second = await newcomer('second', [first]);
    await add(first, second, '--learner');
    await second.start();
    // A learner that has caught up is promoted; before, the leader says that it has not.
    await eventually('the promotion', async () => {
      await etcdctlOk(first, 'member', 'promote', await idOf(second, first));
    });
    writers.turnTo([first, second]);
    await writers.progress();

    const third = await newcomer('third', [first, second]);
    await add(first, third);
    await third.start();
    writers.turnTo([first, second, third]);
    await writers.progress();
    expect((await listed(third)).map(({ name, learner }) => [name, learner]).toSorted()).toEqual([
      [first.name, false],
      ['second', false],
      ['third', false],
    ]);

    // The first one leads, and is removed by another.
    expect((await leaderOf([first, second, third])).name).toBe(first.name);
    writers.turnTo([second, third]);
    const removed = await idOf(first, second);
    await eventually('the removal', () => etcdctlOk(second, 'member', 'remove', removed));
    await eventually('the end of the removed one', async () => expect(first.running).toBe(false));
    expect(first.exitCode).toBe(1);
    expect(first.output.trim().split('\n').at(-1)).toMatch(/^drydock: .* removed from the cluster/);
    await writers.progress();
    // Its data is no way back.
    await expect(first.start()).rejects.toThrow(
      /drydock: .* was removed from the cluster for good: empty it/,
    );

    // A fourth, and then the third loses its disk and is replaced under the same name and address.
    const fourth = await newcomer('fourth', [second, third]);
    await add(second, fourth);
    await fourth.start();
    writers.turnTo([second, fourth]);
    await third.stop('SIGKILL');
    rmSync(third.dataDirectory, { recursive: true });
    await etcdctlOk(second, 'member', 'remove', await idOf(third, second));
    const replacement = await newcomer('third', [second, fourth], third.ports);
    await add(second, replacement);
    await replacement.start();
    writers.turnTo([second, fourth, replacement]);
    await writers.progress();
    await writers.stop();
    for (const member of [second, fourth, replacement]) await writers.check(member);
    await expectEqual([second, fourth, replacement]);
  }, 120_000);

  it('keeps everything when its leader, a follower, and all members are killed', async () => {
    const members = await clusterOf(3, ['--snapshot-count=200']);
    const writers = ended(new Writers(members));
    await writers.progress();

    const leader = await leaderOf(members);
    await leader.stop('SIGKILL');
    writers.turnTo(members.filter((member) => member !== leader));
    await writers.progress();
    await leader.start();
    writers.turnTo(members);

    const follower = must(members.find((member) => member !== leader));
    await follower.stop('SIGKILL');
    await writers.progress(300);
    await follower.start();
    await writers.progress();

    await Promise.all(members.map((member) => member.stop('SIGKILL')));
    await Promise.all(members.map((member) => member.start()));
    await writers.progress();
    await writers.stop();
    for (const member of members) await writers.check(member);
    await expectEqual(members);
  }, 120_000);

  it('of five goes on without two, and brings them back', async () => {
    const members = await clusterOf(5, ['--snapshot-count=100']);
    const writers = ended(new Writers(members));
    await writers.progress();
    const leader = await leaderOf(members);
    const lost = [leader, must(members.find((member) => member !== leader))];
    await Promise.all(lost.map((member) => member.stop('SIGKILL')));
    const left = members.filter((member) => !lost.includes(member));
    writers.turnTo(left);
    await writers.progress(200);
    // Without a third one there is no quorum: nothing is acknowledged, and reads that need one wait in vain.
    const third = must(left[0]);
    await third.stop('SIGKILL');
    await sleep(200);
    const before = writers.acknowledged;
    await sleep(1500);
    expect(writers.acknowledged).toBe(before);
    const serializable = await etcdctl(
      must(left[1]),
      'get',
      'w/',
      '--prefix',
      '--count-only',
      '--write-out=fields',
      '--consistency=s',
    );
    expect(serializable.output).toContain('"Count" : 40');
    await Promise.all([third, ...lost].map((member) => member.start()));
    writers.turnTo(members);
    await writers.progress();
    await writers.stop();
    for (const member of members) await writers.check(member);
    await expectEqual(members);
  }, 120_000);
});

describe('a member of a cluster of drydock etcd processes', () => {
  it('is refused with a reason when its token, its id or its data are of another', async () => {
    const members = await clusterOf(1);
    const one = must(members[0]);
    const flagsOf = (directory: string, ports: Ports, name = one.name): string[] => [
      'etcd',
      '--name',
      name,
      '--data-dir',
      directory,
      '--listen-client-urls',
      `http://127.0.0.1:${ports.client}`,
      '--advertise-client-urls',
      `http://127.0.0.1:${ports.client}`,
      '--listen-peer-urls',
      `http://127.0.0.1:${ports.peer}`,
      '--initial-advertise-peer-urls',
      `http://127.0.0.1:${ports.peer}`,
    ];
    const own = (ports: Ports, name = one.name): string => `${name}=http://127.0.0.1:${ports.peer}`;

    // Its directory is in use.
    const ports = await freePorts();
    const used = await runDrydock([...flagsOf(one.dataDirectory, ports), '--initial-cluster', own(ports)]);
    expect(used.code).toBe(1);
    expect(used.output).toMatch(/drydock: .*(in use|uses|runs)/);

    await one.stop();
    // The directory is of a cluster with another token, or of another member.
    const token = await runDrydock([
      ...flagsOf(one.dataDirectory, ports),
      '--initial-cluster',
      own(ports),
      '--initial-cluster-token',
      'other',
    ]);
    expect(token.code).toBe(1);
    expect(token.output).toMatch(/drydock: .* holds data of cluster .* choose an empty data directory/);
    const another = await runDrydock([
      ...flagsOf(one.dataDirectory, ports, 'other'),
      '--initial-cluster',
      `${own(ports, 'other')},${own(one.ports)}`,
    ]);
    expect(another.code).toBe(1);
    expect(another.output).toMatch(/drydock: .* holds (the )?data of/);

    // The others refuse one who comes from a cluster with another token, and one whom nobody has announced.
    await one.start();
    const stranger = await runDrydock(
      [
        ...flagsOf(`${one.dataDirectory}-stranger`, ports, 'stranger'),
        '--initial-cluster',
        `${own(ports, 'stranger')},${own(one.ports)}`,
        '--initial-cluster-token',
        'other',
      ],
      { millisMax: 4000 },
    );
    expect(stranger.output).toMatch(/it refused: it is of cluster \w+, this is \w+/);
    expect(stranger.output).not.toContain('ready to serve');
    const unknown = await runDrydock(
      [
        ...flagsOf(`${one.dataDirectory}-unknown`, ports, 'unknown'),
        '--initial-cluster',
        `${own(ports, 'unknown')},${own(one.ports)}`,
        '--initial-cluster-state',
        'existing',
      ],
      { millisMax: 90_000 },
    );
    expect(unknown.code).toBe(1);
    expect(unknown.output).toMatch(
      /drydock: unknown cannot join: .* announce it first with `etcdctl member add`/,
    );
  }, 120_000);
});
