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
  DefragmentResponse,
  DowngradeRequest,
  DowngradeResponse,
  HashKVRequest,
  HashKVResponse,
  HashResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  StatusResponse,
} from '../proto/rpc.ts';
import { bigOfId, memberIdOfBig } from '../wire/ids.ts';
import { SnapshotStream } from './snapshot.ts';
import { unary, type ServiceContext } from './service.ts';

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
  const checkAdmin = (call: ServerCall): void => refuse(member.auth.checkAdmin(context.authenticate(call)));

  const alarm = unary(async (bytes, call) => {
    const { action, memberID, alarm: number } = AlarmRequest.decode(bytes);
    if (member.learner) throw notSupportedForLearnerError();
    // Any user may look (etcd 3.5.29): `etcdctl endpoint health` does, and took a member for unhealthy that would not say.
    if (action === actions.get) refuse(member.auth.checkNamed(context.authenticate(call)));
    else checkAdmin(call);
    const named = memberIdOfBig(memberID);
    if (action === actions.get) {
      const alarms = member.alarms().filter(({ alarm: type, memberId }) => {
        return (number === 0 || alarmNumbers[type] === number) && (named === undefined || memberId === named);
      });
      return AlarmResponse.encode({ header: header(), alarms: alarms.map(encodeAlarm) });
    }
    const changed: Alarm[] = [];
    for (const type of ['nospace', 'corrupt'] as const) {
      if (number !== 0 && alarmNumbers[type] !== number) continue;
      if (action === actions.activate && number === 0) continue;
      const raised = member.alarms().filter((one) => one.alarm === type);
      const targets =
        action === actions.activate
          ? [named ?? member.id]
          : raised
              .map(({ memberId }) => memberId)
              .filter((memberId) => named === undefined || memberId === named);
      for (const memberId of targets) {
        await member.propose({
          type: 'alarm',
          action: action === actions.activate ? 'activate' : 'deactivate',
          alarm: type,
          memberId,
        });
        changed.push({ memberId, alarm: type });
      }
    }
    return AlarmResponse.encode({ header: header(), alarms: changed.map(encodeAlarm) });
  });

  const status = unary(() => {
    const errors: string[] = [];
    if (member.leader === noMember) errors.push('etcdserver: no leader');
    for (const { memberId, alarm: type } of member.alarms()) {
      errors.push(`memberID:${bigOfId(memberId)} alarm:${alarmNames[alarmNumbers[type]]} `);
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

  const defragment = unary(async (_bytes, call) => {
    checkAdmin(call);
    await member.defragment();
    return DefragmentResponse.encode({});
  });

  const hash = unary(async (_bytes, call) => {
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
    return MoveLeaderResponse.encode({ header: header() });
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
