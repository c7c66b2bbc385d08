import type { FieldError } from './field-error.ts';
import { base64Length } from './base64.ts';
import { equalJson, listOf, mapOf, textOf } from './json.ts';
import type { JsonMap } from './json.ts';
import { labelValueProblems, qualifiedNameProblems } from './names.ts';

/** The rules for metadata (apimachinery's `validation.ValidateObjectMeta`). */
export interface ObjectMetaRules {
  readonly namespaced: boolean;
  nameProblems(name: string): string[];
}

/** All annotations together. */
const annotationsMaxBytes = 256 * 1024;

/** Finalizers that need no domain. */
const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function validateObjectMeta(object: JsonMap, rules: ObjectMetaRules): FieldError[] {
  const metadata = mapOf(object['metadata']);
  const errors: FieldError[] = [];
  const name = textOf(metadata['name']);
  const generateName = textOf(metadata['generateName']);
  if (generateName !== '') {
    // The suffix is added later: a base that ends in "-" is fine.
    const base = generateName.endsWith('-') ? `${generateName.slice(0, -1)}a` : generateName;
    for (const detail of rules.nameProblems(base)) {
      errors.push({ type: 'Invalid', field: 'metadata.generateName', value: generateName, detail });
    }
  }
  if (name === '') {
    errors.push({ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' });
  } else {
    for (const detail of rules.nameProblems(name)) {
      errors.push({ type: 'Invalid', field: 'metadata.name', value: name, detail });
    }
  }
  const namespace = textOf(metadata['namespace']);
  if (rules.namespaced && namespace === '') {
    errors.push({ type: 'Required', field: 'metadata.namespace', detail: '' });
  }
  if (!rules.namespaced && namespace !== '') {
    errors.push({ type: 'Forbidden', field: 'metadata.namespace', detail: 'not allowed on this type' });
  }
  errors.push(
    ...validateLabels(metadata['labels'], 'metadata.labels'),
    ...validateAnnotations(metadata['annotations']),
    ...validateOwnerReferences(metadata['ownerReferences']),
    ...validateFinalizers(metadata['finalizers']),
  );
  return errors;
}

/** The same, and what may not change. */
export function validateObjectMetaUpdate(
  object: JsonMap,
  old: JsonMap,
  rules: ObjectMetaRules,
): FieldError[] {
  const errors: FieldError[] = [];
  const metadata = mapOf(object['metadata']);
  const oldMetadata = mapOf(old['metadata']);
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp']) {
    if (!equalJson(metadata[field], oldMetadata[field])) {
      const value = metadata[field] ?? '';
      errors.push({ type: 'Invalid', field: `metadata.${field}`, value, detail: 'field is immutable' });
    }
  }
  if (oldMetadata['deletionTimestamp'] !== undefined) {
    const before = new Set(listOf(oldMetadata['finalizers']));
    const added = listOf(metadata['finalizers']).filter((finalizer) => !before.has(finalizer));
    if (added.length > 0) {
      errors.push({
        type: 'Forbidden',
        field: 'metadata.finalizers',
        detail: `no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(added)}`,
      });
    }
  }
  return [...errors, ...validateObjectMeta(object, rules)];
}

export function validateLabels(labels: unknown, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(mapOf(labels))) {
    for (const detail of qualifiedNameProblems(key))
      errors.push({ type: 'Invalid', field, value: key, detail });
    for (const detail of labelValueProblems(textOf(value)))
      errors.push({ type: 'Invalid', field, value, detail });
  }
  return errors;
}

function validateAnnotations(annotations: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const field = 'metadata.annotations';
  let size = 0;
  for (const [key, value] of Object.entries(mapOf(annotations))) {
    for (const detail of qualifiedNameProblems(key.toLowerCase())) {
      errors.push({ type: 'Invalid', field, value: key, detail });
    }
    size += utf8Length(key) + utf8Length(textOf(value));
  }
  if (size > annotationsMaxBytes) {
    errors.push({ type: 'TooLong', field, detail: `may not be more than ${annotationsMaxBytes} bytes` });
  }
  return errors;
}

function validateOwnerReferences(references: unknown): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const [index, item] of listOf(references).entries()) {
    const reference = mapOf(item);
    const field = `metadata.ownerReferences[${index}]`;
    const values = { apiVersion: 'version', kind: 'kind', name: 'name', uid: 'uid' } as const;
    for (const [key, word] of Object.entries(values)) {
      if (textOf(reference[key]) !== '') continue;
      errors.push({
        type: 'Invalid',
        field: `${field}.${key}`,
        value: '',
        detail: `${word} must not be empty`,
      });
    }
    if (reference['controller'] !== true) continue;
    const shown = `${textOf(reference['kind'])}/${textOf(reference['name'])}`;
    if (controller !== undefined) {
      errors.push({
        type: 'Invalid',
        field: 'metadata.ownerReferences',
        value: references,
        detail: `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`,
      });
    }
    controller = shown;
  }
  return errors;
}

function validateFinalizers(finalizers: unknown): FieldError[] {
  const shape: FieldError[] = [];
  const qualified: FieldError[] = [];
  for (const [index, item] of listOf(finalizers).entries()) {
    const value = textOf(item);
    for (const detail of qualifiedNameProblems(value)) {
      shape.push({ type: 'Invalid', field: 'metadata.finalizers', value, detail });
    }
    if (!value.includes('/') && !standardFinalizers.has(value)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      qualified.push({ type: 'Invalid', field: `metadata.finalizers[${index}]`, value, detail });
    }
  }
  return [...shape, ...qualified];
}

/** How many bytes `text` takes in UTF-8. */
function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** The bytes of `data` (text) and `binaryData` (base64) together, keys included for neither. */
export function dataLength(data: unknown, binaryData: unknown): number {
  let size = 0;
  for (const value of Object.values(mapOf(data))) size += utf8Length(textOf(value));
  for (const value of Object.values(mapOf(binaryData))) size += base64Length(textOf(value));
  return size;
}

function goStrings(values: readonly unknown[]): string {
  return `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
}
