import { Event, KeyValue } from './kv.ts';
import { Permission } from './auth.ts';
import {
  bool,
  bytes,
  enumeration,
  int64,
  int64Id,
  message,
  type MessageType,
  method,
  nested,
  oneof,
  repeated,
  type ServiceType,
  string,
  uint32,
  uint64,
  uint64Id,
} from './message.ts';

/** etcdserverpb (api/etcdserverpb/rpc.proto) of etcd 3.6, and RangeStream of 3.7. */

export const ResponseHeader = message('etcdserverpb.ResponseHeader', {
  cluster_id: uint64Id(1),
  member_id: uint64Id(2),
  revision: int64(3),
  raft_term: uint64(4),
});

const header = nested(1, () => ResponseHeader);

// ── KV ────────────────────────────────────────────────────────────────────────────────────────────

const sortOrder = {
  name: 'etcdserverpb.RangeRequest.SortOrder',
  values: { NONE: 0, ASCEND: 1, DESCEND: 2 },
} as const;
const sortTarget = {
  name: 'etcdserverpb.RangeRequest.SortTarget',
  values: { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 },
} as const;

export const RangeRequest = message('etcdserverpb.RangeRequest', {
  key: bytes(1),
  range_end: bytes(2),
  limit: int64(3),
  revision: int64(4),
  sort_order: enumeration(5, sortOrder),
  sort_target: enumeration(6, sortTarget),
  serializable: bool(7),
  keys_only: bool(8),
  count_only: bool(9),
  min_mod_revision: int64(10),
  max_mod_revision: int64(11),
  min_create_revision: int64(12),
  max_create_revision: int64(13),
});

export const RangeResponse = message('etcdserverpb.RangeResponse', {
  header,
  kvs: repeated(nested(2, () => KeyValue)),
  more: bool(3),
  count: int64(4),
});

/** Merged in their order these make up the RangeResponse. */
export const RangeStreamResponse = message('etcdserverpb.RangeStreamResponse', {
  range_response: nested(1, () => RangeResponse),
});

export const PutRequest = message('etcdserverpb.PutRequest', {
  key: bytes(1),
  value: bytes(2),
  lease: int64Id(3),
  prev_kv: bool(4),
  ignore_value: bool(5),
  ignore_lease: bool(6),
});

export const PutResponse = message('etcdserverpb.PutResponse', {
  header,
  prev_kv: nested(2, () => KeyValue),
});

export const DeleteRangeRequest = message('etcdserverpb.DeleteRangeRequest', {
  key: bytes(1),
  range_end: bytes(2),
  prev_kv: bool(3),
});

export const DeleteRangeResponse = message('etcdserverpb.DeleteRangeResponse', {
  header,
  deleted: int64(2),
  prev_kvs: repeated(nested(3, () => KeyValue)),
});

const compareResult = {
  name: 'etcdserverpb.Compare.CompareResult',
  values: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 },
} as const;
const compareTarget = {
  name: 'etcdserverpb.Compare.CompareTarget',
  values: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 },
} as const;

export const Compare = message('etcdserverpb.Compare', {
  result: enumeration(1, compareResult),
  target: enumeration(2, compareTarget),
  key: bytes(3),
  version: oneof('target_union', int64(4)),
  create_revision: oneof('target_union', int64(5)),
  mod_revision: oneof('target_union', int64(6)),
  value: oneof('target_union', bytes(7)),
  lease: oneof('target_union', int64Id(8)),
  range_end: bytes(64),
});

/** Transactions nest: TypeScript does not follow types in a circle. */
export const RequestOp: MessageType<object> = message('etcdserverpb.RequestOp', {
  request_range: oneof(
    'request',
    nested(1, () => RangeRequest),
  ),
  request_put: oneof(
    'request',
    nested(2, () => PutRequest),
  ),
  request_delete_range: oneof(
    'request',
    nested(3, () => DeleteRangeRequest),
  ),
  request_txn: oneof(
    'request',
    nested(4, (): MessageType<object> => TxnRequest),
  ),
});

export const ResponseOp: MessageType<object> = message('etcdserverpb.ResponseOp', {
  response_range: oneof(
    'response',
    nested(1, () => RangeResponse),
  ),
  response_put: oneof(
    'response',
    nested(2, () => PutResponse),
  ),
  response_delete_range: oneof(
    'response',
    nested(3, () => DeleteRangeResponse),
  ),
  response_txn: oneof(
    'response',
    nested(4, (): MessageType<object> => TxnResponse),
  ),
});

export const TxnRequest = message('etcdserverpb.TxnRequest', {
  compare: repeated(nested(1, () => Compare)),
  success: repeated(nested(2, () => RequestOp)),
  failure: repeated(nested(3, () => RequestOp)),
});

export const TxnResponse = message('etcdserverpb.TxnResponse', {
  header,
  succeeded: bool(2),
  responses: repeated(nested(3, () => ResponseOp)),
});

export const CompactionRequest = message('etcdserverpb.CompactionRequest', {
  revision: int64(1),
  physical: bool(2),
});

export const CompactionResponse = message('etcdserverpb.CompactionResponse', { header });

export const kv: ServiceType = {
  name: 'etcdserverpb.KV',
  methods: [
    method('Range', RangeRequest, RangeResponse, ['/v3/kv/range']),
    method('RangeStream', RangeRequest, RangeStreamResponse, ['/v3/kv/rangestream'], 'server'),
    method('Put', PutRequest, PutResponse, ['/v3/kv/put']),
    method('DeleteRange', DeleteRangeRequest, DeleteRangeResponse, ['/v3/kv/deleterange']),
    method('Txn', TxnRequest, TxnResponse, ['/v3/kv/txn']),
    method('Compact', CompactionRequest, CompactionResponse, ['/v3/kv/compaction']),
  ],
};

// ── Watch ─────────────────────────────────────────────────────────────────────────────────────────

const filterType = {
  name: 'etcdserverpb.WatchCreateRequest.FilterType',
  values: { NOPUT: 0, NODELETE: 1 },
} as const;

export const WatchCreateRequest = message('etcdserverpb.WatchCreateRequest', {
  key: bytes(1),
  range_end: bytes(2),
  start_revision: int64(3),
  progress_notify: bool(4),
  filters: repeated(enumeration(5, filterType)),
  prev_kv: bool(6),
  watch_id: int64(7),
  fragment: bool(8),
});

export const WatchCancelRequest = message('etcdserverpb.WatchCancelRequest', { watch_id: int64(1) });
export const WatchProgressRequest = message('etcdserverpb.WatchProgressRequest', {});

export const WatchRequest = message('etcdserverpb.WatchRequest', {
  create_request: oneof(
    'request_union',
    nested(1, () => WatchCreateRequest),
  ),
  cancel_request: oneof(
    'request_union',
    nested(2, () => WatchCancelRequest),
  ),
  progress_request: oneof(
    'request_union',
    nested(3, () => WatchProgressRequest),
  ),
});

export const WatchResponse = message('etcdserverpb.WatchResponse', {
  header,
  watch_id: int64(2),
  created: bool(3),
  canceled: bool(4),
  compact_revision: int64(5),
  cancel_reason: string(6),
  fragment: bool(7),
  events: repeated(nested(11, () => Event)),
});

export const watch: ServiceType = {
  name: 'etcdserverpb.Watch',
  methods: [method('Watch', WatchRequest, WatchResponse, ['/v3/watch'], 'both')],
};

// ── Lease ─────────────────────────────────────────────────────────────────────────────────────────

export const LeaseGrantRequest = message('etcdserverpb.LeaseGrantRequest', { TTL: int64(1), ID: int64Id(2) });
export const LeaseGrantResponse = message('etcdserverpb.LeaseGrantResponse', {
  header,
  ID: int64Id(2),
  TTL: int64(3),
  error: string(4),
});
export const LeaseRevokeRequest = message('etcdserverpb.LeaseRevokeRequest', { ID: int64Id(1) });
export const LeaseRevokeResponse = message('etcdserverpb.LeaseRevokeResponse', { header });
export const LeaseKeepAliveRequest = message('etcdserverpb.LeaseKeepAliveRequest', { ID: int64Id(1) });
export const LeaseKeepAliveResponse = message('etcdserverpb.LeaseKeepAliveResponse', {
  header,
  ID: int64Id(2),
  TTL: int64(3),
});
export const LeaseTimeToLiveRequest = message('etcdserverpb.LeaseTimeToLiveRequest', {
  ID: int64Id(1),
  keys: bool(2),
});
export const LeaseTimeToLiveResponse = message('etcdserverpb.LeaseTimeToLiveResponse', {
  header,
  ID: int64Id(2),
  TTL: int64(3),
  grantedTTL: int64(4),
  keys: repeated(bytes(5)),
});
export const LeaseLeasesRequest = message('etcdserverpb.LeaseLeasesRequest', {});
export const LeaseStatus = message('etcdserverpb.LeaseStatus', { ID: int64Id(1) });
export const LeaseLeasesResponse = message('etcdserverpb.LeaseLeasesResponse', {
  header,
  leases: repeated(nested(2, () => LeaseStatus)),
});

export const lease: ServiceType = {
  name: 'etcdserverpb.Lease',
  methods: [
    method('LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, ['/v3/lease/grant']),
    method('LeaseRevoke', LeaseRevokeRequest, LeaseRevokeResponse, [
      '/v3/lease/revoke',
      '/v3/kv/lease/revoke',
    ]),
    method('LeaseKeepAlive', LeaseKeepAliveRequest, LeaseKeepAliveResponse, ['/v3/lease/keepalive'], 'both'),
    method('LeaseTimeToLive', LeaseTimeToLiveRequest, LeaseTimeToLiveResponse, [
      '/v3/lease/timetolive',
      '/v3/kv/lease/timetolive',
    ]),
    method('LeaseLeases', LeaseLeasesRequest, LeaseLeasesResponse, [
      '/v3/lease/leases',
      '/v3/kv/lease/leases',
    ]),
  ],
};

// ── Cluster ───────────────────────────────────────────────────────────────────────────────────────

export const Member = message('etcdserverpb.Member', {
  ID: uint64Id(1),
  name: string(2),
  peerURLs: repeated(string(3)),
  clientURLs: repeated(string(4)),
  isLearner: bool(5),
});

const members = repeated(nested(3, () => Member));
const membersOnly = repeated(nested(2, () => Member));

export const MemberAddRequest = message('etcdserverpb.MemberAddRequest', {
  peerURLs: repeated(string(1)),
  isLearner: bool(2),
});
export const MemberAddResponse = message('etcdserverpb.MemberAddResponse', {
  header,
  member: nested(2, () => Member),
  members,
});
export const MemberRemoveRequest = message('etcdserverpb.MemberRemoveRequest', { ID: uint64Id(1) });
export const MemberRemoveResponse = message('etcdserverpb.MemberRemoveResponse', {
  header,
  members: membersOnly,
});
export const MemberUpdateRequest = message('etcdserverpb.MemberUpdateRequest', {
  ID: uint64Id(1),
  peerURLs: repeated(string(2)),
});
export const MemberUpdateResponse = message('etcdserverpb.MemberUpdateResponse', {
  header,
  members: membersOnly,
});
export const MemberListRequest = message('etcdserverpb.MemberListRequest', { linearizable: bool(1) });
export const MemberListResponse = message('etcdserverpb.MemberListResponse', {
  header,
  members: membersOnly,
});
export const MemberPromoteRequest = message('etcdserverpb.MemberPromoteRequest', { ID: uint64Id(1) });
export const MemberPromoteResponse = message('etcdserverpb.MemberPromoteResponse', {
  header,
  members: membersOnly,
});

export const cluster: ServiceType = {
  name: 'etcdserverpb.Cluster',
  methods: [
    method('MemberAdd', MemberAddRequest, MemberAddResponse, ['/v3/cluster/member/add']),
    method('MemberRemove', MemberRemoveRequest, MemberRemoveResponse, ['/v3/cluster/member/remove']),
    method('MemberUpdate', MemberUpdateRequest, MemberUpdateResponse, ['/v3/cluster/member/update']),
    method('MemberList', MemberListRequest, MemberListResponse, ['/v3/cluster/member/list']),
    method('MemberPromote', MemberPromoteRequest, MemberPromoteResponse, ['/v3/cluster/member/promote']),
  ],
};

// ── Maintenance ───────────────────────────────────────────────────────────────────────────────────

const alarmType = { name: 'etcdserverpb.AlarmType', values: { NONE: 0, NOSPACE: 1, CORRUPT: 2 } } as const;
const alarmAction = {
  name: 'etcdserverpb.AlarmRequest.AlarmAction',
  values: { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 },
} as const;
const downgradeAction = {
  name: 'etcdserverpb.DowngradeRequest.DowngradeAction',
  values: { VALIDATE: 0, ENABLE: 1, CANCEL: 2 },
} as const;

export const AlarmRequest = message('etcdserverpb.AlarmRequest', {
  action: enumeration(1, alarmAction),
  memberID: uint64Id(2),
  alarm: enumeration(3, alarmType),
});
export const AlarmMember = message('etcdserverpb.AlarmMember', {
  memberID: uint64Id(1),
  alarm: enumeration(2, alarmType),
});
export const AlarmResponse = message('etcdserverpb.AlarmResponse', {
  header,
  alarms: repeated(nested(2, () => AlarmMember)),
});
export const StatusRequest = message('etcdserverpb.StatusRequest', {});
export const DowngradeInfo = message('etcdserverpb.DowngradeInfo', {
  enabled: bool(1),
  targetVersion: string(2),
});
export const StatusResponse = message('etcdserverpb.StatusResponse', {
  header,
  version: string(2),
  dbSize: int64(3),
  leader: uint64Id(4),
  raftIndex: uint64(5),
  raftTerm: uint64(6),
  raftAppliedIndex: uint64(7),
  errors: repeated(string(8)),
  dbSizeInUse: int64(9),
  isLearner: bool(10),
  storageVersion: string(11),
  dbSizeQuota: int64(12),
  downgradeInfo: nested(13, () => DowngradeInfo),
});
export const DefragmentRequest = message('etcdserverpb.DefragmentRequest', {});
export const DefragmentResponse = message('etcdserverpb.DefragmentResponse', { header });
export const HashRequest = message('etcdserverpb.HashRequest', {});
export const HashResponse = message('etcdserverpb.HashResponse', { header, hash: uint32(2) });
export const HashKVRequest = message('etcdserverpb.HashKVRequest', { revision: int64(1) });
export const HashKVResponse = message('etcdserverpb.HashKVResponse', {
  header,
  hash: uint32(2),
  compact_revision: int64(3),
  hash_revision: int64(4),
});
export const SnapshotRequest = message('etcdserverpb.SnapshotRequest', {});
export const SnapshotResponse = message('etcdserverpb.SnapshotResponse', {
  header,
  remaining_bytes: uint64(2),
  blob: bytes(3),
  version: string(4),
});
export const MoveLeaderRequest = message('etcdserverpb.MoveLeaderRequest', { targetID: uint64Id(1) });
export const MoveLeaderResponse = message('etcdserverpb.MoveLeaderResponse', { header });
export const DowngradeRequest = message('etcdserverpb.DowngradeRequest', {
  action: enumeration(1, downgradeAction),
  version: string(2),
});
export const DowngradeResponse = message('etcdserverpb.DowngradeResponse', { header, version: string(2) });

export const maintenance: ServiceType = {
  name: 'etcdserverpb.Maintenance',
  methods: [
    method('Alarm', AlarmRequest, AlarmResponse, ['/v3/maintenance/alarm']),
    method('Status', StatusRequest, StatusResponse, ['/v3/maintenance/status']),
    method('Defragment', DefragmentRequest, DefragmentResponse, ['/v3/maintenance/defragment']),
    method('Hash', HashRequest, HashResponse, ['/v3/maintenance/hash']),
    method('HashKV', HashKVRequest, HashKVResponse, ['/v3/maintenance/hashkv']),
    method('Snapshot', SnapshotRequest, SnapshotResponse, ['/v3/maintenance/snapshot'], 'server'),
    method('MoveLeader', MoveLeaderRequest, MoveLeaderResponse, ['/v3/maintenance/transfer-leadership']),
    method('Downgrade', DowngradeRequest, DowngradeResponse, ['/v3/maintenance/downgrade']),
  ],
};

// ── Auth ──────────────────────────────────────────────────────────────────────────────────────────

export const UserAddOptions = message('authpb.UserAddOptions', { no_password: bool(1) });

const none = {};
const named = { name: string(1) };
const headerOnly = { header };

export const AuthEnableRequest = message('etcdserverpb.AuthEnableRequest', none);
export const AuthDisableRequest = message('etcdserverpb.AuthDisableRequest', none);
export const AuthStatusRequest = message('etcdserverpb.AuthStatusRequest', none);
export const AuthenticateRequest = message('etcdserverpb.AuthenticateRequest', {
  name: string(1),
  password: string(2),
});
export const AuthUserAddRequest = message('etcdserverpb.AuthUserAddRequest', {
  name: string(1),
  password: string(2),
  options: nested(3, () => UserAddOptions),
  hashedPassword: string(4),
});
export const AuthUserGetRequest = message('etcdserverpb.AuthUserGetRequest', named);
export const AuthUserDeleteRequest = message('etcdserverpb.AuthUserDeleteRequest', named);
export const AuthUserChangePasswordRequest = message('etcdserverpb.AuthUserChangePasswordRequest', {
  name: string(1),
  password: string(2),
  hashedPassword: string(3),
});
export const AuthUserGrantRoleRequest = message('etcdserverpb.AuthUserGrantRoleRequest', {
  user: string(1),
  role: string(2),
});
export const AuthUserRevokeRoleRequest = message('etcdserverpb.AuthUserRevokeRoleRequest', {
  name: string(1),
  role: string(2),
});
export const AuthRoleAddRequest = message('etcdserverpb.AuthRoleAddRequest', named);
export const AuthRoleGetRequest = message('etcdserverpb.AuthRoleGetRequest', { role: string(1) });
export const AuthUserListRequest = message('etcdserverpb.AuthUserListRequest', none);
export const AuthRoleListRequest = message('etcdserverpb.AuthRoleListRequest', none);
export const AuthRoleDeleteRequest = message('etcdserverpb.AuthRoleDeleteRequest', { role: string(1) });
export const AuthRoleGrantPermissionRequest = message('etcdserverpb.AuthRoleGrantPermissionRequest', {
  name: string(1),
  perm: nested(2, () => Permission),
});
export const AuthRoleRevokePermissionRequest = message('etcdserverpb.AuthRoleRevokePermissionRequest', {
  role: string(1),
  key: bytes(2),
  range_end: bytes(3),
});
export const AuthEnableResponse = message('etcdserverpb.AuthEnableResponse', headerOnly);
export const AuthDisableResponse = message('etcdserverpb.AuthDisableResponse', headerOnly);
export const AuthStatusResponse = message('etcdserverpb.AuthStatusResponse', {
  header,
  enabled: bool(2),
  authRevision: uint64(3),
});
export const AuthenticateResponse = message('etcdserverpb.AuthenticateResponse', {
  header,
  token: string(2),
});
export const AuthUserAddResponse = message('etcdserverpb.AuthUserAddResponse', headerOnly);
export const AuthUserGetResponse = message('etcdserverpb.AuthUserGetResponse', {
  header,
  roles: repeated(string(2)),
});
export const AuthUserDeleteResponse = message('etcdserverpb.AuthUserDeleteResponse', headerOnly);
export const AuthUserChangePasswordResponse = message(
  'etcdserverpb.AuthUserChangePasswordResponse',
  headerOnly,
);
export const AuthUserGrantRoleResponse = message('etcdserverpb.AuthUserGrantRoleResponse', headerOnly);
export const AuthUserRevokeRoleResponse = message('etcdserverpb.AuthUserRevokeRoleResponse', headerOnly);
export const AuthRoleAddResponse = message('etcdserverpb.AuthRoleAddResponse', headerOnly);
export const AuthRoleGetResponse = message('etcdserverpb.AuthRoleGetResponse', {
  header,
  perm: repeated(nested(2, () => Permission)),
});
export const AuthRoleListResponse = message('etcdserverpb.AuthRoleListResponse', {
  header,
  roles: repeated(string(2)),
});
export const AuthUserListResponse = message('etcdserverpb.AuthUserListResponse', {
  header,
  users: repeated(string(2)),
});
export const AuthRoleDeleteResponse = message('etcdserverpb.AuthRoleDeleteResponse', headerOnly);
export const AuthRoleGrantPermissionResponse = message(
  'etcdserverpb.AuthRoleGrantPermissionResponse',
  headerOnly,
);
export const AuthRoleRevokePermissionResponse = message(
  'etcdserverpb.AuthRoleRevokePermissionResponse',
  headerOnly,
);

export const auth: ServiceType = {
  name: 'etcdserverpb.Auth',
  methods: [
    method('AuthEnable', AuthEnableRequest, AuthEnableResponse, ['/v3/auth/enable']),
    method('AuthDisable', AuthDisableRequest, AuthDisableResponse, ['/v3/auth/disable']),
    method('AuthStatus', AuthStatusRequest, AuthStatusResponse, ['/v3/auth/status']),
    method('Authenticate', AuthenticateRequest, AuthenticateResponse, ['/v3/auth/authenticate']),
    method('UserAdd', AuthUserAddRequest, AuthUserAddResponse, ['/v3/auth/user/add']),
    method('UserGet', AuthUserGetRequest, AuthUserGetResponse, ['/v3/auth/user/get']),
    method('UserList', AuthUserListRequest, AuthUserListResponse, ['/v3/auth/user/list']),
    method('UserDelete', AuthUserDeleteRequest, AuthUserDeleteResponse, ['/v3/auth/user/delete']),
    method('UserChangePassword', AuthUserChangePasswordRequest, AuthUserChangePasswordResponse, [
      '/v3/auth/user/changepw',
    ]),
    method('UserGrantRole', AuthUserGrantRoleRequest, AuthUserGrantRoleResponse, ['/v3/auth/user/grant']),
    method('UserRevokeRole', AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse, ['/v3/auth/user/revoke']),
    method('RoleAdd', AuthRoleAddRequest, AuthRoleAddResponse, ['/v3/auth/role/add']),
    method('RoleGet', AuthRoleGetRequest, AuthRoleGetResponse, ['/v3/auth/role/get']),
    method('RoleList', AuthRoleListRequest, AuthRoleListResponse, ['/v3/auth/role/list']),
    method('RoleDelete', AuthRoleDeleteRequest, AuthRoleDeleteResponse, ['/v3/auth/role/delete']),
    method('RoleGrantPermission', AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse, [
      '/v3/auth/role/grant',
    ]),
    method('RoleRevokePermission', AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse, [
      '/v3/auth/role/revoke',
    ]),
  ],
};
