import { AssertionError } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import type { Backend, Backends } from '../mvcc/backend.ts';
import { DiskError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';
import type { HardState, SnapshotMetadata } from '../raft/types.ts';
import { WalError } from '../wal/errors.ts';
import { checkChain, readSegment, segmentNumbers, segmentPath, type Segment } from '../wal/segment.ts';
import { readApplied } from './applied-state.ts';
import { decode } from './codec.ts';
import { type DataIdentity, DataDirectoryError } from './data-directory.ts';
import { backendDirectory, recordTypes } from './durable-log.ts';
import { StateMachine } from './state-machine.ts';

/** What a data directory holds, and what is wrong with it. Plain data: printed as text or as JSON. */
export interface DataDirectoryReport {
  readonly directory: string;
  /** Nothing is wrong. A torn end of the log is not: it was never acknowledged. */
  readonly sound: boolean;
  /** One sentence each: the thing, the place, the remedy. */
  readonly problems: readonly string[];
  readonly identity?: DataIdentity;
  readonly log: LogReport;
  readonly backend?: BackendReport;
}

export interface LogReport {
  readonly segments: readonly SegmentReport[];
  readonly records: number;
  /** Of the entries that are kept; 0 when there is none. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  /** A write was under way when the member died. It is cut off at the next start. */
  readonly torn: boolean;
}

export interface SegmentReport {
  readonly path: string;
  readonly records: number;
  /** Without the zeros behind the last record. */
  readonly bytes: number;
}

export interface BackendReport {
  readonly path: string;
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly keys: number;
  readonly leases: number;
  readonly records: number;
  readonly liveBytes: number;
  readonly fileBytes: number;
  /** As HashKV of the running member at `revision`, in hex: members that are equally far must agree. */
  readonly hashKv: string;
}

const hashStep = 100_000;

/**
 * Reads everything in a data directory and compares it: every record of the log with its checksum and its neighbours, every
 * record of the backend with the key index, the leases and the log. Writes nothing.
 *
 * @throws DataDirectoryError when there is none, or a member runs on it
 */
export async function verifyDataDirectory(
  platform: Platform,
  backends: Backends,
  directory: string,
): Promise<DataDirectoryReport> {
  const { disk } = platform;
  if (!(await disk.exists(directory))) {
    throw new DataDirectoryError(`there is no data directory ${directory}: check the path`);
  }
  const lock = await disk.lock(directory).catch((error: unknown) => {
    if (!(error instanceof DiskError) || error.code !== 'ELOCKED') throw error;
    throw new DataDirectoryError(`a member runs on ${directory}: stop it first`, { cause: error });
  });
  try {
    const problems: string[] = [];
    const segments = await readSegments(platform, `${directory}/wal`, problems);
    const { log, installedIndex } = examineLog(directory, segments, problems);
    const path = backendDirectory(directory, installedIndex);
    const backend = await withBackend(platform, backends, path, problems, (backend) =>
      examineBackend(path, backend, log, problems),
    );
    const metadata = segments[0]?.metadata;
    return {
      directory,
      sound: problems.length === 0,
      problems,
      ...(metadata === undefined ? {} : { identity: decode<DataIdentity>(metadata) }),
      log,
      ...(backend === undefined ? {} : { backend }),
    };
  } finally {
    await lock.release();
  }
}

/** The report for people. */
export function formatReport(report: DataDirectoryReport): string {
  const { directory, identity, log, backend, problems } = report;
  const lines = [`data directory  ${directory}`];
  if (identity !== undefined) lines.push(`member          ${identity.name} of cluster ${identity.clusterId}`);
  lines.push(
    `log             ${log.segments.length} segments, ${log.records} records, entries ${log.firstIndex} to ${log.lastIndex}, committed ${log.commitIndex}`,
  );
  if (log.torn) lines.push('                its end is torn: never acknowledged, cut off at the next start');
  if (backend !== undefined) {
    lines.push(
      `backend         applied ${backend.appliedIndex} (term ${backend.appliedTerm}), revision ${backend.revision}, compacted ${backend.compactRevision}`,
      `                ${backend.keys} keys, ${backend.leases} leases, ${backend.records} records, ${backend.liveBytes} bytes alive of ${backend.fileBytes}`,
      `                HashKV ${backend.hashKv}`,
    );
  }
  lines.push(...problems.map((problem) => `PROBLEM         ${problem}`));
  lines.push(
    report.sound ? 'sound' : `${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Up to the first one that is damaged. */
async function readSegments(
  { disk }: Platform,
  directory: string,
  problems: string[],
): Promise<readonly Segment[]> {
  const names = (await disk.exists(directory)) ? await disk.list(directory) : [];
  const segments: Segment[] = [];
  try {
    for (const number of segmentNumbers(names)) segments.push(await readSegment(disk, directory, number));
    checkChain(segments);
  } catch (error) {
    problems.push(problemOf(error));
  }
  if (names.length === 0) {
    problems.push(`there is no log in ${directory}: restore it as it was, or replace this member`);
  }
  return segments;
}

function examineLog(
  directory: string,
  segments: readonly Segment[],
  problems: string[],
): { readonly log: LogReport; readonly installedIndex: number } {
  let first: number | undefined;
  let last: number | undefined;
  let hardState: HardState | undefined;
  let installedIndex = 0;
  for (const segment of segments) {
    for (const { type, index, payload } of segment.records) {
      switch (type) {
        case recordTypes.entry:
        case recordTypes.confChange:
          if (last !== undefined && index > last + 1) {
            problems.push(
              `${segment.path} has entry ${index} after entry ${last}: entries are missing; replace this member`,
            );
          }
          first = Math.min(first ?? index, index);
          last = index;
          break;
        case recordTypes.hardState:
          hardState = decode<HardState>(payload);
          break;
        case recordTypes.snapshot:
          last ??= decode<SnapshotMetadata>(payload).index;
          break;
        case recordTypes.installedSnapshot:
          installedIndex = last = decode<SnapshotMetadata>(payload).index;
          first = undefined;
          break;
        default:
          problems.push(
            `${segment.path} has a record of type ${type}, written by another version of drydock`,
          );
      }
    }
  }
  const lastIndex = last ?? 0;
  const commitIndex = hardState?.commit ?? 0;
  if (commitIndex > lastIndex && problems.length === 0) {
    problems.push(
      `${directory} knows of commit ${commitIndex}, but its log ends at ${lastIndex}: replace this member`,
    );
  }
  return {
    installedIndex,
    log: {
      segments: segments.map(({ number, records, end }) => ({
        path: segmentPath(`${directory}/wal`, number),
        records: records.length,
        bytes: end,
      })),
      records: segments.reduce((sum, { records }) => sum + records.length, 0),
      firstIndex: first ?? 0,
      lastIndex,
      commitIndex,
      torn: segments.at(-1)?.torn === true,
    },
  };
}

async function withBackend<T>(
  { disk }: Platform,
  backends: Backends,
  path: string,
  problems: string[],
  examine: (backend: Backend) => T,
): Promise<T | undefined> {
  if (!(await disk.exists(path))) {
    problems.push(`${path} is missing: restore it as it was, or replace this member`);
    return undefined;
  }
  try {
    const backend = await backends.open(path);
    try {
      return examine(backend);
    } finally {
      await backend.close();
    }
  } catch (error) {
    problems.push(problemOf(error));
    return undefined;
  }
}

function examineBackend(
  path: string,
  backend: Backend,
  log: LogReport,
  problems: string[],
): BackendReport | undefined {
  const applied = readApplied(backend);
  if (applied === undefined) {
    problems.push(`${path} holds no state: replace this member`);
    return undefined;
  }
  if (applied.index > log.lastIndex) {
    problems.push(
      `${path} has entry ${applied.index} applied, but the log ends at ${log.lastIndex}: replace this member`,
    );
  }
  if (log.firstIndex > applied.index + 1) {
    problems.push(
      `${path} has entry ${applied.index} applied, but the log begins at ${log.firstIndex}: replace this member`,
    );
  }
  try {
    const { store } = new StateMachine(backend);
    store.checkInvariants();
    return {
      path,
      appliedIndex: applied.index,
      appliedTerm: applied.term,
      revision: store.revision,
      compactRevision: store.compactRevision,
      keys: store.keyCount,
      leases: store.leases().length,
      records: backend.recordCount,
      liveBytes: backend.liveBytes,
      fileBytes: backend.fileBytes,
      hashKv: hashKvOf(store),
    };
  } catch (error) {
    if (error instanceof DiskError) throw error;
    // Whatever trips over a state that was written by this code is a fault of the state.
    problems.push(`${path} contradicts itself: ${String(error)}; replace this member`);
    return undefined;
  }
}

function hashKvOf(store: StateMachine['store']): string {
  const run = store.hashKv();
  if (!run.ok) return 'none';
  while (run.value.step(hashStep));
  const { hash } = run.value;
  run.value.close();
  return toHex([hash >>> 24, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff]);
}

/** What the disk and the log say of themselves; bugs go on. */
function problemOf(error: unknown): string {
  if (error instanceof WalError || error instanceof DiskError || error instanceof AssertionError) {
    return error.message;
  }
  throw error;
}
