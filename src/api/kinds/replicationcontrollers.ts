import type { FieldError } from '../field-error.ts';
import { isMap, mapOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import { validateLabels } from '../object-meta.ts';
import type { Resource } from '../resource.ts';
import { ageOf, containersTexts, labelsText, nameOf } from './cells.ts';
import { define, withParts } from './define.ts';
import { defaultTemplateSpec } from './pod-defaults.ts';
import { notNegative, oneOf, validatePodSpec } from './pod-validation.ts';

/** Keeps a number of like pods running. */
export const replicationControllers: Resource = define('v1', 'replicationcontrollers', {
  subresources: ['scale', 'status'],
  fields: {
    'status.replicas': (object) => String(mapOf(object['status'])['replicas'] ?? 0),
  },
  cells(object, nowMillis) {
    const spec = mapOf(object['spec']);
    const status = mapOf(object['status']);
    const [names, images] = containersTexts(mapOf(mapOf(spec['template'])['spec']));
    return [
      nameOf(object),
      spec['replicas'] ?? 0,
      status['replicas'] ?? 0,
      status['readyReplicas'] ?? 0,
      ageOf(object, nowMillis),
      names,
      images,
      labelsText(spec['selector']),
    ];
  },
  nameProblems: dnsSubdomainProblems,
  countsGenerations: true,
  // Older than the garbage collector: its pods stay unless the client says otherwise.
  dependents: 'orphan',
  defaults: defaultReplicationController,
  newStatus: () => ({ replicas: 0 }),
  validate: validateReplicationController,
  validateStatusUpdate(object) {
    const status = mapOf(object['status']);
    const errors: FieldError[] = [];
    for (const field of [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
    ]) {
      errors.push(...notNegative(status[field], `status.${field}`));
    }
    for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']) {
      if (Number(status[field] ?? 0) <= Number(status['replicas'] ?? 0)) continue;
      const detail = 'cannot be greater than status.replicas';
      errors.push({ type: 'Invalid', field: `status.${field}`, value: status[field], detail });
    }
    return errors;
  },
});

function defaultReplicationController(object: JsonMap): JsonMap {
  const spec = mapOf(object['spec']);
  const metadata = mapOf(object['metadata']);
  const template = spec['template'];
  const labels = mapOf(mapOf(mapOf(template)['metadata'])['labels']);
  const isEmpty = (value: unknown): boolean => Object.keys(mapOf(value)).length === 0;
  return withParts(object, {
    metadata: isEmpty(metadata['labels']) ? { ...metadata, labels } : metadata,
    spec: {
      replicas: 1,
      ...spec,
      selector: isEmpty(spec['selector']) ? labels : spec['selector'],
      ...(isMap(template)
        ? { template: { ...template, spec: defaultTemplateSpec(mapOf(template['spec'])) } }
        : {}),
    },
  });
}

function validateReplicationController(object: JsonMap): FieldError[] {
  const spec = mapOf(object['spec']);
  const selector = mapOf(spec['selector']);
  const errors: FieldError[] = [];
  if (Object.keys(selector).length === 0)
    errors.push({ type: 'Required', field: 'spec.selector', detail: '' });
  errors.push(...notNegative(spec['minReadySeconds'], 'spec.minReadySeconds'));
  errors.push(...notNegative(spec['replicas'], 'spec.replicas'));
  const { template } = spec;
  if (!isMap(template)) return [...errors, { type: 'Required', field: 'spec.template', detail: '' }];
  const labels = mapOf(mapOf(template['metadata'])['labels']);
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) {
    const detail = '`selector` does not match template `labels`';
    errors.push({ type: 'Invalid', field: 'spec.template.metadata.labels', value: labels, detail });
  }
  errors.push(...validateLabels(labels, 'spec.template.metadata.labels'));
  const podSpec = mapOf(template['spec']);
  errors.push(...validatePodSpec(podSpec, 'spec.template.spec'));
  // A pod that is replaced when it ends must not be one that may end.
  errors.push(...oneOf(podSpec['restartPolicy'], 'spec.template.spec.restartPolicy', ['Always']));
  return errors;
}
