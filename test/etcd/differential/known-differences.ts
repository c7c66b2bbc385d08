import type { Step } from './step.ts';

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
