import { compareStrings } from '../../base/order.ts';
import { isMap } from '../json.ts';
import type { JsonMap } from '../json.ts';

/**
 * managed/: who owns which field (structured-merge-diff's fieldpath, typed and merge packages).
 *
 * A FieldSet is a set of paths. A path is a list of steps, written as in FieldsV1:
 *   f:NAME     a field of an object or a key of a map
 *   k:{JSON}   the item of a list with those keys
 *   v:JSON     the item of a list of scalars
 *   i:N        the item at that index (read from old objects, never made here)
 *
 * Boundary: pure; objects are in canonical form and described by a schema. Who applies, when, and what is answered to a
 * conflict is the API server's.
 *
 * Invariants
 *   M1  Sets are not changed once they are handed out; every operation makes another one.
 *   M2  Reading what was written gives the same set, and writing is in one order: fields, keys, values, indexes.
 *   M3  No field is owned that is not in the object, and no two appliers own a field with different values but by force.
 */
export class FieldSet {
  /** Steps whose path is in the set. */
  readonly members = new Set<string>();
  /** Steps below which there are paths; none of these sets is empty. */
  readonly children = new Map<string, FieldSet>();

  /** For whoever is building the set. */
  insert(path: readonly string[]): void {
    const [step, ...rest] = path;
    if (step === undefined) return;
    if (rest.length === 0) {
      this.members.add(step);
      return;
    }
    let child = this.children.get(step);
    if (child === undefined) this.children.set(step, (child = new FieldSet()));
    child.insert(rest);
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  has(path: readonly string[]): boolean {
    const [step, ...rest] = path;
    if (step === undefined) return false;
    return rest.length === 0 ? this.members.has(step) : (this.children.get(step)?.has(rest) ?? false);
  }

  union(other: FieldSet): FieldSet {
    return combine(
      this,
      other,
      (here, there) => here || there,
      (a, b) => (a ?? empty).union(b ?? empty),
    );
  }

  intersection(other: FieldSet): FieldSet {
    return combine(
      this,
      other,
      (here, there) => here && there,
      (a, b) => a && b && a.intersection(b),
    );
  }

  /** What `other` has not. A path in `other` takes out itself only, not what is below it. */
  difference(other: FieldSet): FieldSet {
    return combine(
      this,
      other,
      (here, there) => here && !there,
      (a, b) => a && (b ? a.difference(b) : a),
    );
  }

  /** What `other` has not; a path in `other` takes out everything below it. */
  recursiveDifference(other: FieldSet): FieldSet {
    const result = this.difference(other);
    for (const step of other.members) result.children.delete(step);
    for (const [step, child] of other.children) {
      const own = this.children.get(step);
      if (own === undefined || other.members.has(step)) continue;
      const rest = own.recursiveDifference(child);
      if (rest.isEmpty) result.children.delete(step);
      else result.children.set(step, rest);
    }
    return result;
  }

  equals(other: FieldSet): boolean {
    return (
      this.members.size === other.members.size &&
      this.children.size === other.children.size &&
      [...this.members].every((step) => other.members.has(step)) &&
      [...this.children].every(([step, child]) => other.children.get(step)?.equals(child) ?? false)
    );
  }

  /** Every path, in the order of writing. */
  *paths(): Generator<readonly string[]> {
    for (const step of this.#steps()) {
      if (this.members.has(step)) yield [step];
      for (const below of this.children.get(step)?.paths() ?? []) yield [step, ...below];
    }
  }

  toFieldsV1(): JsonMap {
    const result: Record<string, unknown> = {};
    for (const step of this.#steps()) {
      const child = this.children.get(step)?.toFieldsV1() ?? {};
      result[step] = this.members.has(step) && this.children.has(step) ? { '.': {}, ...child } : child;
    }
    return result;
  }

  #steps(): readonly string[] {
    return [...new Set([...this.members, ...this.children.keys()])].toSorted(compareSteps);
  }
}

const empty = new FieldSet();

/** Deeper sets are an attack. */
const depthMax = 100;

/** A set from FieldsV1; undefined when it is none. */
export function fieldSetFromV1(fields: unknown, depth = 0): FieldSet | undefined {
  if (!isMap(fields) || depth > depthMax) return undefined;
  const set = new FieldSet();
  for (const [step, below] of Object.entries(fields)) {
    if (step === '.') continue;
    if (!isMap(below) || !/^[fkvi]:/s.test(step)) return undefined;
    const child = fieldSetFromV1(below, depth + 1);
    if (child === undefined) return undefined;
    if (child.isEmpty || Object.hasOwn(below, '.')) set.members.add(normalStep(step));
    if (!child.isEmpty) set.children.set(normalStep(step), child);
  }
  return set;
}

/** `.spec.containers[name="web"].image`, as conflicts name fields. */
export function pathText(path: readonly string[]): string {
  return path
    .map((step) => {
      const text = step.slice(2);
      switch (step[0]) {
        case 'f':
          return `.${text}`;
        case 'k':
          return `[${Object.entries(JSON.parse(text) as JsonMap)
            .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
            .join(',')}]`;
        case 'v':
          return `[=${text}]`;
        default:
          return `[${text}]`;
      }
    })
    .join('');
}

/** The step of a list's item with these keys. */
export function keyStep(keys: readonly (readonly [name: string, value: unknown])[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.toSorted((a, b) => compareStrings(a[0], b[0]))))}`;
}

/** Keys may come in any order and with any spacing. */
function normalStep(step: string): string {
  if (!step.startsWith('k:')) return step;
  try {
    const keys: unknown = JSON.parse(step.slice(2));
    return isMap(keys) ? keyStep(Object.entries(keys)) : step;
  } catch {
    return step;
  }
}

const stepOrder = 'fkvi';

function compareSteps(a: string, b: string): number {
  return stepOrder.indexOf(a[0]!) - stepOrder.indexOf(b[0]!) || compareStrings(a, b);
}

function combine(
  a: FieldSet,
  b: FieldSet,
  isMember: (inA: boolean, inB: boolean) => boolean,
  child: (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined,
): FieldSet {
  const result = new FieldSet();
  for (const step of a.members) if (isMember(true, b.members.has(step))) result.members.add(step);
  for (const step of b.members) if (isMember(a.members.has(step), true)) result.members.add(step);
  for (const step of new Set([...a.children.keys(), ...b.children.keys()])) {
    const below = child(a.children.get(step), b.children.get(step));
    if (below !== undefined && !below.isEmpty) result.children.set(step, below);
  }
  return result;
}
