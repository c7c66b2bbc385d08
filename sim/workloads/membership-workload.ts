import { must } from '../../src/base/assert.ts';
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
} from '../../src/etcd/proto/rpc.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { durationMillis, durationSchema } from '../actions/action.ts';
import { callMember, isPassing } from './grpc-call.ts';
import type { MembershipStage, Workload, WorkloadStage } from './workload.ts';

/**
 * Changes who is in the cluster, one member at a time: a new one is announced as a learner, boots, is promoted when it has
 * caught up, and then an old one is removed in its place. Members must serve gRPC, and there must be hosts to spare.
 */
export interface MembershipWorkload {
  readonly every: string;
}

const promoteMillis = 500;
const promoteAttemptsMax = 40;

export const membershipWorkload: Workload = {
  name: 'membership',
  schema: {
    type: 'object',
    properties: { every: durationSchema },
    required: ['every'],
    additionalProperties: false,
  },
  actors: (value) => [
    {
      name: 'personnel',
      run: (platform, stage) => replaceMembers(platform, stage, value as MembershipWorkload),
    },
  ],
};

async function replaceMembers(
  platform: Platform,
  stage: WorkloadStage,
  { every }: MembershipWorkload,
): Promise<void> {
  const { clock, random } = platform;
  const membership = must(stage.membership, 'this cluster has no hosts to spare for new members');
  const everyMillis = durationMillis(every);
  while (!stage.stopped()) {
    await clock.sleep(everyMillis * (0.5 + random.float()));
    await replaceOne(platform, stage, membership);
  }
}

async function replaceOne(
  platform: Platform,
  { grpcAddresses }: WorkloadStage,
  membership: MembershipStage,
): Promise<void> {
  const { clock, random } = platform;
  const ask = async (method: string, message: Uint8Array): Promise<Uint8Array | undefined> => {
    for (const address of grpcAddresses) {
      const answer = await callMember(platform, address, `Cluster/${method}`, message);
      if (answer.ok) return answer.value;
      if (!isPassing(answer.error)) return undefined;
    }
    return undefined;
  };
  const [host] = membership.hostsForMembers();
  const listed = await ask('MemberList', MemberListRequest.encode({ linearizable: true }));
  if (host === undefined || listed === undefined) return;
  const before = MemberListResponse.decode(listed).members;
  const peerURLs = [...membership.peerUrls(host)];
  const added = await ask('MemberAdd', MemberAddRequest.encode({ peerURLs, isLearner: true }));
  if (added === undefined) return;
  const { member } = MemberAddResponse.decode(added);
  const id = must(member, 'a member that was added is named').ID;
  membership.join(host);
  let promoted = false;
  for (let i = 0; i < promoteAttemptsMax && !promoted; i++) {
    await clock.sleep(promoteMillis);
    promoted = (await ask('MemberPromote', MemberPromoteRequest.encode({ ID: id }))) !== undefined;
  }
  // One goes: an old one, or the new one that never made it.
  const old = before[random.integer(before.length)]!;
  const leaving = promoted ? old.ID : id;
  const removed = await ask('MemberRemove', MemberRemoveRequest.encode({ ID: leaving }));
  if (removed !== undefined) membership.retire(promoted ? old.name : host);
}
