import { must } from '../base/assert.ts';
import { suggestion } from '../base/nearest.ts';
import { fieldErrorBody, type FieldError } from './field-error.ts';
import type { ManifestMistake } from './manifest.ts';
import { apiVersionOf } from './resource.ts';
import { builtinResources, findResource } from './resources.ts';
import { canonicalize, findMistake, type Mistake } from './schema/canonical.ts';
import { structNamed } from './schema/library.ts';
import { typeName, type FieldType, type Scalar } from './schema/schema.ts';
import type { ApiObject, NewObject } from './types.ts';

/** A kind that may be created, and where it is served. */
export interface CreatableKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * The first thing for which the API server would refuse an object, without asking one: kind, version, fields and their
 * types, and the kind's own rules. `who` creates it, and can create `kinds` alone.
 */
export function findManifestMistake(
  object: NewObject<ApiObject>,
  kinds: readonly CreatableKind[],
  who: string,
): ManifestMistake | undefined {
  const { kind, apiVersion, metadata } = object;
  const refuse = (path: ManifestMistake['path'], why: string): ManifestMistake => ({
    path,
    sentence: `${kind} ${metadata.name ?? metadata.generateName}: ${why}`,
  });
  const known = kinds.find((one) => one.kind === kind);
  if (known === undefined) {
    const names = kinds.map((one) => one.kind);
    return refuse(
      ['kind'],
      `${who} cannot apply this kind; use ${names.join(', ')}${suggestion(kind, names)}`,
    );
  }
  const version = apiVersionOf(known);
  if (apiVersion !== version) {
    return refuse(['apiVersion'], `there is no ${kind} in ${apiVersion}; write apiVersion: ${version}`);
  }
  const type = typeName(known.group, known.version, kind);
  const mistake = findMistake(object, type);
  if (mistake !== undefined) return refuse(mistake.path, fieldSentence(mistake, object, type));
  const [error] = ruleErrors(object, known, type);
  if (error === undefined) return undefined;
  return refuse(pathOf(error.field), ruleSentence(error));
}

function ruleErrors(object: NewObject<ApiObject>, known: CreatableKind, type: string) {
  const resource = findResource(builtinResources, known.group, known.version, known.resource);
  const canonical = canonicalize(object, type);
  if (resource === undefined || !canonical.ok) return [];
  const { strategy } = resource;
  const { metadata } = object;
  const placed = {
    ...canonical.value.value,
    metadata: known.namespaced ? { ...metadata, namespace: metadata.namespace ?? 'default' } : metadata,
  } as ApiObject;
  return strategy.validate(strategy.prepareForCreate(strategy.applyDefaults(placed), { nowMillis: 0 }));
}

function ruleSentence(error: FieldError): string {
  if (error.type === 'Required') {
    return `${error.field} is required${error.detail === '' ? '' : ` (${error.detail})`}; add it`;
  }
  return `${error.field}: ${withoutRegex(fieldErrorBody(error))}; correct it`;
}

function fieldSentence({ path, isUnknownField }: Mistake, object: unknown, root: string): string {
  const place = pathText(path);
  const type = typeAt(root, isUnknownField ? path.slice(0, -1) : path);
  if (!isUnknownField) return `${place} is ${shown(valueAt(object, path))}; write ${wordsOf(type)}`;
  return `unknown field ${place}; correct its name or remove it${suggestion(String(path.at(-1)), fieldsOf(type))}`;
}

const scalarWords: Readonly<Record<Scalar, string>> = {
  string: 'text, in quotes if it looks like a number or true or false',
  bool: 'true or false',
  int32: 'a whole number',
  int64: 'a whole number',
  bytes: 'base64 text',
  Quantity: 'a quantity such as 500m, 2 or 64Mi',
  IntOrString: 'a whole number or text',
  Time: 'a time such as "2026-01-31T12:00:00Z"',
  MicroTime: 'a time such as "2026-01-31T12:00:00.000000Z"',
  FieldsV1: 'a map',
  float64: 'a number',
  raw: 'any value',
  any: 'any value',
};

function wordsOf(type: FieldType): string {
  switch (type.kind) {
    case 'scalar':
      return scalarWords[type.scalar];
    case 'list':
      return 'a list';
    case 'map':
      return 'a map';
    case 'variant':
      return 'a map or a list';
    case 'struct':
      return `a map with ${fieldsOf(type).slice(0, 6).join(', ')}`;
  }
}

function typeAt(root: string, path: ManifestMistake['path']): FieldType {
  const struct = structNamed(root);
  return path.reduce<FieldType>(
    (type, step) => {
      switch (type.kind) {
        case 'struct':
          return must(type.struct.byName.get(String(step))).type;
        case 'list':
        case 'map':
          return type.element;
        case 'variant':
        case 'scalar':
          return type;
      }
    },
    { kind: 'struct', name: root, struct },
  );
}

function fieldsOf(type: FieldType): readonly string[] {
  return type.kind === 'struct' ? type.struct.fields.map(({ name }) => name) : [];
}

function valueAt(object: unknown, path: ManifestMistake['path']): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], object);
}

/** `spec.containers[0].name`. */
function pathText(path: ManifestMistake['path']): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

/** The other way round, as far as the field's name is one of a path. */
function pathOf(field: string): ManifestMistake['path'] {
  return field
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

const shownCharactersMax = 60;

/** A value as it may stand in a sentence. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'empty';
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

/** Kubernetes' sentences about names end in a pattern; the example before it says more. */
function withoutRegex(sentence: string): string {
  return sentence.replace(/,? *(or )?regex used for validation is '[^']*'/g, '').replace(' ()', '');
}
