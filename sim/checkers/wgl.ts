import { finish } from '../hash.ts';

/**
 * The linearizability search of Wing and Gong with Lowe's cache ("Testing for linearizability", 2017), as in porcupine:
 * try the calls that may come first, one after the other, and go back when a return shows that its call did not
 * fit. It knows nothing of revisions, so it is a second opinion on a store that might lie about them.
 */

/** A sequential object. States are compared by `key`. */
export interface SequentialModel<State, Call> {
  readonly initial: State;
  /** The state after `call`, or undefined if the call could not have had its outcome in `state`. */
  step(state: State, call: Call): State | undefined;
  key(state: State): string;
}

export interface TimedCall {
  readonly callTime: number;
  /** Infinity for a call whose outcome is unknown: it may take effect at any time, even after all else. */
  readonly returnTime: number;
}

export interface Linearization<State> {
  /** `undecided`: the search was given up; the history may be either. */
  readonly verdict: 'linearizable' | 'not-linearizable' | 'undecided';
  /** The longest order that was found, of indexes of calls: of all of them when the history is linearizable. */
  readonly longest: readonly number[];
  /** The state behind it. */
  readonly state: State;
  /** The call whose return could not be passed there. */
  readonly stuck: number | undefined;
  readonly steps: number;
}

/** A call or a return, in a doubly linked list in order of time. */
interface Node {
  readonly call: number;
  /** The return that belongs to this call; absent on returns. */
  readonly match: Node | undefined;
  previous: Node | undefined;
  next: Node | undefined;
}

/** Searches for an order of `calls` that `model` allows and that respects real time. */
export function findLinearization<State, Call extends TimedCall>(
  model: SequentialModel<State, Call>,
  calls: readonly Call[],
  stepsMax = 1_000_000,
): Linearization<State> {
  const head: Node = { call: -1, match: undefined, previous: undefined, next: undefined };
  link(head, calls);
  const linearized = new CallSet();
  const seen = new SeenStates();
  const done: { readonly node: Node; readonly before: State }[] = [];
  let state = model.initial;
  let longest: readonly number[] = [];
  let longestState = state;
  let stuck: number | undefined;
  let node = head.next;
  let steps = 0;
  /** Calls that returned and have no place yet. The others may just as well take effect after everything, or never. */
  let waiting = calls.filter(({ returnTime }) => returnTime !== Infinity).length;
  const returned = (call: number): number => (calls[call]!.returnTime === Infinity ? 0 : 1);
  const orderSoFar = (): number[] => done.map((one) => one.node.call);
  for (; waiting > 0; steps++) {
    if (steps === stepsMax) {
      return { verdict: 'undecided', longest, state: longestState, stuck, steps };
    }
    if (node?.match !== undefined) {
      const after = model.step(state, calls[node.call]!);
      if (after !== undefined) {
        linearized.flip(node.call);
        if (seen.add(linearized, model.key(after))) {
          done.push({ node, before: state });
          state = after;
          lift(node);
          waiting -= returned(node.call);
          node = head.next;
          continue;
        }
        linearized.flip(node.call);
      }
      node = node.next;
      continue;
    }
    // A return whose call is not linearized yet (or the end): some earlier choice was wrong.
    if (done.length > longest.length || stuck === undefined) {
      longest = orderSoFar();
      longestState = state;
      stuck = node?.call;
    }
    const last = done.pop();
    if (last === undefined)
      return { verdict: 'not-linearizable', longest, state: longestState, stuck, steps };
    state = last.before;
    linearized.flip(last.node.call);
    unlift(last.node);
    waiting += returned(last.node.call);
    node = last.node.next;
  }
  return { verdict: 'linearizable', longest: orderSoFar(), state, stuck: undefined, steps };
}

/** A set of calls by two hashes that change with each member: 96 bits, so that no two sets are ever taken for one. */
class CallSet {
  low = 0;
  middle = 0;
  high = 0;

  flip(call: number): void {
    const first = finish(call + 1);
    const second = finish(first ^ 0x9e3779b9);
    this.low ^= first;
    this.middle ^= second;
    this.high ^= finish(second ^ 0x7f4a7c15);
  }
}

/** Which sets of calls have led to which states. */
class SeenStates {
  readonly #states = new Map<string, number>();
  readonly #seen = new Map<number, number[]>();

  /** Returns false if the pair is known. */
  add({ low, middle, high }: CallSet, stateKey: string): boolean {
    let state = this.#states.get(stateKey);
    if (state === undefined) {
      state = this.#states.size;
      this.#states.set(stateKey, state);
    }
    // 53 bits name the bucket; the rest and the state are compared.
    const bucket = (low >>> 0) * 2 ** 21 + (middle >>> 11);
    const entries = this.#seen.get(bucket);
    if (entries === undefined) {
      this.#seen.set(bucket, [middle, high, state]);
      return true;
    }
    for (let i = 0; i < entries.length; i += 3) {
      if (entries[i] === middle && entries[i + 1] === high && entries[i + 2] === state) return false;
    }
    entries.push(middle, high, state);
    return true;
  }
}

function link(head: Node, calls: readonly TimedCall[]): void {
  const events = calls.flatMap(({ callTime, returnTime }, call) => [
    { time: callTime, isReturn: false, call },
    { time: returnTime, isReturn: true, call },
  ]);
  // At equal times calls come first: they overlap, which allows more.
  events.sort((a, b) =>
    a.time === b.time ? Number(a.isReturn) - Number(b.isReturn) || a.call - b.call : a.time - b.time,
  );
  const returns = calls.map((_, call): Node => ({
    call,
    match: undefined,
    previous: undefined,
    next: undefined,
  }));
  let tail = head;
  for (const { isReturn, call } of events) {
    const node = isReturn
      ? returns[call]!
      : { call, match: returns[call]!, previous: undefined, next: undefined };
    tail.next = node;
    node.previous = tail;
    tail = node;
  }
}

/** Takes a call and its return out of the list. */
function lift(call: Node): void {
  call.previous!.next = call.next;
  if (call.next !== undefined) call.next.previous = call.previous;
  const end = call.match!;
  end.previous!.next = end.next;
  if (end.next !== undefined) end.next.previous = end.previous;
}

/** Puts them back, in the opposite order. */
function unlift(call: Node): void {
  const end = call.match!;
  end.previous!.next = end;
  if (end.next !== undefined) end.next.previous = end;
  call.previous!.next = call;
  if (call.next !== undefined) call.next.previous = call;
}
