import type { Plugin, Profile } from '../framework.ts';
import { leastAllocated } from './least-allocated.ts';
import { mostAllocated } from './most-allocated.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';

/** Every profile has these, with kube-scheduler's weights; it differs in how it scores what is left. */
const common: Profile['plugins'] = [
  { plugin: nodeUnschedulable, weight: 1 },
  { plugin: nodeName, weight: 1 },
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
];

function profile(name: string, fit: Plugin): Profile {
  return { name, plugins: [...common, { plugin: fit, weight: 1 }], tieBreak: 'name' };
}

/** Every scheduling policy: one file and one line here. */
export const profiles = {
  'least-allocated': profile('least-allocated', leastAllocated),
  'most-allocated': profile('most-allocated', mostAllocated),
} as const satisfies Record<string, Profile>;

export const defaultProfile: Profile = profiles['least-allocated'];
