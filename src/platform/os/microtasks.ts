import { setFlagsFromString } from 'node:v8';

/**
 * Runs all microtasks that are due, now, inside the current macrotask: what a virtual event loop needs
 * after each event. Undefined where the engine does not offer it. Calls from inside a microtask do nothing.
 */
export const drainMicrotasks: (() => void) | undefined = makeDrain();

function makeDrain(): (() => void) | undefined {
  let drain: () => void;
  try {
    setFlagsFromString('--allow-natives-syntax');
    // oxlint-disable-next-line typescript/no-implied-eval -- the intrinsic has no name in JavaScript
    drain = new Function('%PerformMicrotaskCheckpoint()') as () => void;
    drain();
  } catch {
    return undefined;
  }
  // The flag stays on: V8 may drop the function's bytecode and parse its source again later.
  return drain;
}
