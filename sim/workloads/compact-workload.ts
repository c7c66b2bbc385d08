import type { Platform } from '../../src/platform/platform.ts';
import { durationMillis, durationSchema } from '../actions/action.ts';
import { callMember } from './grpc-call.ts';
import { DefragmentRequest } from '../../src/etcd/proto/rpc.ts';
import { Session, type Workload, type WorkloadStage } from './workload.ts';

/** Compacts all but the newest revisions, again and again, and defragments a member where that can be asked for. */
export interface CompactWorkload {
  readonly every: string;
  /** Revisions that are left. Default 20. */
  readonly keep?: number;
  /** Members defragment behind it; they must serve gRPC. */
  readonly defragment?: boolean;
}

const keepDefault = 20;

export const compactWorkload: Workload = {
  name: 'compact',
  schema: {
    type: 'object',
    properties: {
      every: durationSchema,
      keep: { type: 'integer', minimum: 0 },
      defragment: { type: 'boolean' },
    },
    required: ['every'],
    additionalProperties: false,
  },
  actors: (value) => [
    { name: 'compactor', run: (platform, stage) => compact(platform, stage, value as CompactWorkload) },
  ],
};

async function compact(
  platform: Platform,
  stage: WorkloadStage,
  { every, keep = keepDefault, defragment = false }: CompactWorkload,
): Promise<void> {
  const { clock, random } = platform;
  const session = new Session(platform, stage);
  const everyMillis = durationMillis(every);
  let compacted = 0;
  for (let round = 0; !stage.stopped(); round++) {
    await clock.sleep(everyMillis * (0.5 + random.float()));
    const status = await session.ask((etcd) => etcd.status());
    if (status === undefined) continue;
    const revision = status.revision - random.integer(keep + 1);
    if (revision > compacted) {
      const done = await session.ask((etcd) => etcd.compact(revision));
      if (done !== undefined) compacted = revision;
    }
    const address = stage.grpcAddresses[round % Math.max(1, stage.grpcAddresses.length)];
    if (defragment && address !== undefined) {
      await callMember(platform, address, 'Maintenance/Defragment', DefragmentRequest.encode({}));
    }
    session.leave();
  }
}
