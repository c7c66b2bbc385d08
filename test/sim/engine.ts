import type { Engine } from '../../sim/event-loop.ts';

const macrotask = (callback: () => void): void => void setImmediate(callback);

/** For the length of a run the simulation alone hears of unhandled rejections; vitest would fail the whole file. */
function onUnhandledRejection(listener: (reason: unknown) => void): () => void {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  return () => {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  };
}

/** The engine as Node offers it. */
export const engine: Engine = {
  macrotask,
  onUnhandledRejection,
  drainMicrotasks: () => (process as unknown as { _tickCallback(): void })._tickCallback(),
};

/** The engine as a browser's worker offers it: one macrotask per event. */
export const slowEngine: Engine = { macrotask, onUnhandledRejection };
