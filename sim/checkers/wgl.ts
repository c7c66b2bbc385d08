/**
 * The linearizability search of Wing and Gong with Lowe's cache ("Testing for linearizability", 2017): try the
 * calls that may come first, one after the other, and go back when a return shows that its call did not fit.
 * It knows nothing of revisions, so it is a second opinion on a store that might lie about them.
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

/** `undecided`: the search was given up; the history may be either. */
export type WglVerdict = 'linearizable' | 'not-linearizable' | 'undecided';

/** A call or a return, in a doubly linked list in order of time. */
interface Node {
  readonly call: number;
  /** The return that belongs to this call; absent on returns. */
  readonly match: Node | undefined;
  previous: Node | undefined;
  next: Node | undefined;
}

/** Searches for an order of `calls` that `model` allows and that respects real time. */
export function checkLinearizable<State, Call extends TimedCall>(
  model: SequentialModel<State, Call>,
  calls: readonly Call[],
  stepsMax = 1_000_000,
): WglVerdict {
  const head: Node = { call: -1, match: undefined, previous: undefined, next: undefined };
  link(head, calls);
  const linearized = new Uint16Array(Math.ceil(calls.length / 16));
  const seen = new Set<string>();
  const done: { readonly node: Node; readonly before: State }[] = [];
  let state = model.initial;
  let node = head.next;
  for (let steps = 0; head.next !== undefined; steps++) {
    if (steps === stepsMax) return 'undecided';
    if (node?.match !== undefined) {
      const after = model.step(state, calls[node.call]!);
      if (after !== undefined) {
        flip(linearized, node.call);
        const key = `${String.fromCharCode(...linearized)}|${model.key(after)}`;
        if (!seen.has(key)) {
          seen.add(key);
          done.push({ node, before: state });
          state = after;
          lift(node);
          node = head.next;
          continue;
        }
        flip(linearized, node.call);
      }
      node = node.next;
      continue;
    }
    // A return whose call is not linearized yet (or the end): some earlier choice was wrong.
    const last = done.pop();
    if (last === undefined) return 'not-linearizable';
    state = last.before;
    flip(linearized, last.node.call);
    unlift(last.node);
    node = last.node.next;
  }
  return 'linearizable';
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

function flip(bits: Uint16Array, index: number): void {
  bits[index >> 4]! ^= 1 << (index & 15);
}
