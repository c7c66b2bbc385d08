import { unresolvable, type Plugin } from '../framework.ts';

const elsewhere = unresolvable("node(s) didn't match the requested node name");

/** A pod that names its node runs there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  skipFilter: (pod) => pod.nodeName === undefined,
  filter: (pod, node) => (pod.nodeName === node.name || pod.nodeName === undefined ? undefined : elsewhere),
};
