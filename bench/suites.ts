import * as api from './api.bench.ts';
import * as grpc from './grpc.bench.ts';
import * as mvcc from './mvcc.bench.ts';
import * as raft from './raft.bench.ts';
import * as scheduler from './scheduler.bench.ts';
import * as wal from './wal.bench.ts';

/** One operation to be timed. `run` performs it once. */
export interface BenchCase {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** The micro-benchmarks of one part. `cases` prepares what they work on. */
export interface BenchSuite {
  readonly name: string;
  readonly cases: () => readonly BenchCase[];
}

/** Every suite: one file and one line here. */
export const suites: readonly BenchSuite[] = [raft, wal, grpc, mvcc, api, scheduler];
