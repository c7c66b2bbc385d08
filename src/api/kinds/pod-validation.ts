import type { FieldError } from '../field-error.ts';
import { equalJson, isMap, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  portNameProblems,
  qualifiedNameProblems,
} from '../names.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';

/**
 * The main rules for pods and pod templates (pkg/apis/core/validation). Rules about volume sources, security
 * contexts and affinity beyond the node's are not here yet.
 */

const portMax = 65_535;

/** What clients may select with `fieldRef`. */
const downwardFields: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.annotations',
  'metadata.labels',
  'spec.nodeName',
  'spec.serviceAccountName',
  'spec.restartPolicy',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
  'status.phase',
]);

/** `spec` of a pod, or of a template at `path`. */
export function validatePodSpec(spec: JsonMap, path: string): FieldError[] {
  const volumes = new Set<string>();
  const errors = validateVolumes(listOf(spec['volumes']), `${path}.volumes`, volumes);
  const names = new Set<string>();
  const hostNetwork = spec['hostNetwork'] === true;
  if (listOf(spec['containers']).length === 0) errors.push(required(`${path}.containers`));
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const [index, container] of listOf(spec[list]).map(mapOf).entries()) {
      errors.push(
        ...validateContainer(container, `${path}.${list}[${index}]`, { names, volumes, hostNetwork }),
      );
    }
  }
  errors.push(...oneOf(spec['restartPolicy'], `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']));
  errors.push(
    ...oneOf(spec['dnsPolicy'], `${path}.dnsPolicy`, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
  );
  for (const [key, value] of Object.entries(mapOf(spec['nodeSelector']))) {
    const field = `${path}.nodeSelector`;
    for (const detail of qualifiedNameProblems(key))
      errors.push({ type: 'Invalid', field, value: key, detail });
    for (const detail of labelValueProblems(textOf(value)))
      errors.push({ type: 'Invalid', field, value, detail });
  }
  for (const [name, check] of Object.entries(nameRules)) {
    const value = textOf(spec[name]);
    if (value === '') continue;
    for (const detail of check(value))
      errors.push({ type: 'Invalid', field: `${path}.${name}`, value, detail });
  }
  if (spec['activeDeadlineSeconds'] !== undefined && Number(spec['activeDeadlineSeconds']) < 1) {
    const value = spec['activeDeadlineSeconds'];
    const detail = 'must be between 1 and 2147483647, inclusive';
    errors.push({ type: 'Invalid', field: `${path}.activeDeadlineSeconds`, value, detail });
  }
  errors.push(
    ...validateNodeAffinity(mapOf(mapOf(spec['affinity'])['nodeAffinity']), `${path}.affinity.nodeAffinity`),
  );
  errors.push(...validateTolerations(listOf(spec['tolerations']), `${path}.tolerations`));
  return errors;
}

const nameRules: Readonly<Record<string, (name: string) => string[]>> = {
  serviceAccountName: dnsSubdomainProblems,
  nodeName: dnsSubdomainProblems,
  hostname: dnsLabelProblems,
  subdomain: dnsLabelProblems,
  priorityClassName: dnsSubdomainProblems,
  runtimeClassName: dnsSubdomainProblems,
};

function validateVolumes(volumes: readonly unknown[], path: string, names: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, volume] of volumes.map(mapOf).entries()) {
    const name = textOf(volume['name']);
    errors.push(...validateUniqueName(name, `${path}[${index}].name`, names));
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    for (const source of sources.slice(1)) {
      const detail = 'may not specify more than 1 volume type';
      errors.push({ type: 'Forbidden', field: `${path}[${index}].${source}`, detail });
    }
  }
  return errors;
}

function validateUniqueName(name: string, field: string, names: Set<string>): FieldError[] {
  if (name === '') return [required(field)];
  const errors: FieldError[] = dnsLabelProblems(name).map((detail) => ({
    type: 'Invalid',
    field,
    value: name,
    detail,
  }));
  if (names.has(name)) errors.push({ type: 'Duplicate', field, value: name, detail: '' });
  names.add(name);
  return errors;
}

interface Surroundings {
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
  readonly hostNetwork: boolean;
}

function validateContainer(container: JsonMap, path: string, around: Surroundings): FieldError[] {
  const errors = validateUniqueName(textOf(container['name']), `${path}.name`, around.names);
  const image = textOf(container['image']);
  if (image === '') {
    errors.push(required(`${path}.image`));
  } else if (image.trim() !== image) {
    const detail = 'must not have leading or trailing whitespace';
    errors.push({ type: 'Invalid', field: `${path}.image`, value: image, detail });
  }
  errors.push(...validatePorts(listOf(container['ports']), `${path}.ports`, around.hostNetwork));
  errors.push(...validateEnv(listOf(container['env']), `${path}.env`));
  errors.push(...validateMounts(listOf(container['volumeMounts']), `${path}.volumeMounts`, around.volumes));
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isMap(container[probe])) errors.push(...validateProbe(container[probe], `${path}.${probe}`, probe));
  }
  errors.push(
    ...oneOf(container['imagePullPolicy'], `${path}.imagePullPolicy`, ['Always', 'IfNotPresent', 'Never']),
  );
  errors.push(
    ...oneOf(container['terminationMessagePolicy'], `${path}.terminationMessagePolicy`, [
      'File',
      'FallbackToLogsOnError',
    ]),
  );
  errors.push(...validateResources(mapOf(container['resources']), `${path}.resources`));
  return errors;
}

function validatePorts(ports: readonly unknown[], path: string, hostNetwork: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.map(mapOf).entries()) {
    const field = `${path}[${index}]`;
    const name = textOf(port['name']);
    if (name !== '') {
      for (const detail of portNameProblems(name))
        errors.push({ type: 'Invalid', field: `${field}.name`, value: name, detail });
      if (names.has(name))
        errors.push({ type: 'Duplicate', field: `${field}.name`, value: name, detail: '' });
      names.add(name);
    }
    const containerPort = Number(port['containerPort'] ?? 0);
    if (containerPort === 0) errors.push(required(`${field}.containerPort`));
    else errors.push(...validatePort(containerPort, `${field}.containerPort`));
    const hostPort = Number(port['hostPort'] ?? 0);
    if (hostPort !== 0) errors.push(...validatePort(hostPort, `${field}.hostPort`));
    if (hostNetwork && hostPort !== containerPort) {
      const detail = 'must match `containerPort` when `hostNetwork` is true';
      errors.push({ type: 'Invalid', field: `${field}.hostPort`, value: hostPort, detail });
    }
    errors.push(...oneOf(port['protocol'], `${field}.protocol`, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}

/** A port number, 1 to 65535. */
export function validatePort(port: number, field: string): FieldError[] {
  if (port >= 1 && port <= portMax) return [];
  return [{ type: 'Invalid', field, value: port, detail: `must be between 1 and ${portMax}, inclusive` }];
}

function validateEnv(variables: readonly unknown[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.map(mapOf).entries()) {
    const field = `${path}[${index}]`;
    const name = textOf(variable['name']);
    if (name === '') {
      errors.push(required(`${field}.name`));
    } else if (name.includes('=') || !/^[ -~]+$/.test(name)) {
      const detail =
        "a valid environment variable name must consist only of printable ASCII characters other than '='";
      errors.push({ type: 'Invalid', field: `${field}.name`, value: name, detail });
    }
    if (!isMap(variable['valueFrom'])) continue;
    const from = variable['valueFrom'];
    const sources = Object.keys(from);
    if (textOf(variable['value']) !== '') {
      const detail = 'may not be specified when `value` is not empty';
      errors.push({ type: 'Invalid', field: `${field}.valueFrom`, value: '', detail });
    }
    if (sources.length !== 1) {
      const detail =
        sources.length === 0
          ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
          : 'may not have more than one field specified at a time';
      errors.push({ type: 'Invalid', field: `${field}.valueFrom`, value: '', detail });
    }
    if (isMap(from['fieldRef'])) {
      errors.push(
        ...validateFieldPath(textOf(from['fieldRef']['fieldPath']), `${field}.valueFrom.fieldRef.fieldPath`),
      );
    }
  }
  return errors;
}

function validateFieldPath(value: string, field: string): FieldError[] {
  if (value === '') return [required(field)];
  if (downwardFields.has(value) || /^metadata\.(labels|annotations)\['[^']+'\]$/.test(value)) return [];
  const detail = `error converting fieldPath: field label not supported: ${value}`;
  return [{ type: 'Invalid', field, value, detail }];
}

function validateMounts(
  mounts: readonly unknown[],
  path: string,
  volumes: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const places = new Set<string>();
  for (const [index, mount] of mounts.map(mapOf).entries()) {
    const name = textOf(mount['name']);
    const place = textOf(mount['mountPath']);
    if (name === '') errors.push(required(`${path}[${index}].name`));
    else if (!volumes.has(name))
      errors.push({ type: 'NotFound', field: `${path}[${index}].name`, value: name, detail: '' });
    const field = `${path}[${index}].mountPath`;
    if (place === '') errors.push(required(field));
    if (places.has(place)) errors.push({ type: 'Invalid', field, value: place, detail: 'must be unique' });
    places.add(place);
  }
  return errors;
}

function validateProbe(probe: JsonMap, path: string, kind: string): FieldError[] {
  const errors: FieldError[] = [];
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((handler) => isMap(probe[handler]));
  if (handlers.length === 0) {
    errors.push({ type: 'Required', field: path, detail: 'must specify a handler type' });
  }
  for (const handler of handlers.slice(1)) {
    const detail = 'may not specify more than 1 handler type';
    errors.push({ type: 'Forbidden', field: `${path}.${handler}`, detail });
  }
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    errors.push(...notNegative(probe[field], `${path}.${field}`));
  }
  if (kind !== 'readinessProbe' && Number(probe['successThreshold'] ?? 1) > 1) {
    errors.push({
      type: 'Invalid',
      field: `${path}.successThreshold`,
      value: probe['successThreshold'],
      detail: 'must be 1',
    });
  }
  return errors;
}

/** A count that may be zero and may not be less. */
export function notNegative(value: unknown, field: string): FieldError[] {
  if (value === undefined || Number(value) >= 0) return [];
  return [{ type: 'Invalid', field, value, detail: 'must be greater than or equal to 0' }];
}

const zero = { nanos: 0n, format: 'DecimalSI' } as const;

function validateResources(resources: JsonMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['limits', 'requests']) {
    for (const [name, value] of Object.entries(mapOf(resources[list]))) {
      const field = `${path}.${list}[${name}]`;
      const quantity = parseQuantity(textOf(value));
      if (!quantity.ok) errors.push({ type: 'Invalid', field, value, detail: quantity.error });
      else if (compareQuantities(quantity.value, zero) < 0) errors.push(...notNegativeQuantity(value, field));
    }
  }
  const limits = mapOf(resources['limits']);
  for (const [name, value] of Object.entries(mapOf(resources['requests']))) {
    const request = parseQuantity(textOf(value));
    const limit = parseQuantity(textOf(limits[name]));
    if (!request.ok || !limit.ok || compareQuantities(request.value, limit.value) <= 0) continue;
    const detail = `must be less than or equal to ${name} limit of ${textOf(limits[name])}`;
    errors.push({ type: 'Invalid', field: `${path}.requests`, value, detail });
  }
  return errors;
}

function notNegativeQuantity(value: unknown, field: string): FieldError[] {
  return [{ type: 'Invalid', field, value, detail: 'must be greater than or equal to 0' }];
}

const selectorOperators: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']);

function validateNodeAffinity(affinity: JsonMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const required = affinity['requiredDuringSchedulingIgnoredDuringExecution'];
  if (isMap(required)) {
    const field = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    const terms = listOf(required['nodeSelectorTerms']).map(mapOf);
    if (terms.length === 0) {
      errors.push({ type: 'Required', field, detail: 'must have at least one node selector term' });
    }
    for (const [index, term] of terms.entries()) errors.push(...validateTerm(term, `${field}[${index}]`));
  }
  for (const [index, item] of listOf(affinity['preferredDuringSchedulingIgnoredDuringExecution'])
    .map(mapOf)
    .entries()) {
    const field = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    const weight = Number(item['weight']);
    if (!(weight >= 1 && weight <= 100)) {
      errors.push({
        type: 'Invalid',
        field: `${field}.weight`,
        value: weight,
        detail: 'must be in the range 1-100',
      });
    }
    errors.push(...validateTerm(mapOf(item['preference']), `${field}.preference`));
  }
  return errors;
}

function validateTerm(term: JsonMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, requirement] of listOf(term['matchExpressions']).map(mapOf).entries()) {
    const field = `${path}.matchExpressions[${index}]`;
    const operator = textOf(requirement['operator']);
    const values = listOf(requirement['values']);
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      const detail = "must be specified when `operator` is 'In' or 'NotIn'";
      errors.push({ type: 'Required', field: `${field}.values`, detail });
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push({ type: 'Forbidden', field: `${field}.values`, detail });
    } else if ((operator === 'Gt' || operator === 'Lt') && values.length !== 1) {
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      errors.push({ type: 'Required', field: `${field}.values`, detail });
    } else if (!selectorOperators.has(operator)) {
      const detail = 'not a valid selector operator';
      errors.push({ type: 'Invalid', field: `${field}.operator`, value: operator, detail });
    }
    const key = textOf(requirement['key']);
    for (const detail of qualifiedNameProblems(key))
      errors.push({ type: 'Invalid', field: `${field}.key`, value: key, detail });
  }
  return errors;
}

function validateTolerations(tolerations: readonly unknown[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, toleration] of tolerations.map(mapOf).entries()) {
    const field = `${path}[${index}]`;
    const key = textOf(toleration['key']);
    const operator = textOf(toleration['operator']);
    const value = textOf(toleration['value']);
    if (key !== '') {
      for (const detail of qualifiedNameProblems(key))
        errors.push({ type: 'Invalid', field: `${field}.key`, value: key, detail });
    }
    if (key === '' && operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push({ type: 'Invalid', field: `${field}.operator`, value: operator, detail });
    }
    if (toleration['tolerationSeconds'] !== undefined && toleration['effect'] !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push({ type: 'Invalid', field: `${field}.effect`, value: textOf(toleration['effect']), detail });
    }
    if (operator === '' || operator === 'Equal') {
      for (const detail of labelValueProblems(value))
        errors.push({ type: 'Invalid', field: `${field}.operator`, value, detail });
    } else if (operator === 'Exists') {
      if (value !== '') {
        const detail = "value must be empty when `operator` is 'Exists'";
        errors.push({ type: 'Invalid', field: `${field}.operator`, value, detail });
      }
    } else {
      errors.push(...oneOf(operator, `${field}.operator`, ['Equal', 'Exists']));
    }
    errors.push(
      ...oneOf(toleration['effect'] ?? '', `${field}.effect`, [
        '',
        'NoSchedule',
        'PreferNoSchedule',
        'NoExecute',
      ]),
    );
  }
  return errors;
}

/** `value` is one of `supported`, in the words of NotSupported. Absent values are somebody else's rule. */
export function oneOf(value: unknown, field: string, supported: readonly string[]): FieldError[] {
  if (value === undefined || supported.includes(textOf(value))) return [];
  const list = supported.filter((one) => one !== '').map((one) => `"${one}"`);
  return [{ type: 'NotSupported', field, value, detail: `supported values: ${list.join(', ')}` }];
}

/** What may change in the spec of a pod: images, deadlines, and tolerations that are added. */
export function validatePodSpecUpdate(spec: JsonMap, old: JsonMap): FieldError[] {
  const errors: FieldError[] = [];
  const comparable = (one: JsonMap): JsonMap => {
    const withoutImages = (list: unknown): unknown =>
      list === undefined ? undefined : listOf(list).map((container) => ({ ...mapOf(container), image: '' }));
    const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = one;
    return {
      ...rest,
      containers: withoutImages(one['containers']),
      ...(one['initContainers'] === undefined
        ? {}
        : { initContainers: withoutImages(one['initContainers']) }),
    };
  };
  for (const list of ['containers', 'initContainers']) {
    if (listOf(spec[list]).length !== listOf(old[list]).length) {
      return [
        { type: 'Forbidden', field: `spec.${list}`, detail: 'pod updates may not add or remove containers' },
      ];
    }
  }
  const tolerations = listOf(spec['tolerations']);
  if (!listOf(old['tolerations']).every((before) => tolerations.some((now) => equalJson(now, before)))) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    errors.push({ type: 'Forbidden', field: 'spec.tolerations', detail });
  }
  if (!equalJson(comparable(spec), comparable(old))) {
    errors.push({
      type: 'Forbidden',
      field: 'spec',
      detail:
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
        '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
        '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    });
  }
  return errors;
}

function required(field: string): FieldError {
  return { type: 'Required', field, detail: '' };
}
