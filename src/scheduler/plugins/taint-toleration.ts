import { unresolvable, type Plugin } from '../framework.ts';
import { normalizeReversed } from './normalize.ts';
import { tolerates, untoleratedTaint } from './taints.ts';

/** Keeps pods off nodes whose taints they do not tolerate; prefers nodes with fewer soft ones. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  filter(pod, node) {
    const taint = untoleratedTaint(node.taints, pod.tolerations, ['NoSchedule', 'NoExecute']);
    return taint === undefined ? undefined : unresolvable(`node(s) had untolerated taint(s)`);
  },
  score(pod, node) {
    const soft = node.taints.filter(
      (taint) =>
        taint.effect === 'PreferNoSchedule' &&
        !pod.tolerations.some((toleration) => tolerates(toleration, taint)),
    );
    return soft.length;
  },
  normalize: normalizeReversed,
};
