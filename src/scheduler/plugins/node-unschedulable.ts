import type { Taint } from '../../api/types.ts';
import { unresolvable, type Plugin } from '../framework.ts';
import { isTolerated } from './taints.ts';

const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const cordoned = unresolvable('node(s) were unschedulable');

/** Cordoned nodes take no new pods, but for those that tolerate just that. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter: (pod, node) => (node.unschedulable && !isTolerated(cordon, pod.tolerations) ? cordoned : undefined),
};
