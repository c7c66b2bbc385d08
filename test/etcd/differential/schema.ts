import { must } from '../../../src/base/assert.ts';

/**
 * etcd's messages as this suite sees them. Written apart from src/etcd/proto on purpose: the suite speaks to a real etcd
 * with these tables, so a wrong number or a forgotten field in the product's own tables cannot hide behind itself.
 *
 * One line per message: `Name: number field type, …`; `*type` repeats. `bytes` are byte strings (one unit per byte), enums
 * are their numbers, so that values outside the enum can be sent.
 */
const text = `
ResponseHeader: 1 cluster_id uint64, 2 member_id uint64, 3 revision int64, 4 raft_term uint64
KeyValue: 1 key bytes, 2 create_revision int64, 3 mod_revision int64, 4 version int64, 5 value bytes, 6 lease int64
Event: 1 type enum, 2 kv KeyValue, 3 prev_kv KeyValue

RangeRequest: 1 key bytes, 2 range_end bytes, 3 limit int64, 4 revision int64, 5 sort_order enum, 6 sort_target enum, 7 serializable bool, 8 keys_only bool, 9 count_only bool, 10 min_mod_revision int64, 11 max_mod_revision int64, 12 min_create_revision int64, 13 max_create_revision int64
RangeResponse: 1 header ResponseHeader, 2 kvs *KeyValue, 3 more bool, 4 count int64
RangeStreamResponse: 1 range_response RangeResponse
PutRequest: 1 key bytes, 2 value bytes, 3 lease int64, 4 prev_kv bool, 5 ignore_value bool, 6 ignore_lease bool
PutResponse: 1 header ResponseHeader, 2 prev_kv KeyValue
DeleteRangeRequest: 1 key bytes, 2 range_end bytes, 3 prev_kv bool
DeleteRangeResponse: 1 header ResponseHeader, 2 deleted int64, 3 prev_kvs *KeyValue
RequestOp: 1 request_range RangeRequest, 2 request_put PutRequest, 3 request_delete_range DeleteRangeRequest, 4 request_txn TxnRequest
ResponseOp: 1 response_range RangeResponse, 2 response_put PutResponse, 3 response_delete_range DeleteRangeResponse, 4 response_txn TxnResponse
Compare: 1 result enum, 2 target enum, 3 key bytes, 4 version int64, 5 create_revision int64, 6 mod_revision int64, 7 value bytes, 8 lease int64, 64 range_end bytes
TxnRequest: 1 compare *Compare, 2 success *RequestOp, 3 failure *RequestOp
TxnResponse: 1 header ResponseHeader, 2 succeeded bool, 3 responses *ResponseOp
CompactionRequest: 1 revision int64, 2 physical bool
CompactionResponse: 1 header ResponseHeader

WatchRequest: 1 create_request WatchCreateRequest, 2 cancel_request WatchCancelRequest, 3 progress_request Empty
WatchCreateRequest: 1 key bytes, 2 range_end bytes, 3 start_revision int64, 4 progress_notify bool, 5 filters *enum, 6 prev_kv bool, 7 watch_id int64, 8 fragment bool
WatchCancelRequest: 1 watch_id int64
WatchResponse: 1 header ResponseHeader, 2 watch_id int64, 3 created bool, 4 canceled bool, 5 compact_revision int64, 6 cancel_reason string, 7 fragment bool, 11 events *Event

LeaseGrantRequest: 1 TTL int64, 2 ID int64
LeaseGrantResponse: 1 header ResponseHeader, 2 ID int64, 3 TTL int64, 4 error string
LeaseRevokeRequest: 1 ID int64
LeaseRevokeResponse: 1 header ResponseHeader
LeaseKeepAliveRequest: 1 ID int64
LeaseKeepAliveResponse: 1 header ResponseHeader, 2 ID int64, 3 TTL int64
LeaseTimeToLiveRequest: 1 ID int64, 2 keys bool
LeaseTimeToLiveResponse: 1 header ResponseHeader, 2 ID int64, 3 TTL int64, 4 grantedTTL int64, 5 keys *bytes
LeaseLeasesRequest:
LeaseLeasesResponse: 1 header ResponseHeader, 2 leases *LeaseStatus
LeaseStatus: 1 ID int64

Member: 1 ID uint64, 2 name string, 3 peerURLs *string, 4 clientURLs *string, 5 isLearner bool
MemberAddRequest: 1 peerURLs *string, 2 isLearner bool
MemberAddResponse: 1 header ResponseHeader, 2 member Member, 3 members *Member
MemberRemoveRequest: 1 ID uint64
MemberRemoveResponse: 1 header ResponseHeader, 2 members *Member
MemberUpdateRequest: 1 ID uint64, 2 peerURLs *string
MemberUpdateResponse: 1 header ResponseHeader, 2 members *Member
MemberListRequest: 1 linearizable bool
MemberListResponse: 1 header ResponseHeader, 2 members *Member
MemberPromoteRequest: 1 ID uint64
MemberPromoteResponse: 1 header ResponseHeader, 2 members *Member

AlarmRequest: 1 action enum, 2 memberID uint64, 3 alarm enum
AlarmMember: 1 memberID uint64, 2 alarm enum
AlarmResponse: 1 header ResponseHeader, 2 alarms *AlarmMember
StatusRequest:
StatusResponse: 1 header ResponseHeader, 2 version string, 3 dbSize int64, 4 leader uint64, 5 raftIndex uint64, 6 raftTerm uint64, 7 raftAppliedIndex uint64, 8 errors *string, 9 dbSizeInUse int64, 10 isLearner bool, 11 storageVersion string, 12 dbSizeQuota int64, 13 downgradeInfo DowngradeInfo
DowngradeInfo: 1 enabled bool, 2 targetVersion string
DefragmentRequest:
DefragmentResponse: 1 header ResponseHeader
HashRequest:
HashResponse: 1 header ResponseHeader, 2 hash uint32
HashKVRequest: 1 revision int64
HashKVResponse: 1 header ResponseHeader, 2 hash uint32, 3 compact_revision int64, 4 hash_revision int64
SnapshotRequest:
SnapshotResponse: 1 header ResponseHeader, 2 remaining_bytes uint64, 3 blob bytes, 4 version string
MoveLeaderRequest: 1 targetID uint64
MoveLeaderResponse: 1 header ResponseHeader
DowngradeRequest: 1 action enum, 2 version string
DowngradeResponse: 1 header ResponseHeader, 2 version string

Empty:
HeaderOnly: 1 header ResponseHeader
AuthStatusResponse: 1 header ResponseHeader, 2 enabled bool, 3 authRevision uint64
AuthenticateRequest: 1 name string, 2 password string
AuthenticateResponse: 1 header ResponseHeader, 2 token string
UserAddOptions: 1 no_password bool
AuthUserAddRequest: 1 name string, 2 password string, 3 options UserAddOptions, 4 hashedPassword string
AuthUserNameRequest: 1 name string
AuthUserGetResponse: 1 header ResponseHeader, 2 roles *string
AuthUserListResponse: 1 header ResponseHeader, 2 users *string
AuthUserChangePasswordRequest: 1 name string, 2 password string, 3 hashedPassword string
AuthUserGrantRoleRequest: 1 user string, 2 role string
AuthUserRevokeRoleRequest: 1 name string, 2 role string
AuthRoleNameRequest: 1 role string
Permission: 1 permType enum, 2 key bytes, 3 range_end bytes
AuthRoleGetResponse: 1 header ResponseHeader, 2 perm *Permission
AuthRoleListResponse: 1 header ResponseHeader, 2 roles *string
AuthRoleGrantPermissionRequest: 1 name string, 2 perm Permission
AuthRoleRevokePermissionRequest: 1 role string, 2 key bytes, 3 range_end bytes

LockRequest: 1 name bytes, 2 lease int64
LockResponse: 1 header ResponseHeader, 2 key bytes
UnlockRequest: 1 key bytes
LeaderKey: 1 name bytes, 2 key bytes, 3 rev int64, 4 lease int64
CampaignRequest: 1 name bytes, 2 lease int64, 3 value bytes
CampaignResponse: 1 header ResponseHeader, 2 leader LeaderKey
ElectionNameRequest: 1 name bytes
LeaderResponse: 1 header ResponseHeader, 2 kv KeyValue
ResignRequest: 1 leader LeaderKey
ProclaimRequest: 1 leader LeaderKey, 2 value bytes

HealthCheckRequest: 1 service string
HealthCheckResponse: 1 status enum
`;

/** `Service.Method: Request Response`, with `>` before a type that is streamed. */
const methodText = `
etcdserverpb.KV Range: RangeRequest RangeResponse
etcdserverpb.KV RangeStream: RangeRequest >RangeStreamResponse
etcdserverpb.KV Put: PutRequest PutResponse
etcdserverpb.KV DeleteRange: DeleteRangeRequest DeleteRangeResponse
etcdserverpb.KV Txn: TxnRequest TxnResponse
etcdserverpb.KV Compact: CompactionRequest CompactionResponse
etcdserverpb.Watch Watch: >WatchRequest >WatchResponse
etcdserverpb.Lease LeaseGrant: LeaseGrantRequest LeaseGrantResponse
etcdserverpb.Lease LeaseRevoke: LeaseRevokeRequest LeaseRevokeResponse
etcdserverpb.Lease LeaseKeepAlive: >LeaseKeepAliveRequest >LeaseKeepAliveResponse
etcdserverpb.Lease LeaseTimeToLive: LeaseTimeToLiveRequest LeaseTimeToLiveResponse
etcdserverpb.Lease LeaseLeases: LeaseLeasesRequest LeaseLeasesResponse
etcdserverpb.Cluster MemberAdd: MemberAddRequest MemberAddResponse
etcdserverpb.Cluster MemberRemove: MemberRemoveRequest MemberRemoveResponse
etcdserverpb.Cluster MemberUpdate: MemberUpdateRequest MemberUpdateResponse
etcdserverpb.Cluster MemberList: MemberListRequest MemberListResponse
etcdserverpb.Cluster MemberPromote: MemberPromoteRequest MemberPromoteResponse
etcdserverpb.Maintenance Alarm: AlarmRequest AlarmResponse
etcdserverpb.Maintenance Status: StatusRequest StatusResponse
etcdserverpb.Maintenance Defragment: DefragmentRequest DefragmentResponse
etcdserverpb.Maintenance Hash: HashRequest HashResponse
etcdserverpb.Maintenance HashKV: HashKVRequest HashKVResponse
etcdserverpb.Maintenance Snapshot: SnapshotRequest >SnapshotResponse
etcdserverpb.Maintenance MoveLeader: MoveLeaderRequest MoveLeaderResponse
etcdserverpb.Maintenance Downgrade: DowngradeRequest DowngradeResponse
etcdserverpb.Auth AuthEnable: Empty HeaderOnly
etcdserverpb.Auth AuthDisable: Empty HeaderOnly
etcdserverpb.Auth AuthStatus: Empty AuthStatusResponse
etcdserverpb.Auth Authenticate: AuthenticateRequest AuthenticateResponse
etcdserverpb.Auth UserAdd: AuthUserAddRequest HeaderOnly
etcdserverpb.Auth UserGet: AuthUserNameRequest AuthUserGetResponse
etcdserverpb.Auth UserList: Empty AuthUserListResponse
etcdserverpb.Auth UserDelete: AuthUserNameRequest HeaderOnly
etcdserverpb.Auth UserChangePassword: AuthUserChangePasswordRequest HeaderOnly
etcdserverpb.Auth UserGrantRole: AuthUserGrantRoleRequest HeaderOnly
etcdserverpb.Auth UserRevokeRole: AuthUserRevokeRoleRequest HeaderOnly
etcdserverpb.Auth RoleAdd: AuthUserNameRequest HeaderOnly
etcdserverpb.Auth RoleGet: AuthRoleNameRequest AuthRoleGetResponse
etcdserverpb.Auth RoleList: Empty AuthRoleListResponse
etcdserverpb.Auth RoleDelete: AuthRoleNameRequest HeaderOnly
etcdserverpb.Auth RoleGrantPermission: AuthRoleGrantPermissionRequest HeaderOnly
etcdserverpb.Auth RoleRevokePermission: AuthRoleRevokePermissionRequest HeaderOnly
v3lockpb.Lock Lock: LockRequest LockResponse
v3lockpb.Lock Unlock: UnlockRequest HeaderOnly
v3electionpb.Election Campaign: CampaignRequest CampaignResponse
v3electionpb.Election Proclaim: ProclaimRequest HeaderOnly
v3electionpb.Election Leader: ElectionNameRequest LeaderResponse
v3electionpb.Election Observe: ElectionNameRequest >LeaderResponse
v3electionpb.Election Resign: ResignRequest HeaderOnly
grpc.health.v1.Health Check: HealthCheckRequest HealthCheckResponse
`;

export interface Field {
  readonly number: number;
  readonly name: string;
  /** A scalar's name, or the name of another message. */
  readonly type: string;
  readonly repeated: boolean;
}

export interface Method {
  readonly path: string;
  readonly request: string;
  readonly response: string;
  readonly streaming: boolean;
}

export const messages: ReadonlyMap<string, readonly Field[]> = new Map(
  lines(text).map(([name, rest]) => [name, rest === '' ? [] : rest.split(', ').map(readField)]),
);

/** By `Service.Method` without the package: `KV.Put`. */
export const methods: ReadonlyMap<string, Method> = new Map(
  lines(methodText).map(([name, rest]): [string, Method] => {
    const [service, method] = name.split(' ') as [string, string];
    const [request, response] = rest.split(' ') as [string, string];
    return [
      `${service.slice(service.lastIndexOf('.') + 1)}.${method}`,
      {
        path: `/${service}/${method}`,
        request: request.replace('>', ''),
        response: response.replace('>', ''),
        streaming: response.startsWith('>'),
      },
    ];
  }),
);

export function methodOf(name: string): Method {
  return must(methods.get(name), `no method ${name}`);
}

function lines(table: string): [string, string][] {
  return table
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}

function readField(line: string): Field {
  const [number, name, type] = line.split(' ') as [string, string, string];
  return { number: Number(number), name, type: type.replace('*', ''), repeated: type.startsWith('*') };
}
