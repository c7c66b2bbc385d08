import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { DurableLog } from '../../src/etcd/durable-log.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { index, memberId, term, type Entry, type Snapshot } from '../../src/raft/types.ts';
import { World } from '../../sim/world.ts';
import { engine } from '../sim/engine.ts';

const member = memberId('a');
const options = {
  directory: '/var/lib/store',
  segmentBytes: 1_000_000,
  identity: { clusterId: 'c', memberId: member, name: 'a' },
  voters: [member],
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

async function save(
  log: DurableLog,
  more: readonly Entry[],
  commit: number,
  snapshot?: Snapshot,
): Promise<void> {
  const hardState = { term: more.at(-1)?.term ?? term(9), vote: member, commit: index(commit) };
  const rest = { committedEntries: [], messages: [], messagesBeforeSync: [], readStates: [], mustSync: true };
  await log.save({ ...rest, entries: more, hardState, ...(snapshot !== undefined && { snapshot }) });
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
  it('does not bring back a tail that entries now below the snapshot replaced', async () => {
    await lives(
      async (platform) => {
        const { log } = await DurableLog.open(platform, options);
        await save(log, entries(1, 1, 10), 2);
        // The next leader's log is shorter, and of a newer term.
        await save(log, entries(2, 3, 5), 5);
        await log.takeSnapshot(index(5), confState, encodeUtf8('state at 5'), 0);
        expect(termsOf(log)).toEqual([]);
      },
      async (platform) => {
        const { log, snapshot } = await DurableLog.open(platform, options);
        expect(snapshot.metadata).toEqual({ index: 5, term: 2, confState });
        // With 1/6 … 1/10 its last term would be 1: it would elect one that lacks what it has acknowledged.
        expect(termsOf(log)).toEqual([]);
        await save(log, entries(3, 6, 7), 6);
      },
      async (platform) => {
        const { log } = await DurableLog.open(platform, options);
        expect(termsOf(log)).toEqual(['3/6', '3/7']);
      },
    );
  });

  it('starts from a snapshot of the leader, and has nothing from before it', async () => {
    const metadata = { index: index(20), term: term(3), confState };
    await lives(
      async (platform) => {
        const { log } = await DurableLog.open(platform, options);
        await save(log, entries(1, 1, 30), 2);
        await save(log, [], 20, { metadata, data: encodeUtf8('state at 20') });
      },
      async (platform) => {
        const { log, snapshot } = await DurableLog.open(platform, options);
        expect(snapshot).toEqual({ metadata, data: encodeUtf8('state at 20') });
        expect(termsOf(log)).toEqual([]);
        expect(log.storage.initialState()).toMatchObject({ hardState: { commit: 20 }, confState });
      },
    );
  });

  it('says what is missing when the only snapshot that reaches the commit index is damaged', async () => {
    await lives(
      async (platform) => {
        const { log } = await DurableLog.open(platform, options);
        await save(log, entries(1, 1, 3), 3);
        await log.takeSnapshot(index(3), confState, encodeUtf8('state at 3'), 0);
        const metadata = { index: index(20), term: term(3), confState };
        await save(log, [], 20, { metadata, data: encodeUtf8('state at 20') });
        const path = `${options.directory}/snap/0000000000000014-0000000000000003.snap`;
        const file = await platform.disk.open(path, 'update');
        await file.write(40, encodeUtf8('?'));
        await file.sync();
      },
      async (platform) => {
        await expect(DurableLog.open(platform, options)).rejects.toThrow(
          /^\/var\/lib\/store has no log between index 3 and 20: a snapshot file is missing or damaged/,
        );
      },
    );
  });
});
