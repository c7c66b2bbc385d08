import { err, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import type { JsonMap } from '../json.ts';
import type { Struct } from '../schema/schema.ts';
import { compareObjects, fieldSetOf, withNamedFields } from './comparison.ts';
import { FieldSet } from './field-set.ts';
import { mergeObjects, removeFields } from './typed-merge.ts';

/** What one manager owns. An applier's set is what it applied last; an updater's what it has changed. */
export interface Managed {
  readonly fields: FieldSet;
  readonly applied: boolean;
}

/** By whatever tells managers apart: name, operation, version, subresource. */
export type Managers = ReadonlyMap<string, Managed>;

/** A field that somebody else owns with another value: manager and its fields. */
export type Conflicts = ReadonlyMap<string, FieldSet>;

export interface Applied {
  readonly object: JsonMap;
  readonly managers: Managers;
}

/** Fields that nobody owns: the server writes them. */
export const unownedFields: FieldSet = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata', 'f:name'],
  ['f:metadata', 'f:namespace'],
  ['f:metadata', 'f:creationTimestamp'],
  ['f:metadata', 'f:selfLink'],
  ['f:metadata', 'f:uid'],
  ['f:metadata', 'f:clusterName'],
  ['f:metadata', 'f:generation'],
  ['f:metadata', 'f:managedFields'],
  ['f:metadata', 'f:resourceVersion'],
  // An object is there whether or not anything in it is owned.
  ['f:metadata'],
);

function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  const set = new FieldSet();
  for (const path of paths) set.insert(path);
  return set;
}

function owned(set: FieldSet): FieldSet {
  return set.difference(unownedFields);
}

/**
 * Who owns what after `manager` wrote `after` over `before` (every write that is not an apply): what it changed it owns,
 * and nobody else does. On create, `before` is the empty object in canonical form.
 */
export function afterUpdate(
  before: JsonMap,
  after: JsonMap,
  struct: Struct,
  managers: Managers,
  manager: string,
): Managers {
  const { added, modified, removed } = compareObjects(before, after, struct);
  const changed = added.union(modified);
  const result = new Map<string, Managed>();
  for (const [name, managed] of managers) {
    if (name === manager) continue;
    const fields = managed.fields.difference(changed).difference(removed);
    if (!fields.isEmpty) result.set(name, { ...managed, fields });
  }
  const mine = (managers.get(manager)?.fields ?? new FieldSet()).difference(removed).union(changed);
  const fields = owned(mine);
  if (!fields.isEmpty) result.set(manager, { fields, applied: false });
  return result;
}

/**
 * `applied` by `manager` on `live`: its fields are set, those it applied before and no more, and nobody else owns, are
 * removed. The error names the fields that others own with another value; `force` takes them over.
 */
export function apply(
  live: JsonMap,
  applied: JsonMap,
  struct: Struct,
  managers: Managers,
  manager: string,
  force: boolean,
): Result<Applied, Conflicts> {
  const last = managers.get(manager)?.fields;
  const mine: Managed = { fields: owned(fieldSetOf(applied, struct)), applied: true };
  const all = new Map([...managers, [manager, mine]]);
  const merged = mergeObjects(live, applied, struct);
  const object = last === undefined ? merged : prune(merged, struct, all, last);
  const { added, modified, removed } = compareObjects(live, object, struct);
  const changed = added.union(modified);
  const conflicts = new Map<string, FieldSet>();
  const result = new Map<string, Managed>();
  for (const [name, managed] of all) {
    if (name === manager) {
      if (!managed.fields.isEmpty) result.set(name, managed);
      continue;
    }
    const contested = managed.fields.intersection(changed);
    if (!contested.isEmpty) conflicts.set(name, contested);
    const fields = managed.fields.difference(contested).difference(removed);
    if (!fields.isEmpty) result.set(name, { ...managed, fields });
  }
  if (!force && conflicts.size > 0) return err(conflicts);
  return ok({ object, managers: result });
}

/** Takes out what was applied last time, and puts back what anybody owns now. */
function prune(merged: JsonMap, struct: Struct, managers: Managers, last: FieldSet): JsonMap {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, struct);
  const mergedSet = named(fieldSetOf(merged, struct));
  const goneFrom = (pruned: JsonMap): FieldSet => mergedSet.difference(named(fieldSetOf(pruned, struct)));
  let pruned = removeFields(merged, named(last), struct);
  let ownedNow = new FieldSet();
  for (const { fields } of managers.values()) ownedNow = ownedNow.union(fields);
  pruned = removeFields(merged, goneFrom(pruned).difference(named(ownedNow)), struct);
  // Only what was applied last time may go: nothing that was below it and is nobody's.
  return removeFields(merged, goneFrom(pruned).intersection(named(last)), struct);
}
