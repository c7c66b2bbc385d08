import { assert, must } from './assert.ts';

/** Most entries of a leaf and most children of a branch. */
const fanoutMax = 64;
/** Fewer than this and a node is merged with a neighbour (and divided again if that is too much). */
const fanoutMin = 24;

class Leaf<V> {
  keys: string[] = [];
  values: V[] = [];
  next: Leaf<V> | undefined;
  /** See LeafCursor. */
  note: unknown;

  get size(): number {
    return this.keys.length;
  }

  get fanout(): number {
    return this.keys.length;
  }
}

class Branch<V> {
  /** separators[i] divides children: keys below it are in children[0..i], the others to the right. */
  separators: string[] = [];
  children: Node<V>[] = [];
  size = 0;

  get fanout(): number {
    return this.children.length;
  }
}

type Node<V> = Leaf<V> | Branch<V>;

/**
 * A map in code-unit order of its keys: a B+-tree that counts. `get`, `set`, `delete` and `count` of any
 * range take O(log n); a scan walks linked leaves.
 *
 * ```ts
 * const cursor = map.scan('a', 'c');
 * while (cursor.next()) use(cursor.key, cursor.value);
 * ```
 */
export class OrderedMap<V> {
  #root: Node<V> = new Leaf<V>();
  #size = 0;
  /** What `#divide` found: the least key of the right half. */
  #dividingKey = '';

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  /** Adds or replaces. Ends every cursor that is under way. */
  set(key: string, value: V): void {
    const left = this.#root;
    const right = this.#insert(left, key, value);
    if (right === undefined) return;
    const root = new Branch<V>();
    root.separators.push(this.#dividingKey);
    root.children.push(left, right);
    root.size = left.size + right.size;
    this.#root = root;
  }

  /** Whether there was something to delete. Ends every cursor that is under way. */
  delete(key: string): boolean {
    const before = this.#size;
    this.#remove(this.#root, key);
    if (this.#root instanceof Branch && this.#root.children.length === 1)
      this.#root = this.#root.children[0]!;
    return this.#size < before;
  }

  /** How many keys are in [from, end). */
  count(from: string, end: string): number {
    return from < end ? this.#rank(end) - this.#rank(from) : 0;
  }

  /** A cursor before the first key of [from, end); without `end` it runs to the last key. */
  scan(from: string, end?: string): Cursor<V> {
    const leaf = this.#leafOf(from);
    return new Cursor(leaf, lowerBound(leaf.keys, from), end);
  }

  /** A cursor before the first leaf that has a key of [from, end), for whoever takes values by dozens. */
  scanLeaves(from: string, end: string): LeafCursor<V> {
    const leaf = this.#leafOf(from);
    return new LeafCursor(leaf, lowerBound(leaf.keys, from), end);
  }

  /** @throws AssertionError when the tree is not a counted B+-tree in order */
  checkInvariants(): void {
    const leaves: Leaf<V>[] = [];
    checkNode(this.#root, true, leaves);
    assert(this.#root.size === this.#size, 'the root counts every key');
    let previous: string | undefined;
    for (const [i, leaf] of leaves.entries()) {
      assert(leaf.next === leaves[i + 1], 'the leaves are linked in order');
      assert(leaf.keys.length === leaf.values.length, 'one value for each key');
      for (const key of leaf.keys) {
        assert(previous === undefined || previous < key, 'the keys ascend');
        previous = key;
      }
    }
  }

  #leafOf(key: string): Leaf<V> {
    let node = this.#root;
    while (node instanceof Branch) node = node.children[upperBound(node.separators, key)]!;
    return node;
  }

  /** How many keys are less than `key`. */
  #rank(key: string): number {
    let rank = 0;
    let node = this.#root;
    while (node instanceof Branch) {
      const at = upperBound(node.separators, key);
      for (let i = 0; i < at; i++) rank += node.children[i]!.size;
      node = node.children[at]!;
    }
    return rank + lowerBound(node.keys, key);
  }

  /** Inserts below `node` and returns its new right neighbour if it had to be divided. */
  #insert(node: Node<V>, key: string, value: V): Node<V> | undefined {
    if (node instanceof Leaf) {
      node.note = undefined;
      const at = lowerBound(node.keys, key);
      if (node.keys[at] === key) {
        node.values[at] = value;
        return undefined;
      }
      node.keys.splice(at, 0, key);
      node.values.splice(at, 0, value);
      this.#size++;
    } else {
      const at = upperBound(node.separators, key);
      const before = this.#size;
      const right = this.#insert(node.children[at]!, key, value);
      node.size += this.#size - before;
      if (right === undefined) return undefined;
      node.separators.splice(at, 0, this.#dividingKey);
      node.children.splice(at + 1, 0, right);
    }
    return node.fanout > fanoutMax ? this.#divide(node) : undefined;
  }

  #remove(node: Node<V>, key: string): void {
    if (node instanceof Leaf) {
      const at = lowerBound(node.keys, key);
      if (node.keys[at] !== key) return;
      node.note = undefined;
      node.keys.splice(at, 1);
      node.values.splice(at, 1);
      this.#size--;
      return;
    }
    const at = upperBound(node.separators, key);
    const child = node.children[at]!;
    const before = this.#size;
    this.#remove(child, key);
    node.size += this.#size - before;
    if (child.fanout < fanoutMin) this.#merge(node, at === 0 ? 0 : at - 1);
  }

  /** Merges the children at `at` and `at + 1`, and divides the result evenly if it is too large. */
  #merge(parent: Branch<V>, at: number): void {
    const left = parent.children[at]!;
    const right = must(parent.children[at + 1], 'a branch has at least two children');
    if (left instanceof Leaf && right instanceof Leaf) {
      left.keys.push(...right.keys);
      left.values.push(...right.values);
      left.next = right.next;
      left.note = undefined;
    } else if (left instanceof Branch && right instanceof Branch) {
      left.separators.push(parent.separators[at]!, ...right.separators);
      left.children.push(...right.children);
      left.size += right.size;
    }
    if (left.fanout > fanoutMax) {
      parent.children[at + 1] = this.#divide(left);
      parent.separators[at] = this.#dividingKey;
    } else {
      parent.children.splice(at + 1, 1);
      parent.separators.splice(at, 1);
    }
  }

  /** Moves the right half of `node` to a new node, and its least key to `#dividingKey`. */
  #divide(node: Node<V>): Node<V> {
    const middle = node.fanout >> 1;
    if (node instanceof Leaf) {
      const right = new Leaf<V>();
      right.keys = node.keys.splice(middle);
      right.values = node.values.splice(middle);
      right.next = node.next;
      node.next = right;
      this.#dividingKey = right.keys[0]!;
      return right;
    }
    const right = new Branch<V>();
    right.children = node.children.splice(middle);
    right.separators = node.separators.splice(middle);
    this.#dividingKey = must(node.separators.pop());
    for (const child of right.children) right.size += child.size;
    node.size -= right.size;
    return right;
  }
}

/** A place in an OrderedMap. Valid until the map changes. */
export class Cursor<V> {
  #leaf: Leaf<V> | undefined;
  #at: number;
  readonly #end: string | undefined;
  #key = '';
  #value: V | undefined;

  constructor(leaf: Leaf<V>, at: number, end: string | undefined) {
    this.#leaf = leaf;
    this.#at = at;
    this.#end = end;
  }

  /** Steps to the next key; false when there is none. */
  next(): boolean {
    let leaf = this.#leaf;
    while (leaf !== undefined && this.#at >= leaf.keys.length) {
      leaf = leaf.next;
      this.#leaf = leaf;
      this.#at = 0;
    }
    if (leaf === undefined) return false;
    const key = leaf.keys[this.#at]!;
    if (this.#end !== undefined && key >= this.#end) {
      this.#leaf = undefined;
      return false;
    }
    this.#key = key;
    this.#value = leaf.values[this.#at];
    this.#at++;
    return true;
  }

  get key(): string {
    return this.#key;
  }

  /** The value at the key that `next` found. */
  get value(): V {
    return this.#value as V;
  }
}

/** A leaf of an OrderedMap: some consecutive entries. Valid until the map changes. */
export class LeafCursor<V> {
  #leaf: Leaf<V> | undefined;
  #following: Leaf<V> | undefined;
  readonly #end: string;
  /** The entries that are in the range: [from, to) of `values`. */
  from: number;
  to = 0;

  constructor(leaf: Leaf<V>, from: number, end: string) {
    this.#following = leaf;
    this.from = from;
    this.#end = end;
  }

  /** Steps to the next leaf with an entry that is in the range; false when there is none. */
  next(): boolean {
    const end = this.#end;
    for (;;) {
      if (this.#leaf !== undefined) this.from = 0;
      const leaf = this.#following;
      this.#leaf = leaf;
      if (leaf === undefined) return false;
      this.#following = leaf.next;
      const { keys } = leaf;
      const { length } = keys;
      this.to = length;
      if (length > 0 && keys[length - 1]! >= end) {
        this.to = lowerBound(keys, end);
        this.#following = undefined;
      }
      if (this.to > this.from) return true;
    }
  }

  /** All values of the leaf, in the order of their keys. Not to be changed. */
  get values(): readonly V[] {
    return must(this.#leaf).values;
  }

  /** What the user of the map keeps with the leaf. The map forgets it whenever an entry comes, goes or gets another value. */
  get note(): unknown {
    return must(this.#leaf).note;
  }

  set note(note: unknown) {
    must(this.#leaf).note = note;
  }
}

/** The index of the first of `keys` that is >= `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the first of `keys` that is > `key`. */
function upperBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Checks counts and fanouts, collects the leaves, and returns the height: the same on every path. */
function checkNode<V>(node: Node<V>, isRoot: boolean, leaves: Leaf<V>[]): number {
  assert(node.fanout <= fanoutMax, 'no node is too large');
  assert(isRoot || node.fanout >= fanoutMin, 'no node but the root is too small');
  if (node instanceof Leaf) {
    leaves.push(node);
    return 0;
  }
  assert(node.separators.length === node.children.length - 1, 'a separator between two children');
  let size = 0;
  const heights = new Set<number>();
  for (const child of node.children) {
    heights.add(checkNode(child, false, leaves));
    size += child.size;
  }
  assert(size === node.size, 'a branch counts its keys');
  assert(heights.size === 1, 'every leaf is at the same depth');
  return 1 + [...heights][0]!;
}
