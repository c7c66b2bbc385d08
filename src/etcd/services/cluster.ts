import { compareStrings } from '../../base/order.ts';
import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { MemberId } from '../../raft/types.ts';
import { addressOf } from '../cluster.ts';
import {
  badMemberUrlsError,
  fromAuthError,
  fromMembershipError,
  notSupportedForLearnerError,
} from '../errors.ts';
import type { ClusterMember } from '../membership.ts';
import {
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
} from '../proto/rpc.ts';
import { memberIdOfBig, bigOfId } from '../wire/ids.ts';
import { unary, type ServiceContext } from './service.ts';

/** etcdserverpb.Cluster. Its headers carry no revision. */
export function clusterService(context: ServiceContext): GrpcMethods {
  const { member } = context;
  const header = () => ({
    clusterId: bigOfId(member.clusterId),
    memberId: bigOfId(member.id),
    raftTerm: member.term,
    revision: 0,
  });
  const members = () => member.members().map(encodeMember);

  function checkAdmin(call: ServerCall): void {
    if (member.learner) throw notSupportedForLearnerError();
    const denied = member.auth.checkAdmin(context.authenticate(call));
    if (denied !== undefined) throw fromAuthError(denied);
  }

  function idOf(id: bigint): MemberId {
    const known = memberIdOfBig(id);
    if (known === undefined) throw fromMembershipError('member-not-found');
    return known;
  }

  return new Map([
    [
      '/etcdserverpb.Cluster/MemberAdd',
      unary(async (bytes, call) => {
        const { peerURLs, isLearner } = MemberAddRequest.decode(bytes);
        const urls = checkedUrls(peerURLs);
        checkAdmin(call);
        const added = await member.memberAdd(urls, isLearner);
        return MemberAddResponse.encode({
          header: header(),
          member: encodeMember(added),
          members: members(),
        });
      }),
    ],
    [
      '/etcdserverpb.Cluster/MemberRemove',
      unary(async (bytes, call) => {
        const { ID } = MemberRemoveRequest.decode(bytes);
        checkAdmin(call);
        await member.memberRemove(idOf(ID));
        return MemberRemoveResponse.encode({ header: header(), members: members() });
      }),
    ],
    [
      '/etcdserverpb.Cluster/MemberUpdate',
      unary(async (bytes, call) => {
        const { ID, peerURLs } = MemberUpdateRequest.decode(bytes);
        checkAdmin(call);
        const id = idOf(ID);
        await member.memberUpdate(id, checkedUrls(peerURLs));
        return MemberUpdateResponse.encode({ header: header(), members: members() });
      }),
    ],
    [
      '/etcdserverpb.Cluster/MemberList',
      unary(async (bytes, call) => {
        const { linearizable } = MemberListRequest.decode(bytes);
        if (linearizable) {
          if (member.learner) throw notSupportedForLearnerError();
          await member.linearizableRead();
        }
        // Any user may look, nobody may not (GHSA-q8m4-xhhv-38mg, as 3.6.10 has it).
        const denied = member.auth.checkNamed(context.authenticate(call));
        if (denied !== undefined) throw fromAuthError(denied);
        return MemberListResponse.encode({ header: header(), members: members() });
      }),
    ],
    [
      '/etcdserverpb.Cluster/MemberPromote',
      unary(async (bytes, call) => {
        const { ID } = MemberPromoteRequest.decode(bytes);
        checkAdmin(call);
        await member.memberPromote(idOf(ID));
        return MemberPromoteResponse.encode({ header: header(), members: members() });
      }),
    ],
  ]);
}

/** @throws EtcdError unless they are URLs of hosts and ports, one at least, and none twice */
function checkedUrls(urls: readonly string[]): readonly string[] {
  const sorted = urls.toSorted(compareStrings);
  const valid = urls.length > 0 && urls.every((url) => addressOf(url) !== undefined);
  if (!valid || sorted.some((url, i) => url === sorted[i + 1])) throw badMemberUrlsError();
  return sorted;
}

function encodeMember({ id, name, peerUrls, clientUrls, learner }: ClusterMember) {
  return { ID: bigOfId(id), name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner: learner };
}
