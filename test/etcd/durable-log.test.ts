import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { writeApplied } from '../../src/etcd/applied-state.ts';
import { DurableLog } from '../../src/etcd/durable-log.ts';
import { Membership } from '../../src/etcd/membership.ts';
import type { Backend } from '../../src/mvcc/backend.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { index, memberId, term, type Entry, type SnapshotMetadata } from '../../src/raft/types.ts';
import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import { World } from '../../sim/world.ts';
import { engine } from '../sim/engine.ts';

const member = memberId('a');
const founder = { id: member, name: 'a', peerUrls: ['http://a:2380'], clientUrls: [], learner: false };
const options = {
  directory: '/var/lib/store',
  segmentBytes: 1_000_000,
  identity: { clusterId: 'c', memberId: member, name: 'a' },
  founders: [founder],
};
const confState = { voters: [member], learners: [] };

function entries(inTerm: number, from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    index: index(from + i),
    term: term(inTerm),
    type: 'normal',
    data: encodeUtf8(`${inTerm}/${from + i}`),
  }));
}

async function save(log: DurableLog, more: readonly Entry[], commit: number): Promise<void> {
  const hardState = { term: more.at(-1)?.term ?? term(9), vote: member, commit: index(commit) };
  await log.append(more, hardState, true);
}

const open = (platform: Platform) => DurableLog.open(platform, new JournalBackends(platform), options);

/** The state is as of `metadata` now, and durable. */
async function apply(backend: Backend, metadata: SnapshotMetadata): Promise<void> {
  writeApplied(backend, metadata);
  backend.commit();
  await backend.flush();
}

const termsOf = (log: DurableLog): string[] => log.entries().map((entry) => `${entry.term}/${entry.index}`);

/** Runs `life` on a host that had power loss after every life before. */
async function lives(...all: ((platform: Platform) => Promise<void>)[]): Promise<void> {
  const world = new World({ seed: 1, engine, disk: { keptProbability: 0 } });
  const host = world.addHost('a');
  for (const life of all) {
    let done = false;
    host.boot(async (platform) => {
      await life(platform);
      done = true;
    });
    const { failure } = await world.run({ until: () => done, forMillis: 10_000 });
    if (failure !== undefined) throw failure.error;
    expect(done).toBe(true);
    host.crash();
  }
}

describe('a durable log', () => {
  it('begins with its founders, durably, at index 1', async () => {
    await lives(
      async (platform) => {
        await open(platform);
      },
      async (platform) => {
        const { applied, backend, log } = await open(platform);
        expect(applied).toEqual({ index: 1, term: 0, confState });
        expect(new Membership(backend).members()).toEqual([founder]);
        expect(termsOf(log)).toEqual([]);
      },
    );
  });

  it('does not bring back a tail that entries now below the applied ones replaced', async () => {
    await lives(
      async (platform) => {
        const { log, backend } = await open(platform);
        await save(log, entries(1, 2, 10), 2);
        // The next leader's log is shorter, and of a newer term.
        await save(log, entries(2, 3, 5), 5);
        const metadata = { index: index(5), term: term(2), confState };
        await apply(backend, metadata);
        await log.compact(metadata, 0);
        expect(termsOf(log)).toEqual([]);
      },
      async (platform) => {
        const { log, applied } = await open(platform);
        expect(applied).toEqual({ index: 5, term: 2, confState });
        // With 1/6 … 1/10 its last term would be 1: it would elect one that lacks what it has acknowledged.
        expect(termsOf(log)).toEqual([]);
        await save(log, entries(3, 6, 7), 6);
      },
      async (platform) => {
        const { log } = await open(platform);
        expect(termsOf(log)).toEqual(['3/6', '3/7']);
      },
    );
  });

  it('keeps entries before the applied ones for slow followers, also over a restart', async () => {
    await lives(
      async (platform) => {
        const { log, backend } = await open(platform);
        await save(log, entries(1, 2, 10), 10);
        const metadata = { index: index(10), term: term(1), confState };
        await apply(backend, metadata);
        await log.compact(metadata, 3);
        expect(termsOf(log)).toEqual(['1/8', '1/9', '1/10']);
      },
      async (platform) => {
        const { log, applied } = await open(platform);
        expect(applied.index).toBe(10);
        expect(termsOf(log)).toEqual(['1/8', '1/9', '1/10']);
        // Saved with commit 10, and never below what is applied.
        expect(log.storage.initialState().hardState.commit).toBe(10);
      },
    );
  });

  it('starts from a snapshot of the leader, and has nothing from before it', async () => {
    const metadata = { index: index(20), term: term(3), confState };
    await lives(
      async (platform) => {
        const { log } = await open(platform);
        await save(log, entries(1, 2, 30), 2);
        const received = await log.openReceiving(new JournalBackends(platform), 20);
        await apply(received, metadata);
        await log.install(metadata, { term: term(3), vote: member, commit: index(20) });
      },
      async (platform) => {
        const { log, applied } = await open(platform);
        expect(applied).toEqual(metadata);
        expect(termsOf(log)).toEqual([]);
        expect(log.storage.initialState()).toMatchObject({ hardState: { commit: 20 }, confState });
        expect(await platform.disk.exists(`${options.directory}/db-0`)).toBe(false);
        // The mark of the installation may go with its segment; where the state is must not.
        await save(log, entries(4, 21, 22), 22);
        await log.compact({ index: index(22), term: term(4), confState }, 0);
      },
      async (platform) => {
        const { applied } = await open(platform);
        expect(applied.index).toBe(20);
      },
    );
  });

  it('forgets a snapshot that was received and never installed', async () => {
    const metadata = { index: index(20), term: term(3), confState };
    await lives(
      async (platform) => {
        const { log } = await open(platform);
        await save(log, entries(1, 2, 3), 2);
        await apply(await log.openReceiving(new JournalBackends(platform), 20), metadata);
      },
      async (platform) => {
        const { log, applied } = await open(platform);
        expect(applied.index).toBe(1);
        expect(termsOf(log)).toEqual(['1/2', '1/3']);
        expect(await platform.disk.exists(`${options.directory}/db-14`)).toBe(false);
      },
    );
  });

  it('says what is missing when the backend is gone', async () => {
    await lives(
      async (platform) => {
        const { log } = await open(platform);
        await save(log, entries(1, 2, 3), 3);
        await platform.disk.removeTree(`${options.directory}/db-0`);
        await platform.disk.syncDirectory(options.directory);
      },
      async (platform) => {
        await expect(open(platform)).rejects.toThrow(
          /^\/var\/lib\/store\/db-0 is missing: restore it as it was, or replace this member/,
        );
      },
    );
  });

  it('refuses a backend that is ahead of its log', async () => {
    await lives(
      async (platform) => {
        const { log, backend } = await open(platform);
        await save(log, entries(1, 2, 3), 3);
        await apply(backend, { index: index(7), term: term(1), confState });
      },
      async (platform) => {
        await expect(open(platform)).rejects.toThrow(/has no log between index 3 and 7: it is damaged/);
      },
    );
  });
});
