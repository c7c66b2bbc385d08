import type { Engine } from '../../sim/event-loop.ts';

/**
 * Runs the microtasks that are due and tells of unhandled rejections, now, inside the current macrotask: what
 * Node itself does after each callback. It has no documented name; without it the loop gives each event a
 * macrotask of its own, which is slower and the same run.
 */
const tickCallback = (process as { readonly _tickCallback?: () => void })._tickCallback;

/** What the simulator needs of the engine it runs in, as Node has it. */
export const nodeEngine: Engine = {
  macrotask: (callback) => void setImmediate(callback),
  ...(tickCallback === undefined ? {} : { drainMicrotasks: () => tickCallback() }),
  onUnhandledRejection(listener) {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', listener);
    return () => {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    };
  },
};
