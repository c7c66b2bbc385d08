import { badRequest, invalid } from '../api/errors.ts';

/** meta/v1 DeleteOptions, as the body and the query of a DELETE say together. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly dryRun: boolean;
}

type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

/** `body` is a decoded DeleteOptions; the query is used for what it leaves out. @throws ApiError */
export function deleteOptionsOf(
  body: Readonly<Record<string, unknown>>,
  query: URLSearchParams,
): DeleteOptions {
  const grace = body['gracePeriodSeconds'] ?? numberOrUndefined(query.get('gracePeriodSeconds'));
  if (grace !== undefined && grace !== null && (typeof grace !== 'number' || !Number.isSafeInteger(grace))) {
    throw badRequest('gracePeriodSeconds must be an integer');
  }
  const preconditions = (body['preconditions'] ?? {}) as { uid?: string; resourceVersion?: string };
  const policy = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  if (policy !== undefined && policy !== 'Orphan' && policy !== 'Background' && policy !== 'Foreground') {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      {
        type: 'NotSupported',
        field: 'propagationPolicy',
        value: policy,
        detail: 'supported values: "Background", "Foreground", "Orphan"',
      },
    ]);
  }
  const orphans = body['orphanDependents'];
  if (policy !== undefined && typeof orphans === 'boolean') {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      {
        type: 'Invalid',
        field: 'propagationPolicy',
        value: policy,
        detail: 'orphanDependents and deletionPropagation cannot be both set',
      },
    ]);
  }
  const dryRun = body['dryRun'];
  return {
    // A negative grace period means "not said" to the real server as well.
    gracePeriodSeconds: typeof grace === 'number' && grace >= 0 ? grace : undefined,
    uid: preconditions.uid || undefined,
    resourceVersion: preconditions.resourceVersion || undefined,
    propagationPolicy: typeof orphans === 'boolean' ? (orphans ? 'Orphan' : 'Background') : policy,
    dryRun: isDryRun(
      Array.isArray(dryRun) && dryRun.length > 0 ? (dryRun as string[]) : query.getAll('dryRun'),
    ),
  };
}

/** Whether `dryRun` asks for one. @throws ApiError when it asks for something else */
export function isDryRun(values: readonly string[]): boolean {
  const given = values.filter((value) => value !== '');
  if (given.some((value) => value !== 'All')) {
    throw badRequest(`Invalid value: ${JSON.stringify(given)}: supported values: "All"`);
  }
  return given.length > 0;
}

function numberOrUndefined(text: string | null): number | undefined {
  return text === null || text === '' ? undefined : Number(text);
}
