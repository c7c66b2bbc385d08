import type { Step, UnaryStep } from './step.ts';

/**
 * Where drydock, which answers as etcd 3.6 does with its security fixes, differs from the etcd 3.5 that the tests can have.
 * Nothing that is not here is excused. `align` changes etcd's answer into the expected one and leaves the rest of it to be
 * compared; it sees every step and returns what is not its business as it is.
 */
export interface KnownDifference {
  readonly reason: string;
  readonly align: (step: Step, etcd: unknown, drydock: unknown) => unknown;
}

interface Answered {
  readonly [name: string]: unknown;
}

const invalidSort = { code: 3, message: 'etcdserver: invalid sort option' };
const nobody = { code: 3, message: 'etcdserver: user name is empty' };
const denied = { code: 7, message: 'etcdserver: permission denied' };

export const knownDifferences: readonly KnownDifference[] = [
  {
    reason: '3.6 tells its storage version, its quota and whether it is being downgraded',
    align: onAnswer('Maintenance.Status', (answer, drydock) => ({
      ...answer,
      storageVersion: drydock['storageVersion'],
      dbSizeQuota: drydock['dbSizeQuota'],
      downgradeInfo: {},
    })),
  },
  {
    reason: '3.6 tells which revision it hashed',
    align: onAnswer('Maintenance.HashKV', (answer, drydock) => ({
      ...answer,
      hash_revision: drydock['hash_revision'],
    })),
  },
  {
    reason: '3.5.19 has a check of /readyz more (etcd#19280): a learner is not ready',
    align: (step, etcd) =>
      'http' in step && step.path.startsWith('/readyz') && isVerbose(etcd)
        ? { ...etcd, body: [...etcd['body'], '[+]non_learner ok'].toSorted() }
        : etcd,
  },
  {
    reason: 'a downgrade goes one minor version back: from 3.5 to 3.4, and from 3.6 to 3.5',
    align: (step, etcd, drydock) =>
      'call' in step &&
      step.call === 'Maintenance.Downgrade' &&
      /^3\.[45](\.0)?$/.test(String(step.request?.['version']))
        ? drydock
        : etcd,
  },
  {
    reason: 'the versions themselves',
    align: (step, etcd, drydock) =>
      'http' in step && step.path.startsWith('/version') && hasStatus(etcd, 200) && hasStatus(drydock, 200)
        ? { ...etcd, body: drydock['body'] }
        : etcd,
  },
  {
    reason: '3.6 refuses a sort that it does not know; 3.5 takes it for none',
    align: (step, etcd, drydock) =>
      'call' in step && step.call.startsWith('KV.') && same(drydock, invalidSort) ? invalidSort : etcd,
  },
  {
    reason: 'nobody may call these while auth is on, from 3.5.28 and 3.6.9 on (GHSA-q8m4-xhhv-38mg)',
    align: onRefusal(
      nobody,
      ({ call, as }) =>
        as === undefined &&
        /^(Lease\.|Cluster\.MemberList|KV\.Compact|Maintenance\.(Alarm|MoveLeader|Downgrade|Status))/.test(
          call,
        ),
    ),
  },
  {
    reason:
      'only root may: from 3.6 on (etcd#14663), of compactions and alarms from 3.6.9 on (GHSA-q8m4-xhhv-38mg)',
    align: onRefusal(
      denied,
      ({ call, as }) =>
        as !== 'root' && /^(KV\.Compact|Maintenance\.(Alarm|MoveLeader|Downgrade))$/.test(call),
    ),
  },
  {
    reason: 'a token that is none is refused also where 3.5 asks for none',
    align: onRefusal(
      { code: 16, message: 'etcdserver: invalid auth token' },
      ({ call, as }) => as === 'stranger' && /^(Maintenance|Cluster|Lease)\./.test(call),
    ),
  },
  {
    reason:
      '3.6 words the refusals of Maintenance as all others; 3.5 lets the sentence of its inside through',
    align: (step, etcd) => {
      if (!('call' in step) || !step.call.startsWith('Maintenance.')) return etcd;
      if (same(etcd, { code: 2, message: 'auth: user name is empty' })) return nobody;
      return same(etcd, { code: 2, message: 'auth: permission denied' }) ? denied : etcd;
    },
  },
  {
    reason:
      'permissions hold in transactions within transactions (GHSA-rfx7-8w68-q57q), and for leases and previous values of their puts (GHSA-x35m-3gp4-4fh5)',
    align: onRefusal(
      denied,
      ({ call, as, request }) =>
        as !== 'root' &&
        call === 'KV.Txn' &&
        /"(request_txn|lease|prev_kv)"/.test(JSON.stringify(request?.['success'])),
    ),
  },
  {
    reason: '3.6 tells what the role root may do, which is everything (etcd#13006)',
    align: (step, etcd) =>
      'call' in step && step.call === 'Auth.RoleGet' && step.request?.['role'] === 'root' && isAnswer(etcd)
        ? { ...etcd, perm: [{ permType: 2, range_end: '\0' }] }
        : etcd,
  },
];

/** Changes what a method answers when it goes well. */
function onAnswer(
  method: string,
  change: (answer: Answered, drydock: Answered) => Answered,
): KnownDifference['align'] {
  return (step, etcd, drydock) =>
    'call' in step && step.call === method && isAnswer(etcd) && isAnswer(drydock)
      ? change(etcd, drydock)
      : etcd;
}

/** What is refused, although the etcd at hand does not refuse it. */
function onRefusal(refusal: Answered, applies: (step: UnaryStep) => boolean): KnownDifference['align'] {
  return (step, etcd, drydock) =>
    'call' in step && applies(step) && same(drydock, refusal) ? refusal : etcd;
}

function isAnswer(value: unknown): value is Answered {
  return typeof value === 'object' && value !== null && 'header' in value;
}

function isVerbose(value: unknown): value is Answered & { readonly body: readonly string[] } {
  return typeof value === 'object' && value !== null && Array.isArray((value as Answered)['body']);
}

function hasStatus(value: unknown, status: number): value is Answered {
  return typeof value === 'object' && value !== null && (value as Answered)['status'] === status;
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
