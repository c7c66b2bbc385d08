import type { FieldError } from '../field-error.ts';
import { equalJson, mapOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { configKeyProblems, dnsSubdomainProblems } from '../names.ts';
import { dataLength } from '../object-meta.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { define } from './define.ts';

/** All values together. */
const dataMaxBytes = 1024 * 1024;

export const configMaps: Resource = define('v1', 'configmaps', {
  cells: (object, nowMillis) => [
    nameOf(object),
    Object.keys(mapOf(object['data'])).length + Object.keys(mapOf(object['binaryData'])).length,
    ageOf(object, nowMillis),
  ],
  nameProblems: dnsSubdomainProblems,
  validate(object) {
    const errors: FieldError[] = [];
    const data = mapOf(object['data']);
    const binaryData = mapOf(object['binaryData']);
    for (const key of Object.keys(data)) {
      errors.push(...validateDataKey(key, 'data'));
      if (Object.hasOwn(binaryData, key)) {
        const detail = 'duplicate of key present in binaryData';
        errors.push({ type: 'Invalid', field: `data[${key}]`, value: key, detail });
      }
    }
    for (const key of Object.keys(binaryData)) errors.push(...validateDataKey(key, 'binaryData'));
    if (dataLength(data, binaryData) > dataMaxBytes) errors.push(tooMuchData());
    return errors;
  },
  validateUpdate: (object, old) => validateImmutable(object, old, ['data', 'binaryData']),
});

/** A key of `data`: a file name. */
export function validateDataKey(key: string, field: string): FieldError[] {
  return configKeyProblems(key).map((detail) => ({
    type: 'Invalid',
    field: `${field}[${key}]`,
    value: key,
    detail,
  }));
}

/** The real server reports the size at this odd path. */
export function tooMuchData(field = '[]'): FieldError {
  return { type: 'TooLong', field, detail: `may not be more than ${dataMaxBytes} bytes` };
}

/** What `immutable: true` forbids: to take it back, and to change the data. */
export function validateImmutable(object: JsonMap, old: JsonMap, fields: readonly string[]): FieldError[] {
  if (old['immutable'] !== true) return [];
  const changed = fields.filter((field) => !equalJson(mapOf(object[field]), mapOf(old[field])));
  const broken = object['immutable'] === true ? changed : ['immutable', ...changed];
  const detail = 'field is immutable when `immutable` is set';
  return broken.map((field) => ({ type: 'Forbidden', field, detail }));
}
