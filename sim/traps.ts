import { AssertionError } from '../src/base/assert.ts';

/**
 * Runtime traps: while a simulation runs, whatever would bring in the real time, real timers or real
 * randomness throws, and says who did it and what to use instead. The types and test/tidy.test.ts find
 * this in our own code; the traps find it in packages too.
 *
 * process.nextTick is left alone: the engine's own rejection handling uses it, and it is drained with the microtasks.
 */

/** Object, member and the remedy. */
const trapped: readonly (readonly [object: string, member: string, remedy: string])[] = [
  ['Math', '.random', 'use platform.random'],
  ['globalThis', '.setTimeout', 'use platform.clock.setTimer'],
  ['globalThis', '.setInterval', 'use platform.clock.setTimer'],
  ['globalThis', '.setImmediate', 'use platform.clock.setTimer'],
  ['globalThis', '.fetch', 'use platform.network'],
  ['performance', '.now', 'use platform.clock'],
  ['process', '.hrtime', 'use platform.clock'],
  ['crypto', '.randomUUID', 'use platform.random'],
  ['crypto', '.getRandomValues', 'use platform.random'],
];

type Holder = Record<string, unknown>;

let depth = 0;
let restoreAll: (() => void)[] = [];
let culprit: () => string = () => 'nobody';

/**
 * Sets the traps; the returned function takes them down again. Nested calls keep them up until the last one
 * is undone. `who` names the host that is running.
 */
export function setTraps(who: () => string): () => void {
  const outer = culprit;
  culprit = who;
  if (depth++ === 0) {
    restoreAll = [trapDate()];
    for (const [object, member, remedy] of trapped) {
      const holder = (globalThis as unknown as Holder)[object];
      const method = member.slice(1);
      if (typeof holder !== 'object' || holder === null) continue;
      if (typeof (holder as Holder)[method] !== 'function') continue;
      restoreAll.push(replace(holder as Holder, method, () => spring(object + member, remedy)));
    }
  }
  let set = true;
  return () => {
    if (!set) return;
    set = false;
    culprit = outer;
    if (--depth > 0) return;
    for (const restore of restoreAll) restore();
    restoreAll = [];
  };
}

function spring(name: string, remedy: string): never {
  throw new AssertionError(`${culprit()} touched ${name} in a simulation: ${remedy}`);
}

/** `new Date(millis)` stays: it only formats. */
function trapDate(): () => void {
  const Real = Date;
  const trap = function (...args: unknown[]): unknown {
    if (new.target === undefined || args.length === 0)
      return spring('the current Date', 'use platform.clock');
    return Reflect.construct(Real, args, new.target === trap ? Real : new.target);
  };
  Object.setPrototypeOf(trap, Real);
  trap.prototype = Real.prototype;
  (trap as unknown as Holder)['now'] = () => spring('the current time of Date', 'use platform.clock');
  return replace(globalThis as unknown as Holder, 'Date', trap);
}

function replace(holder: Holder, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? true,
  });
  return () => {
    if (own === undefined) delete holder[name];
    else Object.defineProperty(holder, name, own);
  };
}
