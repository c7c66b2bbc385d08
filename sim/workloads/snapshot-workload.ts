import { must } from '../../src/base/assert.ts';
import { concatBytes, decodeUtf8 } from '../../src/base/bytes.ts';
import { SnapshotRequest, SnapshotResponse } from '../../src/etcd/proto/rpc.ts';
import { hashBytes, restoreSnapshotFile } from '../../src/etcd/snapshot-file.ts';
import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { Store } from '../../src/mvcc/store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { durationMillis, durationSchema } from '../actions/action.ts';
import { readStream } from './grpc-call.ts';
import type { Workload, WorkloadStage } from './workload.ts';

/** Takes snapshots of one member after the other while others write, and opens each as a store. Members must serve gRPC. */
export interface SnapshotWorkload {
  readonly every: string;
}

export const snapshotWorkload: Workload = {
  name: 'snapshot',
  schema: {
    type: 'object',
    properties: { every: durationSchema },
    required: ['every'],
    additionalProperties: false,
  },
  actors: (value) => [
    {
      name: 'archivist',
      run: (platform, stage) => takeSnapshots(platform, stage, value as SnapshotWorkload),
    },
  ],
};

async function takeSnapshots(
  platform: Platform,
  { bus, grpcAddresses, stopped }: WorkloadStage,
  { every }: SnapshotWorkload,
): Promise<void> {
  const { clock, random, hostname } = platform;
  const everyMillis = durationMillis(every);
  for (let round = 0; !stopped(); round++) {
    await clock.sleep(everyMillis * (0.5 + random.float()));
    const address = must(grpcAddresses[round % grpcAddresses.length], 'members serve gRPC');
    const blobs = await readStream(platform, address, 'Maintenance/Snapshot', SnapshotRequest.encode({}));
    if (blobs === undefined) continue;
    const file = concatBytes(blobs.map((bytes) => SnapshotResponse.decode(bytes).blob));
    bus.emit({ type: 'snapshot-taken', client: hostname, ...contentsOf(file.subarray(0, -hashBytes)) });
  }
}

function contentsOf(file: Uint8Array): {
  readonly revision: number;
  readonly pairs: Map<string, { readonly value: string; readonly modRevision: number }>;
} {
  const backend = new MemoryBackend();
  restoreSnapshotFile(file, backend, () => true);
  const store = new Store(backend);
  const all = store.range({ key: '\0', rangeEnd: '\0' });
  const { kvs } = must(all.ok ? all.value : undefined, 'the newest revision can be read');
  const pairs = kvs.map(
    ({ key, value, modRevision }) => [key, { value: decodeUtf8(value), modRevision }] as const,
  );
  return { revision: store.revision, pairs: new Map(pairs) };
}
