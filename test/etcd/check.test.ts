import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { formatReport, verifyDataDirectory, type DataDirectoryReport } from '../../src/etcd/check.ts';
import { DataDirectoryError } from '../../src/etcd/data-directory.ts';
import { DurableLog } from '../../src/etcd/durable-log.ts';
import { StateMachine } from '../../src/etcd/state-machine.ts';
import type { Backend } from '../../src/mvcc/backend.ts';
import type { LeaseId } from '../../src/mvcc/types.ts';
import { DiskError } from '../../src/platform/errors.ts';
import { OsClock } from '../../src/platform/os/os-clock.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Entry, HardState, Index, MemberId, Term } from '../../src/raft/types.ts';
import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import { noFaultPoints } from '../../src/platform/fault-points.ts';
import { MemoryDisk } from '../wal/memory-disk.ts';

const directory = 'member';
const id = '1' as MemberId;

function worldOf(disk: MemoryDisk): { platform: Platform; backends: JournalBackends } {
  const platform = { disk, clock: new OsClock(), faults: noFaultPoints } as unknown as Platform;
  return { platform, backends: new JournalBackends(platform) };
}

/** A member's directory with `count` entries, all applied. */
async function filled(count: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { platform, backends } = worldOf(disk);
  const founder = { id, name: 'a', peerUrls: ['http://a:2380'], clientUrls: [], learner: false };
  const { log, backend } = await DurableLog.open(platform, backends, {
    directory,
    segmentBytes: 1000,
    identity: { clusterId: 'c1', memberId: id, name: 'a' },
    founders: [founder],
  });
  const machine = new StateMachine(backend);
  const { confState } = machine.applied;
  const first = machine.applied.index + 1;
  for (let index = first; index < first + count; index++) {
    const entry: Entry = {
      index: index as Index,
      term: 2 as Term,
      type: 'normal',
      data: encodeUtf8(`entry ${index}`.padEnd(100)),
    };
    const hardState: HardState = { term: 2 as Term, vote: id, commit: index as Index };
    await log.append([entry], hardState, true);
    machine.store.put({ key: `k${index % 3}`, value: encodeUtf8(`value ${index}`) });
    machine.advance(entry, confState);
    machine.commit();
  }
  await backend.close();
  await log.close();
  return disk;
}

async function verified(disk: MemoryDisk): Promise<DataDirectoryReport> {
  const { platform, backends } = worldOf(disk);
  return await verifyDataDirectory(platform, backends, directory);
}

describe('the check of a data directory', () => {
  it('tells what a sound one holds, in words and as plain data', async () => {
    const disk = await filled(30);
    const before = disk.operations;
    const report = await verified(disk);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({
      sound: true,
      identity: { clusterId: 'c1', name: 'a' },
      log: { torn: false },
      backend: { revision: 31, compactRevision: 0, keys: 3, leases: 0, records: 30 },
    });
    expect(report.log.segments.length).toBeGreaterThan(2);
    expect(report.backend?.appliedIndex).toBe(report.log.lastIndex);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(formatReport(report)).toContain('member          a of cluster c1\n');
    expect(formatReport(report)).toMatch(/HashKV [0-9a-f]{8}\nsound\n$/);
    // The journal writes its last frame again when it is opened; the log is only read.
    expect(disk.operations - before).toBeLessThan(5);
  });

  it('does not call a torn end damage', async () => {
    const disk = await filled(3);
    const newest = (await disk.list(`${directory}/wal`)).at(-1)!;
    const path = `${directory}/wal/${newest}`;
    const bytes = disk.peek(path).slice();
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const torn = new Uint8Array(Math.max(bytes.length, end + 64));
    torn.set(bytes);
    torn.set([40, 0, 0, 0, 1, 2, 3, 4], Math.ceil(end / 8) * 8);
    disk.poke(path, torn);
    const report = await verified(disk);
    expect(report.problems).toEqual([]);
    expect(report.log.torn).toBe(true);
    expect(formatReport(report)).toContain('torn');
  });

  it('finds a changed byte anywhere in the log', async () => {
    const disk = await filled(30);
    const path = `${directory}/wal/0000000000000002.wal`;
    const bytes = disk.peek(path).slice();
    for (const at of [3, 40, 300, 600]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 4;
      disk.poke(path, damaged);
      const report = await verified(disk);
      expect(report.sound).toBe(false);
      expect(report.problems[0]).toContain(`${path} at byte`);
      expect(report.problems[0]).toContain('replace this member');
    }
  });

  it('finds a missing segment, a missing backend and a backend that is ahead of its log', async () => {
    const lost = await filled(30);
    await lost.remove(`${directory}/wal/0000000000000002.wal`);
    expect((await verified(lost)).problems[0]).toContain('the segment before it is missing');

    const bare = await filled(3);
    await bare.removeTree(`${directory}/db-0`);
    expect((await verified(bare)).problems).toEqual([
      `${directory}/db-0 is missing: restore it as it was, or replace this member`,
    ]);

    const ahead = await filled(30);
    const newest = (await ahead.list(`${directory}/wal`)).at(-1)!;
    await ahead.remove(`${directory}/wal/${newest}`);
    expect((await verified(ahead)).problems[0]).toMatch(/applied, but the log ends at|knows of commit/);
  });

  it('finds a backend that contradicts itself, or cannot be read', async () => {
    const changes: ((backend: Backend) => void)[] = [
      // A key whose lease is not there.
      (backend) => {
        const machine = new StateMachine(backend);
        machine.store.leaseGrant(7n as LeaseId, 60);
        const leases = backend.values('lease');
        expect(leases).toHaveLength(1);
        machine.store.put({ key: 'leased', value: encodeUtf8('x'), lease: 7n as LeaseId });
        backend.setValue(leases[0]![0], undefined);
      },
      (backend) => backend.put(1000, 0, new Uint8Array([1, 2, 3])),
    ];
    for (const change of changes) {
      const disk = await filled(6);
      const backend = await worldOf(disk).backends.open(`${directory}/db-0`);
      change(backend);
      backend.commit();
      await backend.close();
      const report = await verified(disk);
      expect(report.sound).toBe(false);
      expect(report.problems).toHaveLength(1);
      expect(report.problems[0]).toContain(`${directory}/db-0 contradicts itself`);
      expect(report.backend).toBeUndefined();
    }
  });

  it('refuses where a member runs, and where nothing is', async () => {
    const disk = await filled(1);
    disk.lock = () => Promise.reject(new DiskError('ELOCKED', directory, 'taken'));
    await expect(verified(disk)).rejects.toThrow(
      new DataDirectoryError(`a member runs on ${directory}: stop it first`),
    );
    await expect(verified(new MemoryDisk())).rejects.toThrow('there is no data directory member');
  });
});
