import { takesSpace } from '../applier.ts';
import { noSpaceError } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';
import type { Request } from '../request.ts';
import { statusOf } from './service.ts';

/** What a key and a value cost besides themselves, and what a lease costs (etcd's storage/quota.go). */
const putOverheadBytes = 256;
const leaseBytes = 64;

/** etcd's quota check at the door: what would take more than there is is refused, and the alarm raised for all. */
export function checkQuota(member: EtcdServer, request: Request): void {
  if (member.quotaBytes === 0) return;
  const cost = costOf(request);
  if (cost === 0 || member.dbSizeInUseBytes + cost < member.quotaBytes) return;
  // Said once and for all members; that it is raised already is no failure.
  member
    .propose({ type: 'alarm', action: 'activate', alarm: 'nospace', memberId: member.id })
    .catch((error: unknown) => void statusOf(error));
  throw noSpaceError();
}

function costOf(request: Request): number {
  switch (request.type) {
    case 'put':
      return putOverheadBytes + request.request.key.length + request.request.value.length;
    case 'lease-grant':
      return leaseBytes;
    case 'txn': {
      if (!takesSpace(request)) return 0;
      const branch = (ops: typeof request.request.success): number =>
        ops.reduce(
          (sum, op) => sum + (op.type === 'put' || op.type === 'txn' ? costOf(op as Request) : 0),
          0,
        );
      return Math.max(branch(request.request.success), branch(request.request.failure));
    }
    default:
      return 0;
  }
}
