import type { GrpcMethods, ServerCall } from '../../grpc/service.ts';
import type { AuthErrorCode } from '../../mvcc/auth/auth-types.ts';
import { noMember } from '../../raft/types.ts';
import type { Alarm, AlarmType } from '../alarms.ts';
import {
  badDowngradeVersionError,
  badDowngradeVersionFormatError,
  badTransfereeError,
  clusterVersionUnavailableError,
  downgradeInProgressError,
  fromAuthError,
  noDowngradeError,
  noLeaderError,
  notLeaderError,
  notSupportedForLearnerError,
} from '../errors.ts';
import { etcdVersion } from '../member.ts';
import {
  AlarmRequest,
  AlarmResponse,
  DefragmentRequest,
  DefragmentResponse,
  DowngradeRequest,
  DowngradeResponse,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  StatusRequest,
  StatusResponse,
} from '../proto/rpc.ts';
import { bigOfId, memberIdOfBig } from '../wire/ids.ts';
import { SnapshotStream } from './snapshot.ts';
import { unary, type ServiceContext } from './service.ts';

const alarmTypes = ['nospace', 'corrupt'] as const;
const alarmNumbers: Readonly<Record<AlarmType, number>> = { nospace: 1, corrupt: 2 };
const alarmNames = ['NONE', 'NOSPACE', 'CORRUPT'];
const actions = { get: 0, activate: 1, deactivate: 2 } as const;
const downgradeActions = { validate: 0, enable: 1, cancel: 2 } as const;

/** etcdserverpb.Maintenance */
export function maintenanceService(context: ServiceContext): GrpcMethods {
  const { member } = context;
  const header = () => ({
    clusterId: bigOfId(member.clusterId),
    memberId: bigOfId(member.id),
    revision: member.store.revision as number,
    raftTerm: member.term as number,
  });

  const refuse = (denied: AuthErrorCode | undefined): void => {
    if (denied !== undefined) throw fromAuthError(denied);
  };
  const checkAdmin = (call: ServerCall): void => {
    if (member.learner) throw notSupportedForLearnerError();
    refuse(member.auth.checkAdmin(context.authenticate(call)));
  };

  const alarm = unary(async (bytes, call) => {
    const { action, memberID, alarm: number } = AlarmRequest.decode(bytes);
    if (member.learner) throw notSupportedForLearnerError();
    // Any user may look (etcd 3.5.29): `etcdctl endpoint health` does, and took a member for unhealthy that would not say.
    if (action === actions.get) refuse(member.auth.checkNamed(context.authenticate(call)));
    else checkAdmin(call);
    const answer = (alarms: readonly Alarm[]): Uint8Array =>
      AlarmResponse.encode({ header: header(), alarms: alarms.map(encodeAlarm) });
    if (action === actions.get) {
      return answer(member.alarms().filter((one) => number === 0 || alarmNumbers[one.alarm] === number));
    }
    const type = alarmTypes.find((one) => alarmNumbers[one] === number);
    // "None" changes nothing; neither does a type or an action that nobody knows, of which etcd dies.
    if (type === undefined || (action !== actions.activate && action !== actions.deactivate))
      return answer([]);
    // Whoever names no member raises nobody's alarm, and lowers that one only.
    const named: Alarm = { memberId: memberIdOfBig(memberID) ?? noMember, alarm: type };
    if (action === actions.activate) {
      await member.propose({ type: 'alarm', action: 'activate', ...named });
      return answer([named]);
    }
    await member.linearizableRead();
    if (!member.alarms().some((one) => one.alarm === type && one.memberId === named.memberId))
      return answer([]);
    await member.propose({ type: 'alarm', action: 'deactivate', ...named });
    return answer([named]);
  });

  const status = unary((bytes, call) => {
    StatusRequest.decode(bytes);
    // As any user may ask for alarms (etcd#21666).
    refuse(member.auth.checkNamed(context.authenticate(call)));
    const errors: string[] = [];
    if (member.leader === noMember) errors.push('etcdserver: no leader');
    for (const { memberId, alarm: type } of member.alarms()) {
      // etcd prints the message, and nobody's id is no field of it.
      const whose = memberId === noMember ? '' : `memberID:${bigOfId(memberId)} `;
      errors.push(`${whose}alarm:${alarmNames[alarmNumbers[type]]} `);
    }
    const { enabled, targetVersion } = member.downgrade;
    return StatusResponse.encode({
      header: header(),
      version: etcdVersion,
      dbSize: member.dbSizeBytes,
      leader: bigOfId(member.leader),
      raftIndex: member.committed,
      raftTerm: member.term,
      raftAppliedIndex: member.applied,
      errors,
      dbSizeInUse: member.dbSizeInUseBytes,
      isLearner: member.learner,
      storageVersion: etcdVersion,
      dbSizeQuota: member.quotaBytes,
      downgradeInfo: { enabled, targetVersion },
    });
  });

  const defragment = unary(async (bytes, call) => {
    DefragmentRequest.decode(bytes);
    checkAdmin(call);
    await member.defragment();
    return DefragmentResponse.encode({});
  });

  const hash = unary(async (bytes, call) => {
    HashRequest.decode(bytes);
    checkAdmin(call);
    const { hash: value } = await member.hashKv(0);
    return HashResponse.encode({ header: header(), hash: value });
  });

  const hashKv = unary(async (bytes, call) => {
    const { revision } = HashKVRequest.decode(bytes);
    checkAdmin(call);
    // What a compaction has hashed is answered first, as etcd does; a compaction at 0 leaves the hash of nothing for "the newest".
    const known = member.store.compactionHash(revision);
    const {
      hash: value,
      compactRevision,
      hashRevision,
    } = known === undefined ? await member.hashKv(revision) : { ...known, hashRevision: known.revision };
    return HashKVResponse.encode({ header: header(), hash: value, compactRevision, hashRevision });
  });

  const moveLeader = unary(async (bytes, call) => {
    const { targetID } = MoveLeaderRequest.decode(bytes);
    checkAdmin(call);
    if (!member.leading) throw notLeaderError();
    const target = memberIdOfBig(targetID);
    if (target === undefined) throw badTransfereeError();
    await member.moveLeader(target);
    return MoveLeaderResponse.encode({});
  });

  const downgrade = unary(async (bytes, call) => {
    const { action, version } = DowngradeRequest.decode(bytes);
    checkAdmin(call);
    await member.linearizableRead();
    if (member.leader === noMember) throw noLeaderError();
    const current = member.clusterVersion;
    if (current === undefined) throw clusterVersionUnavailableError();
    switch (action) {
      case downgradeActions.validate:
        checkDowngrade(version, current, member.downgrade.enabled);
        break;
      case downgradeActions.enable:
        await member.propose({
          type: 'downgrade',
          downgrade: {
            enabled: true,
            targetVersion: checkDowngrade(version, current, member.downgrade.enabled),
          },
        });
        break;
      default:
        if (!member.downgrade.enabled) throw noDowngradeError();
        await member.propose({ type: 'downgrade', downgrade: { enabled: false, targetVersion: '' } });
    }
    return DowngradeResponse.encode({ header: header(), version: current });
  });

  return new Map([
    ['/etcdserverpb.Maintenance/Alarm', alarm],
    ['/etcdserverpb.Maintenance/Status', status],
    ['/etcdserverpb.Maintenance/Defragment', defragment],
    ['/etcdserverpb.Maintenance/Hash', hash],
    ['/etcdserverpb.Maintenance/HashKV', hashKv],
    ['/etcdserverpb.Maintenance/Snapshot', { open: (call) => new SnapshotStream(context, call) }],
    ['/etcdserverpb.Maintenance/MoveLeader', moveLeader],
    ['/etcdserverpb.Maintenance/Downgrade', downgrade],
  ]);
}

function encodeAlarm({ memberId, alarm }: Alarm): { memberID: bigint; alarm: number } {
  return { memberID: bigOfId(memberId), alarm: alarmNumbers[alarm] };
}

/** One minor version back is what etcd allows. @throws EtcdError */
function checkDowngrade(version: string, current: string, inProgress: boolean): string {
  const found = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(version);
  if (found === null) throw badDowngradeVersionFormatError();
  const [major, minor] = current.split('.').map(Number);
  if (Number(found[1]) !== major || Number(found[2]) !== minor! - 1) throw badDowngradeVersionError();
  if (inProgress) throw downgradeInProgressError();
  return `${found[1]}.${found[2]}.0`;
}
