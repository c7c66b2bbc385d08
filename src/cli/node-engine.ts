import type { Engine } from '../../sim/event-loop.ts';
import { drainMicrotasks } from '../platform/os/microtasks.ts';

/** What the simulator needs of the engine it runs in, as Node has it. */
export const nodeEngine: Engine = {
  macrotask: (callback) => void setImmediate(callback),
  ...(drainMicrotasks === undefined ? {} : { drainMicrotasks }),
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
