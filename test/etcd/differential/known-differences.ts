import { show } from './normalize.ts';
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
const badToken = { code: 16, message: 'etcdserver: invalid auth token' };
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
    reason: 'so it does at the gateway, where its own version is not masked',
    align: (step, etcd, drydock) => {
      if (!('http' in step) || step.path !== '/v3/maintenance/status') return etcd;
      if (!hasStatus(etcd, 200) || !hasStatus(drydock, 200)) return etcd;
      const { version, storageVersion, dbSizeQuota } = drydock['body'] as Answered;
      const body = { ...(etcd['body'] as Answered), version, storageVersion, dbSizeQuota, downgradeInfo: {} };
      return { ...etcd, body };
    },
  },
  {
    reason: '3.6 tells which revision it hashed',
    align: onAnswer('Maintenance.HashKV', (answer, drydock) => ({
      ...answer,
      hash_revision: drydock['hash_revision'],
    })),
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
      badToken,
      ({ call, as }) => as === 'stranger' && /^(Maintenance|Cluster|Lease)\./.test(call),
    ),
  },
  {
    reason:
      '3.6 words the refusals of Maintenance as all others; 3.5 lets the sentence of its inside through',
    align: (step, etcd) => {
      if (!('call' in step) || !step.call.startsWith('Maintenance.')) return etcd;
      if (same(etcd, { code: 2, message: 'auth: user name is empty' })) return nobody;
      if (same(etcd, { code: 2, message: 'auth: invalid auth token' })) return badToken;
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
        /"(request_txn|lease|prev_kv)"/.test(show(request?.['success'])),
    ),
  },
  {
    reason: '3.6 tells what the role root may do, which is everything (etcd#13006)',
    align: (step, etcd) =>
      'call' in step && step.call === 'Auth.RoleGet' && step.request?.['role'] === 'root' && isAnswer(etcd)
        ? { ...etcd, perm: [{ permType: 2, range_end: '\0' }] }
        : etcd,
  },
  {
    reason: 'a learner stays one when its URLs are changed (etcd#21694, in 3.5 and 3.6 from May 2026 on)',
    align: (step, etcd, drydock) => {
      if (!('call' in step) || !step.call.startsWith('Cluster.')) return etcd;
      const forgotten = show(drydock).replaceAll(',"isLearner":true', '');
      return show(etcd) === forgotten ? drydock : etcd;
    },
  },
  {
    reason:
      'a watch that begins before the first revision is refused at once (etcd#20693); 3.5.16 makes it, and ends it later or never',
    align: (step, etcd, drydock) => {
      if (!('settle' in step)) return etcd;
      const [told, here] = [etcd, drydock].map((streams) => (streams as Answered)['before time'] as Answered);
      if (told === undefined || here === undefined) return etcd;
      const { ended, ...watches } = told;
      const created = Object.values(watches)
        .flat()
        .filter((message) => (message as Answered)['created'] === true);
      const refusals = created.map((message) => ({
        revision: (message as Answered)['revision'],
        created: true,
        canceled: true,
        cancel_reason: 'etcdserver: mvcc: required revision has been compacted',
      }));
      const expected = { 'watch -1': refusals, ...(ended !== undefined && { ended }) };
      return { ...(etcd as Answered), 'before time': expected };
    },
  },
  {
    reason: '3.5.19 has a check of /readyz more (etcd#19280): a learner is not ready',
    align: (step, etcd, drydock) => {
      if (!('http' in step) || (!hasStatus(drydock, 200) && !hasStatus(drydock, 503))) return etcd;
      if (step.path.startsWith('/readyz/non_learner') && hasStatus(etcd, 404)) {
        const verbose = step.path.includes('verbose');
        return { ...etcd, status: 200, body: verbose ? ['[+]non_learner ok', 'ok'] : 'ok\n' };
      }
      const lines = (etcd as Answered)['body'];
      if (
        !step.path.startsWith('/readyz?') ||
        !Array.isArray(lines) ||
        step.path.includes('exclude=non_learner')
      )
        return etcd;
      return { ...(etcd as Answered), body: [...(lines as string[]), '[+]non_learner ok'].toSorted() };
    },
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

function hasStatus(value: unknown, status: number): value is Answered {
  return typeof value === 'object' && value !== null && (value as Answered)['status'] === status;
}

function same(left: unknown, right: unknown): boolean {
  return show(left) === show(right);
}
