import { unresolvable, type Plugin } from '../framework.ts';

/** A pod that names its node runs there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  filter(pod, node) {
    if (pod.nodeName === undefined || pod.nodeName === node.name) return undefined;
    return unresolvable("node(s) didn't match the requested node name");
  },
};
