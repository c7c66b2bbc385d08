import { KeyValue } from './kv.ts';
import { bytes, int64, int64Id, message, method, nested, type ServiceType } from './message.ts';
import { ResponseHeader } from './rpc.ts';

/** v3lockpb and v3electionpb (server/etcdserver/api/v3lock, v3election) */

const header = nested(1, () => ResponseHeader);

export const LockRequest = message('v3lockpb.LockRequest', { name: bytes(1), lease: int64Id(2) });
export const LockResponse = message('v3lockpb.LockResponse', { header, key: bytes(2) });
export const UnlockRequest = message('v3lockpb.UnlockRequest', { key: bytes(1) });
export const UnlockResponse = message('v3lockpb.UnlockResponse', { header });

export const lock: ServiceType = {
  name: 'v3lockpb.Lock',
  methods: [
    method('Lock', LockRequest, LockResponse, ['/v3/lock/lock']),
    method('Unlock', UnlockRequest, UnlockResponse, ['/v3/lock/unlock']),
  ],
};

export const LeaderKey = message('v3electionpb.LeaderKey', {
  name: bytes(1),
  key: bytes(2),
  rev: int64(3),
  lease: int64Id(4),
});

const leader = nested(1, () => LeaderKey);

export const CampaignRequest = message('v3electionpb.CampaignRequest', {
  name: bytes(1),
  lease: int64Id(2),
  value: bytes(3),
});
export const CampaignResponse = message('v3electionpb.CampaignResponse', {
  header,
  leader: nested(2, () => LeaderKey),
});
export const LeaderRequest = message('v3electionpb.LeaderRequest', { name: bytes(1) });
export const LeaderResponse = message('v3electionpb.LeaderResponse', {
  header,
  kv: nested(2, () => KeyValue),
});
export const ResignRequest = message('v3electionpb.ResignRequest', { leader });
export const ResignResponse = message('v3electionpb.ResignResponse', { header });
export const ProclaimRequest = message('v3electionpb.ProclaimRequest', { leader, value: bytes(2) });
export const ProclaimResponse = message('v3electionpb.ProclaimResponse', { header });

export const election: ServiceType = {
  name: 'v3electionpb.Election',
  methods: [
    method('Campaign', CampaignRequest, CampaignResponse, ['/v3/election/campaign']),
    method('Proclaim', ProclaimRequest, ProclaimResponse, ['/v3/election/proclaim']),
    method('Leader', LeaderRequest, LeaderResponse, ['/v3/election/leader']),
    method('Observe', LeaderRequest, LeaderResponse, ['/v3/election/observe'], 'server'),
    method('Resign', ResignRequest, ResignResponse, ['/v3/election/resign']),
  ],
};
