import type { ApiObject, OwnerReference } from '../api/types.ts';

/** The owner that controls the object; there is at most one (metav1.GetControllerOf). */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** The reference a controller writes into what it creates (metav1.NewControllerRef). */
export function controllerReference(owner: ApiObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  const { name, uid } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A merge patch that sets the owners, and fails if the object has changed or is another by now. */
export function ownersPatch(object: ApiObject, ownerReferences: readonly OwnerReference[]): unknown {
  const { uid, resourceVersion } = object.metadata;
  return { metadata: { uid, resourceVersion, ownerReferences } };
}

/** Equality selectors, as replication controllers and services have them. An empty one selects nothing. */
export function selectsLabels(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}
