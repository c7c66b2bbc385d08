import type { FieldError } from '../field-error.ts';
import { equalJson, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsLabelProblems, dnsSubdomainProblems, ipProblem, portNameProblems } from '../names.ts';
import { validateLabels } from '../object-meta.ts';
import type { Resource } from '../resource.ts';
import { ageOf, labelsText, nameOf, none } from './cells.ts';
import { define, withParts } from './define.ts';
import { oneOf, validatePort } from './pod-validation.ts';

/** How long ClientIP affinity lasts when nobody says: 3 hours. */
const affinityTimeoutSecondsDefault = 10_800;

/**
 * Stable addresses for pods. The server allocates clusterIP and node ports: it does so between
 * prepareForCreate (or prepareForUpdate) and validate.
 */
export const services: Resource = define('v1', 'services', {
  subresources: ['status'],
  cells: serviceCells,
  nameProblems: dnsLabelProblems,
  allowCreateOnUpdate: true,
  dependents: 'delete',
  defaults: defaultService,
  newStatus: () => ({ loadBalancer: {} }),
  prepareForUpdate: prepareServiceForUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
});

function defaultService(service: JsonMap): JsonMap {
  const spec = mapOf(service['spec']);
  const type = textOf(spec['type']) || 'ClusterIP';
  const sessionAffinity = textOf(spec['sessionAffinity']) || 'None';
  const result: Record<string, unknown> = { ...spec, type, sessionAffinity };
  if (sessionAffinity === 'ClientIP') {
    const clientIP = mapOf(mapOf(spec['sessionAffinityConfig'])['clientIP']);
    result['sessionAffinityConfig'] = {
      clientIP: { timeoutSeconds: affinityTimeoutSecondsDefault, ...clientIP },
    };
  } else if (sessionAffinity === 'None') {
    delete result['sessionAffinityConfig'];
  }
  if (spec['ports'] !== undefined && spec['ports'] !== null) {
    result['ports'] = listOf(spec['ports']).map((item) => {
      const port = mapOf(item);
      const { targetPort } = port;
      const target =
        targetPort === undefined || targetPort === 0 || targetPort === '' ? port['port'] : targetPort;
      return { ...port, protocol: textOf(port['protocol']) || 'TCP', targetPort: target };
    });
  }
  if (type === 'NodePort' || type === 'LoadBalancer') result['externalTrafficPolicy'] ??= 'Cluster';
  if (type === 'LoadBalancer') result['allocateLoadBalancerNodePorts'] ??= true;
  if (type !== 'ExternalName') {
    result['internalTrafficPolicy'] ??= 'Cluster';
    result['ipFamilyPolicy'] ??= 'SingleStack';
    if (listOf(spec['ipFamilies']).length === 0) result['ipFamilies'] = ['IPv4'];
    // The old singular field and the list follow each other.
    const clusterIP = textOf(spec['clusterIP']) || textOf(listOf(spec['clusterIPs'])[0]);
    if (clusterIP !== '') {
      result['clusterIP'] = clusterIP;
      if (listOf(spec['clusterIPs']).length === 0) result['clusterIPs'] = [clusterIP];
    }
  }
  return withParts(service, { spec: result });
}

/** Fields that mean something only for some types leave with the type; allocated values stay. */
function prepareServiceForUpdate(service: JsonMap, old: JsonMap): JsonMap {
  const spec: Record<string, unknown> = { ...mapOf(service['spec']) };
  const before = mapOf(old['spec']);
  const type = textOf(spec['type']);
  const dropUnchanged = (fields: readonly string[]): void => {
    for (const field of fields) if (equalJson(spec[field], before[field])) delete spec[field];
  };
  if (type === 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs']) delete spec[field];
    dropUnchanged(['ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']);
  } else if (textOf(before['type']) !== 'ExternalName' && textOf(spec['clusterIP']) === '') {
    // A client that knows nothing of the allocated address does not mean to take it away.
    if (before['clusterIP'] !== undefined) {
      spec['clusterIP'] = before['clusterIP'];
      spec['clusterIPs'] = before['clusterIPs'];
    }
  }
  const usesNodePorts = type === 'NodePort' || type === 'LoadBalancer';
  if (!usesNodePorts) {
    dropUnchanged(['externalTrafficPolicy', 'allocateLoadBalancerNodePorts', 'healthCheckNodePort']);
  }
  if (spec['ports'] !== undefined && spec['ports'] !== null) {
    const oldPorts = listOf(before['ports']).map(mapOf);
    spec['ports'] = listOf(spec['ports']).map((item) => {
      const port = mapOf(item);
      const same = oldPorts.find(
        (one) => one['port'] === port['port'] && one['protocol'] === port['protocol'],
      );
      const { nodePort, ...rest } = port;
      if (usesNodePorts) {
        return nodePort === undefined && same?.['nodePort'] !== undefined
          ? { ...rest, nodePort: same['nodePort'] }
          : port;
      }
      return nodePort === same?.['nodePort'] ? rest : port;
    });
  }
  return withParts(service, { spec });
}

function validateService(service: JsonMap): FieldError[] {
  const errors: FieldError[] = [];
  const spec = mapOf(service['spec']);
  const type = textOf(spec['type']);
  const headless = spec['clusterIP'] === 'None';
  const ports = listOf(spec['ports']).map(mapOf);
  if (ports.length === 0 && !headless && type !== 'ExternalName') {
    errors.push({ type: 'Required', field: 'spec.ports', detail: '' });
  }
  if (type === 'ExternalName') {
    const name = textOf(spec['externalName']).replace(/\.$/, '');
    if (name === '') {
      errors.push({ type: 'Required', field: 'spec.externalName', detail: '' });
    } else {
      for (const detail of dnsSubdomainProblems(name)) {
        errors.push({ type: 'Invalid', field: 'spec.externalName', value: name, detail });
      }
    }
  }
  errors.push(...validateServicePorts(ports, type));
  errors.push(...validateLabels(spec['selector'], 'spec.selector'));
  errors.push(...oneOf(spec['sessionAffinity'], 'spec.sessionAffinity', ['ClientIP', 'None']));
  errors.push(...validateClusterIps(spec, type));
  for (const [index, ip] of listOf(spec['externalIPs']).map(textOf).entries()) {
    const detail = ipProblem(ip);
    if (detail !== undefined)
      errors.push({ type: 'Invalid', field: `spec.externalIPs[${index}]`, value: ip, detail });
  }
  errors.push(...oneOf(spec['type'], 'spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  errors.push(...oneOf(spec['externalTrafficPolicy'], 'spec.externalTrafficPolicy', ['Cluster', 'Local']));
  errors.push(...oneOf(spec['internalTrafficPolicy'], 'spec.internalTrafficPolicy', ['Cluster', 'Local']));
  for (const [index, family] of listOf(spec['ipFamilies']).map(textOf).entries()) {
    const field = `spec.ipFamilies[${index}]`;
    if (family === 'IPv6') {
      errors.push({ type: 'Invalid', field, value: family, detail: 'not configured on this cluster' });
    } else {
      errors.push(...oneOf(family, field, ['IPv4', 'IPv6']));
    }
  }
  return errors;
}

function validateServicePorts(ports: readonly JsonMap[], type: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const identities = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    const name = textOf(port['name']);
    if (name === '') {
      // Several ports are told apart by their names.
      if (ports.length > 1) errors.push({ type: 'Required', field: `${field}.name`, detail: '' });
    } else {
      for (const detail of dnsLabelProblems(name))
        errors.push({ type: 'Invalid', field: `${field}.name`, value: name, detail });
      if (names.has(name))
        errors.push({ type: 'Duplicate', field: `${field}.name`, value: name, detail: '' });
      names.add(name);
    }
    errors.push(...validatePort(Number(port['port']), `${field}.port`));
    errors.push(...oneOf(port['protocol'], `${field}.protocol`, ['SCTP', 'TCP', 'UDP']));
    const { targetPort } = port;
    if (typeof targetPort === 'string') {
      for (const detail of portNameProblems(targetPort)) {
        errors.push({ type: 'Invalid', field: `${field}.targetPort`, value: targetPort, detail });
      }
    } else {
      errors.push(...validatePort(Number(targetPort), `${field}.targetPort`));
    }
    if (port['nodePort'] !== undefined && type !== 'NodePort' && type !== 'LoadBalancer') {
      const detail = `may not be used when \`type\` is '${type}'`;
      errors.push({ type: 'Forbidden', field: `${field}.nodePort`, detail });
    }
    const identity = `${textOf(port['protocol'])}/${String(port['port'])}`;
    if (identities.has(identity)) {
      const value = { port: port['port'], protocol: port['protocol'] };
      errors.push({ type: 'Duplicate', field, value, detail: '' });
    }
    identities.add(identity);
  }
  return errors;
}

function validateClusterIps(spec: JsonMap, type: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, ip] of listOf(spec['clusterIPs']).map(textOf).entries()) {
    const field = `spec.clusterIPs[${index}]`;
    if (ip === 'None') {
      if (type !== 'ClusterIP') {
        const detail = `may not be set to 'None' for ${type} services`;
        errors.push({ type: 'Invalid', field, value: ip, detail });
      }
      continue;
    }
    const detail = ipProblem(ip);
    if (detail !== undefined) errors.push({ type: 'Invalid', field, value: ip, detail });
  }
  return errors;
}

function validateServiceUpdate(service: JsonMap, old: JsonMap): FieldError[] {
  const spec = mapOf(service['spec']);
  const before = mapOf(old['spec']);
  const given = textOf(spec['clusterIP']);
  const had = textOf(before['clusterIP']);
  if (had === '' || given === had || spec['type'] === 'ExternalName' || before['type'] === 'ExternalName')
    return [];
  const value = spec['clusterIPs'];
  return [{ type: 'Invalid', field: 'spec.clusterIPs[0]', value, detail: 'may not change once set' }];
}

function serviceCells(service: JsonMap, nowMillis: number): readonly unknown[] {
  const spec = mapOf(service['spec']);
  const ports = listOf(spec['ports']).map((item) => {
    const port = mapOf(item);
    const nodePort = port['nodePort'] === undefined ? '' : `:${String(port['nodePort'])}`;
    return `${String(port['port'])}${nodePort}/${textOf(port['protocol'])}`;
  });
  return [
    nameOf(service),
    textOf(spec['type']),
    textOf(spec['clusterIP']) || none,
    externalIpText(service, spec),
    ports.length === 0 ? none : ports.join(','),
    ageOf(service, nowMillis),
    labelsText(spec['selector']),
  ];
}

function externalIpText(service: JsonMap, spec: JsonMap): string {
  const external = listOf(spec['externalIPs']).map(textOf);
  switch (textOf(spec['type'])) {
    case 'LoadBalancer': {
      const ingress = mapOf(mapOf(service['status'])['loadBalancer'])['ingress'];
      const balanced = listOf(ingress).map(
        (one) => textOf(mapOf(one)['ip']) || textOf(mapOf(one)['hostname']),
      );
      const all = [...balanced, ...external].filter((one) => one !== '');
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    case 'ExternalName':
      return textOf(spec['externalName']);
    default:
      return external.length === 0 ? none : external.join(',');
  }
}
