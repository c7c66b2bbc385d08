import { unresolvable, type Plugin } from '../framework.ts';
import { tolerates } from './taints.ts';

/** Cordoned nodes take no new pods, but for those that tolerate just that. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter(pod, node) {
    if (!node.unschedulable) return undefined;
    const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;
    if (pod.tolerations.some((toleration) => tolerates(toleration, cordon))) return undefined;
    return unresolvable('node(s) were unschedulable');
  },
};
