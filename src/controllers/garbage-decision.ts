import type { ApiObject, OwnerReference } from '../api/types.ts';

/** What is known of an owner: `unknown` is a kind that is not served here, and is never held against anyone. */
export type OwnerState = 'present' | 'absent' | 'unknown';

export type DependantDecision =
  | { readonly action: 'keep' }
  | { readonly action: 'delete' }
  /** Some owners are left; the references to the others go. */
  | { readonly action: 'setOwners'; readonly ownerReferences: readonly OwnerReference[] };

/** What becomes of an object whose owners are in these states, in the order of its references. */
export function decideDependant(object: ApiObject, states: readonly OwnerState[]): DependantDecision {
  const owners = object.metadata.ownerReferences ?? [];
  if (object.metadata.deletionTimestamp !== undefined) return { action: 'keep' };
  const left = owners.filter((_owner, i) => states[i] !== 'absent');
  if (left.length === owners.length) return { action: 'keep' };
  return left.length === 0 ? { action: 'delete' } : { action: 'setOwners', ownerReferences: left };
}

export type OwnerDecision =
  | { readonly action: 'keep' }
  /** Takes the owner out of these dependants, then lets it go. */
  | { readonly action: 'orphan'; readonly dependants: readonly ApiObject[] }
  /** Deletes these dependants; the owner waits for `waitFor` of them to be gone. */
  | {
      readonly action: 'deleteFirst';
      readonly dependants: readonly ApiObject[];
      readonly waitForCount: number;
    };

/** What an owner that is being deleted asks for by its finalizers (metav1.FinalizerOrphanDependents and -DeleteDependents). */
export function decideOwner(owner: ApiObject, dependants: readonly ApiObject[]): OwnerDecision {
  const { deletionTimestamp, finalizers = [], uid } = owner.metadata;
  if (deletionTimestamp === undefined) return { action: 'keep' };
  if (finalizers.includes('orphan')) return { action: 'orphan', dependants };
  if (!finalizers.includes('foregroundDeletion')) return { action: 'keep' };
  const blocking = dependants.filter(({ metadata }) =>
    metadata.ownerReferences?.some(
      (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
    ),
  );
  return {
    action: 'deleteFirst',
    dependants: dependants.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    waitForCount: blocking.length,
  };
}
