/** Continuations of a list that are remembered: those who append take few different ways. */
const continuationsMax = 4;

/**
 * A list that is never changed. Whoever appends the same item to the same list gets the same list: a hundred who hear the same
 * events, in the same order, have one list of them among them, and pay for a comparison each.
 */
export class SharedList<T> {
  readonly length: number;
  readonly #before: SharedList<T> | undefined;
  readonly #item: T | undefined;
  #continuations: SharedList<T>[] | undefined;
  #items: readonly T[] | undefined;

  /** An empty list, or with `item` behind the items of `before`. */
  constructor(before?: SharedList<T>, item?: T) {
    this.#before = before;
    this.#item = item;
    this.length = before === undefined ? 0 : before.length + 1;
  }

  append(item: T): SharedList<T> {
    const continuations = (this.#continuations ??= []);
    for (let i = 0; i < continuations.length; i++) {
      if (continuations[i]!.#item === item) return continuations[i]!;
    }
    const list = new SharedList(this, item);
    if (continuations.length === continuationsMax) continuations.shift();
    continuations.push(list);
    return list;
  }

  /** The same array for all. */
  get items(): readonly T[] {
    this.#items ??= this.#collect();
    return this.#items;
  }

  #collect(): readonly T[] {
    if (this.#before === undefined) return [];
    const items: T[] = [this.#item as T];
    for (let list = this.#before; list.#before !== undefined; list = list.#before)
      items.push(list.#item as T);
    return items.toReversed();
  }

  /** Lets go of what was appended: who appends now begins lists of their own. */
  forgetContinuations(): void {
    this.#continuations = undefined;
  }
}
