import type { FieldError } from '../field-error.ts';
import { listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsLabelProblems, dnsSubdomainProblems, ipProblem, isIpV4, isIpV6 } from '../names.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { define, withParts } from './define.ts';
import { oneOf, validatePort } from './pod-validation.ts';

const endpointsMax = 1000;
const addressesMax = 100;
/** How many the table shows before it counts the rest. */
const endpointsShownMax = 3;

/** Where the pods of a Service can be reached. */
export const endpointSlices: Resource = define('discovery.k8s.io/v1', 'endpointslices', {
  cells(object, nowMillis) {
    const ports = listOf(object['ports']).map((item) => {
      const port = mapOf(item);
      const number = port['port'] === undefined ? textOf(port['name']) : String(port['port']);
      return number;
    });
    const addresses = listOf(object['endpoints']).flatMap((one) =>
      listOf(mapOf(one)['addresses']).map(textOf),
    );
    return [
      nameOf(object),
      textOf(object['addressType']),
      someOf(ports, '<unset>'),
      someOf(addresses, '<unset>'),
      ageOf(object, nowMillis),
    ];
  },
  nameProblems: dnsSubdomainProblems,
  countsGenerations: true,
  defaults(object) {
    if (!Array.isArray(object['ports'])) return object;
    const ports = listOf(object['ports']).map((item) => ({ name: '', protocol: 'TCP', ...mapOf(item) }));
    return withParts(object, { ports });
  },
  validate: validateEndpointSlice,
  validateUpdate: (object, old) =>
    object['addressType'] === old['addressType']
      ? []
      : [
          {
            type: 'Invalid',
            field: 'addressType',
            value: object['addressType'],
            detail: 'field is immutable',
          },
        ],
});

function someOf(values: readonly string[], none: string): string {
  if (values.length === 0) return none;
  const more = values.length - endpointsShownMax;
  const shown = values.slice(0, endpointsShownMax).join(',');
  return more > 0 ? `${shown} + ${more} more...` : shown;
}

function validateEndpointSlice(object: JsonMap): FieldError[] {
  const errors: FieldError[] = [];
  const addressType = textOf(object['addressType']);
  if (addressType === '') errors.push({ type: 'Required', field: 'addressType', detail: '' });
  else errors.push(...oneOf(addressType, 'addressType', ['IPv4', 'IPv6', 'FQDN']));
  const names = new Set<string>();
  for (const [index, port] of listOf(object['ports']).map(mapOf).entries()) {
    const field = `ports[${index}]`;
    const name = textOf(port['name']);
    if (name !== '') {
      for (const detail of dnsLabelProblems(name))
        errors.push({ type: 'Invalid', field: `${field}.name`, value: name, detail });
    }
    if (names.has(name)) errors.push({ type: 'Duplicate', field: `${field}.name`, value: name, detail: '' });
    names.add(name);
    errors.push(...oneOf(port['protocol'], `${field}.protocol`, ['SCTP', 'TCP', 'UDP']));
    if (port['port'] !== undefined) errors.push(...validatePort(Number(port['port']), `${field}.port`));
  }
  const endpoints = listOf(object['endpoints']);
  if (endpoints.length > endpointsMax) {
    errors.push({ type: 'TooMany', field: 'endpoints', detail: `must have at most ${endpointsMax} items` });
  }
  for (const [index, endpoint] of endpoints.entries()) {
    errors.push(...validateAddresses(mapOf(endpoint), `endpoints[${index}].addresses`, addressType));
  }
  return errors;
}

function validateAddresses(endpoint: JsonMap, field: string, addressType: string): FieldError[] {
  const addresses = listOf(endpoint['addresses']).map(textOf);
  if (addresses.length === 0) {
    return [{ type: 'Required', field, detail: 'must contain at least 1 address' }];
  }
  const errors: FieldError[] = [];
  if (addresses.length > addressesMax) {
    errors.push({ type: 'TooMany', field, detail: `must have at most ${addressesMax} items` });
  }
  for (const [index, address] of addresses.entries()) {
    const where = `${field}[${index}]`;
    const problem = addressType === 'FQDN' ? dnsSubdomainProblems(address)[0] : ipProblem(address);
    if (problem !== undefined) {
      errors.push({ type: 'Invalid', field: where, value: address, detail: problem });
    } else if ((addressType === 'IPv4' && !isIpV4(address)) || (addressType === 'IPv6' && !isIpV6(address))) {
      errors.push({
        type: 'Invalid',
        field: where,
        value: address,
        detail: `must be an ${addressType} address`,
      });
    }
  }
  return errors;
}
