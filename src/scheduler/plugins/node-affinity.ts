import type { NodeSelectorTerm, SelectorRequirement } from '../../api/types.ts';
import { unresolvable, type Plugin } from '../framework.ts';
import type { NodeView } from '../node-view.ts';
import { normalizeToMax } from './normalize.ts';

/** nodeSelector and node affinity: required terms filter, preferred terms score by the sum of their weights. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  filter(pod, node) {
    const required = pod.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const selected = Object.entries(pod.nodeSelector).every(([key, value]) => node.labels[key] === value);
    const matched = required === undefined || required.nodeSelectorTerms.some((term) => matches(term, node));
    return selected && matched
      ? undefined
      : unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
  score(pod, node) {
    let sum = 0;
    for (const { weight, preference } of pod.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ??
      []) {
      if (matches(preference, node)) sum += weight;
    }
    return sum;
  },
  normalize: normalizeToMax,
};

/** All requirements of a term must hold; a term without any matches nothing. */
function matches(term: NodeSelectorTerm, node: NodeView): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((requirement) => holds(requirement, node.labels[requirement.key])) &&
    fields.every((requirement) => requirement.key === 'metadata.name' && holds(requirement, node.name))
  );
}

function holds({ operator, values = [] }: SelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      if (value === undefined || values.length !== 1 || !/^-?\d+$/.test(value) || !/^-?\d+$/.test(values[0]!))
        return false;
      return operator === 'Gt' ? BigInt(value) > BigInt(values[0]!) : BigInt(value) < BigInt(values[0]!);
    }
  }
}
