import { conflict, forbidden } from '../api/errors.ts';
import type { Resource } from '../api/resource.ts';
import { formatTime, parseTime } from '../api/time.ts';
import type { ApiObject, Namespace } from '../api/types.ts';
import { must } from '../base/assert.ts';
import type { DeleteOptions } from './delete-options.ts';
import type { Decision } from './storage.ts';

/** Namespaces that the cluster cannot be without (NamespaceLifecycle). */
const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** The finalizer of each propagation policy; none for the one that leaves all to the garbage collector. */
const cascades = { Orphan: 'orphan', Foreground: 'foregroundDeletion', Background: '' } as const;

/**
 * What a DELETE does to an object: remove it, or mark it and let a grace period, a finalizer or the
 * namespace controller have the last word (rest.BeforeDelete).
 *
 * @throws ApiError Conflict when a precondition fails, Forbidden for immortal namespaces
 */
export function decideDeletion(
  resource: Resource,
  current: ApiObject,
  options: DeleteOptions,
  nowMillis: number,
): Decision {
  const { name } = current.metadata;
  checkPreconditions(resource, current, options);
  if (isNamespace(resource) && immortalNamespaces.has(name)) {
    throw forbidden(resource, name, 'this namespace may not be deleted');
  }
  const cascading = withCascade(resource, current, options.propagationPolicy);
  const graceSeconds = resource.strategy.gracefulDeletion?.(current, options.gracePeriodSeconds) ?? 0;
  const marked = isMarked(current)
    ? shortened(cascading, options, graceSeconds, nowMillis)
    : mark(cascading, resource, graceSeconds, nowMillis);
  if (isDoomed(marked)) return { type: 'delete', object: marked };
  return marked === current ? { type: 'keep' } : { type: 'write', object: marked };
}

/** Whether nothing holds the object any more: it is marked, its grace is over and no finalizer is left. */
export function isDoomed(object: ApiObject): boolean {
  if (!isMarked(object)) return false;
  const { finalizers, deletionGracePeriodSeconds } = object.metadata;
  return (
    (finalizers ?? []).length === 0 &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    (object.kind !== 'Namespace' || ((object as Namespace).spec?.finalizers ?? []).length === 0)
  );
}

/**
 * The object with the finalizer by which the garbage collector learns what becomes of the dependents, if it
 * is to do more than clear up after the object is gone (deletionFinalizersForGarbageCollection).
 */
function withCascade(
  resource: Resource,
  current: ApiObject,
  policy: DeleteOptions['propagationPolicy'],
): ApiObject {
  const { dependents } = resource.strategy;
  if (dependents === undefined) return current;
  const { finalizers: before = [], ...metadata } = current.metadata;
  const had = before.find(isCascadeFinalizer);
  const asked = policy === undefined ? (had ?? (dependents === 'orphan' ? 'orphan' : '')) : cascades[policy];
  if (asked === (had ?? '')) return current;
  const others = before.filter((finalizer) => !isCascadeFinalizer(finalizer));
  const finalizers = asked === '' ? others : [...others, asked];
  return { ...current, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }) } };
}

function isCascadeFinalizer(finalizer: string): boolean {
  return finalizer === 'orphan' || finalizer === 'foregroundDeletion';
}

function isMarked(object: ApiObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

function isNamespace(resource: Resource): boolean {
  return resource.group === '' && resource.resource === 'namespaces';
}

function mark(current: ApiObject, resource: Resource, graceSeconds: number, nowMillis: number): ApiObject {
  const { generation } = current.metadata;
  const object: ApiObject = {
    ...current,
    metadata: {
      ...current.metadata,
      // A deletion is a change of what is wanted.
      ...(generation !== undefined && { generation: generation + 1 }),
      deletionTimestamp: formatTime(nowMillis + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
  if (!isNamespace(resource)) return object;
  const { deletionGracePeriodSeconds: _grace, ...metadata } = object.metadata;
  const { status } = object as Namespace;
  return { ...object, metadata, status: { ...status, phase: 'Terminating' } } as ApiObject;
}

/** A second DELETE may only hurry the first: with less grace than is left, or none. */
function shortened(
  current: ApiObject,
  options: DeleteOptions,
  graceSeconds: number,
  nowMillis: number,
): ApiObject {
  const { deletionGracePeriodSeconds: had = 0 } = current.metadata;
  if (options.gracePeriodSeconds === undefined || graceSeconds >= had) return current;
  const deadlineMillis = must(
    parseTime(must(current.metadata.deletionTimestamp)),
    'deletionTimestamp is a time',
  );
  // The clock runs from the first request, but a deadline is never moved back in time.
  const startMillis = deadlineMillis - had * 1000;
  const deadline = Math.max(startMillis + graceSeconds * 1000, Math.min(nowMillis, deadlineMillis));
  return {
    ...current,
    metadata: {
      ...current.metadata,
      deletionTimestamp: formatTime(deadline),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

function checkPreconditions(resource: Resource, current: ApiObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  // The real server names the Kind here, and so do the messages people search for.
  const kind = { group: resource.group, resource: resource.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}
