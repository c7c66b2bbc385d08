import { unresolvable, type Plugin } from '../framework.ts';
import { normalizeReversed } from './normalize.ts';
import { isTolerated } from './taints.ts';

const untolerated = unresolvable('node(s) had untolerated taint(s)');

/** Keeps pods off nodes whose taints they do not tolerate; prefers nodes with fewer soft ones. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  filter(pod, node) {
    for (const taint of node.taints) {
      if (taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.tolerations)) return untolerated;
    }
    return undefined;
  },
  score(pod, node) {
    let soft = 0;
    for (const taint of node.taints) {
      if (taint.effect === 'PreferNoSchedule' && !isTolerated(taint, pod.tolerations)) soft++;
    }
    return soft;
  },
  normalize: normalizeReversed,
};
