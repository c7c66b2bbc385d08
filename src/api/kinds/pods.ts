import type { FieldError } from '../field-error.ts';
import { listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import type { Resource } from '../resource.ts';
import type { ApiObject, Pod } from '../types.ts';
import { define, withParts } from './define.ts';
import { podCells } from './pod-cells.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { validatePodSpec, validatePodSpecUpdate } from './pod-validation.ts';

/** How long a pod gets to stop when nobody says. */
const gracePeriodSecondsDefault = 30;

/** Pods: what runs. The kubelet owns their status; the scheduler binds them to a node once. */
export const pods: Resource = define('v1', 'pods', {
  subresources: ['binding', 'log', 'status'],
  fields: {
    'spec.hostNetwork': (pod) => String(mapOf(pod['spec'])['hostNetwork'] ?? false),
    'status.podIPs': (pod) =>
      listOf(mapOf(pod['status'])['podIPs'])
        .map((one) => textOf(mapOf(one)['ip']))
        .join(','),
  },
  cells: podCells,
  nameProblems: dnsSubdomainProblems,
  countsGenerations: true,
  gracefulDeletion: podGracePeriodSeconds,
  defaults: (pod) => withParts(pod, { spec: defaultPodSpec(mapOf(pod['spec'])) }),
  newStatus: (pod) => ({ phase: 'Pending', qosClass: qosClassOf(mapOf(pod['spec'])) }),
  prepareForStatusUpdate(pod, old) {
    const status = mapOf(pod['status']);
    const oldMetadata = mapOf(old['metadata']);
    // Kubelets may not know every owner: owners stay as they are.
    const { ownerReferences: _, ...metadata } = mapOf(pod['metadata']);
    const owners = oldMetadata['ownerReferences'];
    return withParts(pod, {
      metadata: owners === undefined ? metadata : { ...metadata, ownerReferences: owners },
      status:
        textOf(status['qosClass']) === ''
          ? { ...status, qosClass: mapOf(old['status'])['qosClass'] }
          : status,
    });
  },
  validate: (pod) => validatePodSpec(mapOf(pod['spec']), 'spec'),
  validateCreate: (pod) =>
    listOf(mapOf(pod['spec'])['ephemeralContainers']).length === 0
      ? []
      : [{ type: 'Forbidden', field: 'spec.ephemeralContainers', detail: 'cannot be set on create' }],
  validateUpdate: (pod, old) => validatePodSpecUpdate(mapOf(pod['spec']), mapOf(old['spec'])),
  validateStatusUpdate: validatePodStatus,
  warnings: podWarnings,
});

/**
 * How long a deleted pod lingers: what the client asks for, else what the pod says. Pods that no kubelet
 * runs (not scheduled, or done) go at once.
 */
function podGracePeriodSeconds(object: ApiObject, requestedSeconds: number | undefined): number {
  const { spec, status } = object as Pod;
  if ((spec.nodeName ?? '') === '' || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
  const seconds = requestedSeconds ?? spec.terminationGracePeriodSeconds ?? gracePeriodSecondsDefault;
  return seconds < 0 ? 1 : seconds;
}

/** Guaranteed, Burstable or BestEffort, by what the containers request and are limited to. */
export function qosClassOf(spec: JsonMap): string {
  let requested = false;
  let guaranteed = true;
  for (const list of ['containers', 'initContainers']) {
    for (const container of listOf(spec[list]).map(mapOf)) {
      const resources = mapOf(container['resources']);
      for (const name of ['cpu', 'memory']) {
        const request = positiveNanos(mapOf(resources['requests'])[name]);
        const limit = positiveNanos(mapOf(resources['limits'])[name]);
        requested ||= request !== undefined || limit !== undefined;
        guaranteed &&= limit !== undefined && (request ?? limit) === limit;
      }
    }
  }
  return !requested ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

function positiveNanos(value: unknown): bigint | undefined {
  const quantity = parseQuantity(textOf(value));
  return quantity.ok && quantity.value.nanos > 0n ? quantity.value.nanos : undefined;
}

function validatePodStatus(pod: JsonMap, old: JsonMap): FieldError[] {
  const errors: FieldError[] = [];
  const status = mapOf(pod['status']);
  const before = textOf(mapOf(old['status'])['qosClass']);
  if (before !== '' && status['qosClass'] !== before) {
    errors.push({
      type: 'Invalid',
      field: 'status.qosClass',
      value: status['qosClass'],
      detail: 'field is immutable',
    });
  }
  return errors;
}

function podWarnings(pod: JsonMap): string[] {
  const warnings: string[] = [];
  for (const [index, container] of listOf(mapOf(pod['spec'])['containers']).map(mapOf).entries()) {
    const path = `spec.containers[${index}]`;
    const names = new Set<string>();
    for (const [at, variable] of listOf(container['env']).map(mapOf).entries()) {
      const name = textOf(variable['name']);
      if (names.has(name)) {
        warnings.push(
          `${path}.env[${at}]: hides previous definition of "${name}", which may be dropped when using apply`,
        );
      }
      names.add(name);
    }
    const ports = new Map<string, number>();
    for (const [at, port] of listOf(container['ports']).map(mapOf).entries()) {
      const identity = `${String(port['containerPort'])}/${textOf(port['protocol'])}/${String(port['hostPort'])}`;
      const first = ports.get(identity);
      if (first === undefined) ports.set(identity, at);
      else warnings.push(`${path}.ports[${at}]: duplicate port definition with ${path}.ports[${first}]`);
    }
  }
  return warnings;
}
