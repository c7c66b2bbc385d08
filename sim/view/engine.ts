import type { Engine } from '../event-loop.ts';

/** What the simulator needs of the engine it runs in, as a Web Worker has it: the same run as in Node, in the same order. */
export function workerEngine(): Engine {
  const { port1, port2 } = new MessageChannel();
  const due: (() => void)[] = [];
  port1.onmessage = () => due.shift()?.();
  return {
    macrotask(callback) {
      due.push(callback);
      port2.postMessage(undefined);
    },
  };
}
