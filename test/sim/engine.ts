import type { Engine } from '../../sim/event-loop.ts';
import { nodeEngine } from '../../src/cli/node-engine.ts';

/** The engine as Node offers it. */
export const engine: Engine = nodeEngine;

const { drainMicrotasks: _, ...withoutDrain } = nodeEngine;

/** The engine as a browser's worker offers it: one macrotask per event. */
export const slowEngine: Engine = withoutDrain;
