import type { FieldError } from '../field-error.ts';
import { equalJson, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { cidrProblem, dnsSubdomainProblems, labelValueProblems, qualifiedNameProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf, none } from './cells.ts';
import { define } from './define.ts';

const taintEffects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const roleLabelPrefix = 'node-role.kubernetes.io/';

/** Machines. Their status comes from the kubelet, which also sets it when it registers the node. */
export const nodes: Resource = define('v1', 'nodes', {
  subresources: ['status'],
  fields: {
    'spec.unschedulable': (node) => String(mapOf(node['spec'])['unschedulable'] ?? false),
  },
  cells: nodeCells,
  nameProblems: dnsSubdomainProblems,
  hasStatus: true,
  dependents: 'delete',
  validate: validateNode,
  validateUpdate(node, old) {
    const errors: FieldError[] = [];
    const spec = mapOf(node['spec']);
    const before = mapOf(old['spec']);
    for (const field of ['podCIDRs', 'providerID']) {
      if (before[field] === undefined || equalJson(spec[field], before[field])) continue;
      errors.push({
        type: 'Forbidden',
        field: `spec.${field}`,
        detail: 'node updates may not change it once it is set',
      });
    }
    return errors;
  },
});

function validateNode(node: JsonMap): FieldError[] {
  const errors: FieldError[] = [];
  const spec = mapOf(node['spec']);
  const seen = new Set<string>();
  for (const [index, item] of listOf(spec['taints']).entries()) {
    const taint = mapOf(item);
    // The real server reports taints below metadata.
    const field = `metadata.taints[${index}]`;
    const key = textOf(taint['key']);
    const value = textOf(taint['value']);
    const effect = textOf(taint['effect']);
    for (const detail of qualifiedNameProblems(key))
      errors.push({ type: 'Invalid', field: `${field}.key`, value: key, detail });
    for (const detail of labelValueProblems(value))
      errors.push({ type: 'Invalid', field: `${field}.value`, value, detail });
    if (effect === '') {
      errors.push({ type: 'Required', field: `${field}.effect`, detail: '' });
    } else if (!taintEffects.includes(effect)) {
      const detail = `supported values: ${taintEffects.map((one) => `"${one}"`).join(', ')}`;
      errors.push({ type: 'NotSupported', field: `${field}.effect`, value: effect, detail });
    }
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) {
      errors.push({
        type: 'Duplicate',
        field,
        value: taint,
        detail: 'taints must be unique by key and effect pair',
      });
    }
    seen.add(identity);
  }
  for (const [index, cidr] of listOf(spec['podCIDRs']).entries()) {
    const detail = cidrProblem(textOf(cidr));
    if (detail !== undefined)
      errors.push({ type: 'Invalid', field: `spec.podCIDRs[${index}]`, value: cidr, detail });
  }
  return errors;
}

function nodeCells(node: JsonMap, nowMillis: number): readonly unknown[] {
  const status = mapOf(node['status']);
  const info = mapOf(status['nodeInfo']);
  const words: string[] = [];
  const ready = listOf(status['conditions'])
    .map(mapOf)
    .find((condition) => condition['type'] === 'Ready');
  if (ready === undefined) words.push('Unknown');
  else words.push(ready['status'] === 'True' ? 'Ready' : 'NotReady');
  if (mapOf(node['spec'])['unschedulable'] === true) words.push('SchedulingDisabled');
  const address = (type: string): string => {
    const found = listOf(status['addresses'])
      .map(mapOf)
      .find((one) => one['type'] === type);
    return found === undefined ? none : textOf(found['address']);
  };
  const kernel = textOf(info['kernelVersion']);
  const architecture = textOf(info['architecture']);
  return [
    nameOf(node),
    words.join(','),
    rolesOf(node),
    ageOf(node, nowMillis),
    textOf(info['kubeletVersion']),
    address('InternalIP'),
    address('ExternalIP'),
    textOf(info['osImage']) || '<unknown>',
    kernel === '' ? '<unknown>' : architecture === '' ? kernel : `${kernel} (${architecture})`,
    textOf(info['containerRuntimeVersion']) || '<unknown>',
  ];
}

function rolesOf(node: JsonMap): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(mapOf(mapOf(node['metadata'])['labels']))) {
    if (key.startsWith(roleLabelPrefix) && key.length > roleLabelPrefix.length)
      roles.add(key.slice(roleLabelPrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(textOf(value));
  }
  return roles.size === 0 ? none : [...roles].toSorted().join(',');
}
