import type { NodeSelectorTerm, SelectorRequirement } from '../../api/types.ts';
import { unresolvable, type Plugin } from '../framework.ts';
import type { NodeView } from '../node-view.ts';
import type { PodView } from '../pod-view.ts';
import { normalizeToMax } from './normalize.ts';

const unmatched = unresolvable("node(s) didn't match Pod's node affinity/selector");

/** nodeSelector and node affinity: required terms filter, preferred terms score by the sum of their weights. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  skipFilter: (pod) => requiredTerms(pod) === undefined && Object.keys(pod.nodeSelector).length === 0,
  filter: (pod, node) => (isSelected(pod, node) && isRequired(pod, node) ? undefined : unmatched),
  skipScore: (pod) => preferredTerms(pod).length === 0,
  score(pod, node) {
    let sum = 0;
    for (const { weight, preference } of preferredTerms(pod)) {
      if (matches(preference, node)) sum += weight;
    }
    return sum;
  },
  normalize: normalizeToMax,
};

function requiredTerms(pod: PodView): readonly NodeSelectorTerm[] | undefined {
  return pod.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

function preferredTerms(pod: PodView): readonly { weight: number; preference: NodeSelectorTerm }[] {
  return pod.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** nodeSelector: every pair must be a label of the node. */
function isSelected({ nodeSelector }: PodView, node: NodeView): boolean {
  for (const key in nodeSelector) {
    if (labelOf(node, key) !== nodeSelector[key]) return false;
  }
  return true;
}

/** Required node affinity: one of the terms must match. */
function isRequired(pod: PodView, node: NodeView): boolean {
  return requiredTerms(pod)?.some((term) => matches(term, node)) ?? true;
}

/** All requirements of a term must hold; a term without any matches nothing. */
function matches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeView): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => holds(requirement, labelOf(node, requirement.key))) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && holds(requirement, node.name))
  );
}

function labelOf(node: NodeView, key: string): string | undefined {
  // A label may be called what every object inherits: "constructor".
  return Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
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
      const [bound] = values;
      if (values.length !== 1 || !isInteger(value) || !isInteger(bound)) return false;
      return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text);
}
