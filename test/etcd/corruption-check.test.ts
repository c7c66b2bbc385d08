import { describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { Member } from '../../src/etcd/member.ts';
import { withDefaults, type MemberOptions } from '../../src/etcd/member-options.ts';
import type { Backend, Backends } from '../../src/mvcc/backend.ts';
import { decodeKeyValue } from '../../src/mvcc/key-value-codec.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import type { Host } from '../../sim/host.ts';
import { StoreCluster } from './store-cluster.ts';

const names = ['a', 'b', 'c'];

/** A disk that has changed one value behind the member's back. */
class TamperedBackends implements Backends {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async open(directory: string): Promise<Backend> {
    const backend = await new JournalBackends(this.#platform).open(directory);
    // In place: a backend takes no record of the past.
    const record = must(backend.get(2, 0));
    const { value } = decodeKeyValue(record, 2);
    const at = record.findIndex((_, i) => value.every((byte, j) => record[i + j] === byte));
    record[at]! ^= 1;
    return backend;
  }
}

interface Reborn {
  readonly member: () => Member | undefined;
  readonly refusal: () => Error | undefined;
}

/** Starts a host's member again on its own data, with these options and whatever `backends` makes of the data. */
function rebirth(
  host: Host,
  backends: (platform: Platform) => Backends,
  options: Partial<MemberOptions> = {},
): Reborn {
  let member: Member | undefined;
  let refusal: Error | undefined;
  host.boot(async (platform) => {
    try {
      member = await Member.start(platform, {
        name: host.name,
        cluster: {
          token: 'test',
          members: names.map((name) => ({ name, peerAddress: { host: name, port: 2380 }, user: name })),
        },
        dataDirectory: '/data',
        backends: backends(platform),
        ...options,
      });
    } catch (error) {
      refusal = error as Error;
    }
  });
  return { member: () => member, refusal: () => refusal };
}

const tampered = (platform: Platform): Backends => new TamperedBackends(platform);
const sound = (platform: Platform): Backends => new JournalBackends(platform);

/** A cluster with some history that all have, and a follower of it that is down. */
async function clusterWithOneDown(
  seed: number,
  options: Partial<MemberOptions> = {},
): Promise<{ readonly cluster: StoreCluster; readonly leader: Host; readonly down: Host }> {
  const cluster = new StoreCluster(seed, options);
  const leader = await cluster.elect();
  for (let i = 0; i < 5; i++) await cluster.put(leader, `k${i % 3}`, 'value');
  await cluster.until('the same everywhere', () =>
    cluster.hosts.every((host) => cluster.member(host)?.store.revision === 6),
  );
  await cluster.world.run({ forMillis: 500 });
  const down = must(cluster.hosts.find((host) => host !== leader));
  down.kill();
  return { cluster, leader, down };
}

describe('the check of a member before it serves', () => {
  it('refuses data that differ from everybody else’s, and says what to do', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(1);
    const again = rebirth(down, tampered);
    await cluster.until('a refusal', () => again.refusal() !== undefined);
    expect(String(again.refusal())).toMatch(
      /^DataDirectoryError: \/data differs from [abc] at revision 6 \(hash \d+ here, \d+ there\): replace this member: .*--initial-corrupt-check=false$/,
    );
    expect(again.member()).toBeUndefined();
    // What it held is let go: it can be started once more, and the others have gone on.
    down.kill();
    await cluster.put(leader, 'k', 'others');
    const unchecked = rebirth(down, sound, { initialCorruptCheck: false });
    await cluster.until('a start', () => unchecked.member()?.store.revision === 7);
  });

  it('lets one start that agrees with the others, also when they have gone on meanwhile', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(2);
    for (let i = 0; i < 5; i++) await cluster.put(leader, 'k', `${i}`);
    const again = rebirth(down, sound);
    await cluster.until('a start', () => again.member()?.store.revision === 11, 5000);
    expect(again.refusal()).toBeUndefined();
  });

  it('lets one start with a majority on its side, whoever else is wrong', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(3);
    const wrong = rebirth(down, tampered, { initialCorruptCheck: false });
    await cluster.until('the wrong one', () => wrong.member()?.leader === cluster.member(leader)?.id);
    const other = must(cluster.hosts.find((host) => host !== leader && host !== down));
    other.kill();
    const again = rebirth(other, sound);
    await cluster.until('a start', () => again.member() !== undefined || again.refusal() !== undefined);
    expect(again.refusal()).toBeUndefined();
  });

  it('waits for nobody who is down', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(4);
    leader.kill();
    const startedAt = cluster.world.now;
    const again = rebirth(down, sound);
    await cluster.until('a start', () => again.member() !== undefined);
    expect(cluster.world.now - startedAt).toBeLessThan(2000);
  });

  it('compares nothing where others have compacted further', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(5);
    await cluster.settle('compact', () =>
      must(cluster.member(leader)).propose({ type: 'compact', revision: 5 }),
    );
    // Raft brings the compaction at once when the member is back: what it hashed before is not compared with what is left.
    const again = rebirth(down, sound);
    await cluster.until('a start', () => again.member() !== undefined || again.refusal() !== undefined);
    expect(again.refusal()).toBeUndefined();
  });
});

describe('the check of members that serve', () => {
  it('raises the alarm against the member that differs, which refuses every change until people have looked', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(6, { corruptCheckMillis: 10_000 });
    const wrong = rebirth(down, tampered, { initialCorruptCheck: false, corruptCheckMillis: 10_000 });
    const leading = must(cluster.member(leader));
    await cluster.until('the alarm', () => leading.alarms().length > 0, 30_000);
    expect(leading.alarms()).toEqual([{ alarm: 'corrupt', memberId: must(wrong.member()).id }]);
    const refusal = await cluster
      .settle('a put', () => leading.propose({ type: 'put', request: { key: 'k', value: encodeUtf8('v') } }))
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(EtcdError);
    expect(refusal).toMatchObject({ code: 'data-loss', message: 'etcdserver: corrupt cluster' });

    // The wrong one is taken away, and the alarm disarmed.
    down.kill();
    const { memberId } = must(leading.alarms()[0]);
    await cluster.settle('disarm', () =>
      leading.propose({ type: 'alarm', action: 'deactivate', alarm: 'corrupt', memberId }),
    );
    await cluster.put(leader, 'k', 'again');
  });

  it('raises none while all agree, under load too', async () => {
    const { cluster, leader, down } = await clusterWithOneDown(7, { corruptCheckMillis: 500 });
    rebirth(down, sound, { corruptCheckMillis: 500 });
    for (let i = 0; i < 40; i++) {
      await cluster.put(leader, `k${i % 7}`, `${i}`);
      await cluster.world.run({ forMillis: 50 });
    }
    expect(must(cluster.member(leader)).alarms()).toEqual([]);
  });

  it('asks every five minutes unless it is told otherwise', () => {
    expect(withDefaults({} as MemberOptions).corruptCheckMillis).toBe(5 * 60_000);
  });
});
