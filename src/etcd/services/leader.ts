import type { ServerCall } from '../../grpc/service.ts';
import { noMember } from '../../raft/types.ts';
import { noLeaderError } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';

/** A client that sets this wants to hear at once when there is no leader (etcd's WithRequireLeader). */
const hasLeaderKey = 'hasleader';

export function wantsLeader(call: ServerCall): boolean {
  return call.metadata.get(hasLeaderKey) === 'true';
}

/** @throws EtcdError when the client wants a leader and there is none */
export function requireLeader(member: EtcdServer, call: ServerCall): void {
  if (member.leader === noMember && wantsLeader(call)) throw noLeaderError();
}
