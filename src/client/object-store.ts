import { assert, must } from '../base/assert.ts';
import { compareStrings } from '../base/order.ts';
import type { ApiObject } from '../api/types.ts';
import type { Lister, ObjectKey } from './informer.ts';

/** Objects by key, listed in key order (client-go's cache.Store). */
export class ObjectStore<T extends ApiObject> implements Lister<T> {
  readonly #objects = new Map<ObjectKey, T>();
  /** Sorted; kept beside the map so that a list costs no sort. */
  readonly #keys: ObjectKey[] = [];
  #list: readonly T[] | undefined;

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    this.#list ??= this.#keys.map((key) => must(this.#objects.get(key)));
    return this.#list;
  }

  keys(): readonly ObjectKey[] {
    return this.#keys;
  }

  set(key: ObjectKey, object: T): void {
    if (!this.#objects.has(key))
      this.#keys.splice(
        lowerBound(this.#keys, key, (each) => each),
        0,
        key,
      );
    this.#objects.set(key, object);
    this.#list = undefined;
  }

  delete(key: ObjectKey): void {
    if (!this.#objects.delete(key)) return;
    const index = lowerBound(this.#keys, key, (each) => each);
    assert(this.#keys[index] === key, 'every object has its key in the sorted list');
    this.#keys.splice(index, 1);
    this.#list = undefined;
  }
}

/** The objects of one namespace: a slice of the list, because keys start with the namespace. */
export function listNamespace<T extends ApiObject>(lister: Lister<T>, namespace: string): readonly T[] {
  const list = lister.list();
  const key = (object: T): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  // '0' is the code unit after '/'.
  return list.slice(lowerBound(list, `${namespace}/`, key), lowerBound(list, `${namespace}0`, key));
}

function lowerBound<E>(sorted: readonly E[], key: string, keyOf: (element: E) => string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareStrings(keyOf(sorted[middle]!), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
