import { must } from '../../base/assert.ts';
import type { FieldError } from '../field-error.ts';
import { equalJson, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../object-meta.ts';
import type { Column, Resource, Strategy, Subresource, Verb } from '../resource.ts';
import { canonicalize } from '../schema/canonical.ts';
import { typeName } from '../schema/schema.ts';
import type { ApiObject } from '../types.ts';

/** What a file in kinds/ says about its kind; everything not said is the common behaviour. */
export interface KindDefinition {
  readonly group?: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly Verb[];
  /** Where the store's layout is not /registry/RESOURCE. */
  readonly storagePrefix?: string;
  readonly subresources?: readonly Subresource[];
  /** Name, type (string unless said), priority (0 unless said). */
  readonly columns: readonly (readonly [name: string, type?: Column['type'], priority?: 0 | 1])[];
  cells(object: JsonMap, nowMillis: number): readonly unknown[];
  /** Selectable fields beyond metadata: label → path in the object. */
  readonly fields?: Readonly<Record<string, string | ((object: JsonMap) => string)>>;
  nameProblems(name: string): string[];

  readonly allowCreateOnUpdate?: boolean;
  readonly allowUnconditionalUpdate?: boolean;
  readonly gracefulDeletion?: Strategy['gracefulDeletion'];
  readonly dependents?: Strategy['dependents'];
  /** metadata.generation counts changes outside metadata and status. */
  readonly countsGenerations?: boolean;
  defaults?(object: JsonMap): JsonMap;
  /** The status of a new object; absent = clients may set it, or the kind has none. */
  newStatus?(object: JsonMap): JsonMap;
  /** Has a status that updates of the object leave alone. */
  readonly hasStatus?: boolean;
  prepareForUpdate?(object: JsonMap, old: JsonMap): JsonMap;
  prepareForStatusUpdate?(object: JsonMap, old: JsonMap): JsonMap;
  validate?(object: JsonMap): readonly FieldError[];
  /** Rules for new objects only. */
  validateCreate?(object: JsonMap): readonly FieldError[];
  validateUpdate?(object: JsonMap, old: JsonMap): readonly FieldError[];
  validateStatusUpdate?(object: JsonMap, old: JsonMap): readonly FieldError[];
  warnings?(object: JsonMap): readonly string[];
}

const objectVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export function define(definition: KindDefinition): Resource {
  const { group = '', version, resource, kind, namespaced, fields = {} } = definition;
  return {
    group,
    version,
    resource,
    singular: definition.singular,
    kind,
    namespaced,
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    verbs: definition.verbs ?? objectVerbs,
    storagePrefix: definition.storagePrefix ?? `/registry/${resource}`,
    subresources: definition.subresources ?? [],
    columns: definition.columns.map(([name, type = 'string', priority = 0]) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority,
    })),
    selectableFields: Object.keys(fields),
    fieldReader(label) {
      if (label === 'metadata.name') return ({ metadata }) => metadata.name;
      if (label === 'metadata.namespace' && namespaced) return ({ metadata }) => metadata.namespace ?? '';
      if (!Object.hasOwn(fields, label)) return undefined;
      const path = fields[label]!;
      const read = typeof path === 'string' ? textReader(path) : path;
      return (object) => read(object as unknown as JsonMap);
    },
    cellsOf: (object, nowMillis) => definition.cells(object as unknown as JsonMap, nowMillis),
    strategy: strategyOf(definition, typeName(group, version, kind)),
  };
}

/** `status` beside the kind itself, as most kinds have it. */
export function statusSubresource(kind: string): Subresource {
  return { name: 'status', kind, group: '', version: 'v1', verbs: ['get', 'patch', 'update'] };
}

/** The text at a path of maps, or ''. Booleans and numbers become text. */
export function textAt(object: JsonMap, path: string): string {
  return textReader(path)(object);
}

/** The same for many objects. */
function textReader(path: string): (object: JsonMap) => string {
  const steps = path.split('.');
  return (object) => {
    let value: unknown = object;
    for (const step of steps) value = mapOf(value)[step];
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : textOf(value);
  };
}

/** `object` with some top-level parts replaced. */
export function withParts(object: JsonMap, parts: JsonMap): JsonMap {
  return { ...object, ...parts };
}

function strategyOf(definition: KindDefinition, type: string): Strategy {
  const inner = (object: ApiObject): JsonMap => object as unknown as JsonMap;
  const outer = (object: JsonMap): ApiObject => object as unknown as ApiObject;
  const canonical = (object: JsonMap): JsonMap => {
    const result = canonicalize(object, type);
    return must(result.ok ? result.value.value : undefined, () => (result.ok ? '' : result.error));
  };
  const metaRules = { namespaced: definition.namespaced, nameProblems: definition.nameProblems };
  const keepsStatus = definition.hasStatus === true || definition.newStatus !== undefined;
  const keepStatus = (object: JsonMap, old: JsonMap): JsonMap => {
    if (!keepsStatus) return object;
    const { status: _, ...rest } = object;
    return old['status'] === undefined ? rest : { ...rest, status: old['status'] };
  };
  const withGeneration = (object: JsonMap, old: JsonMap): JsonMap => {
    if (definition.countsGenerations !== true) return object;
    const before = Number(mapOf(old['metadata'])['generation'] ?? 0);
    const changed = !equalJson(countedPart(object), countedPart(old));
    return withParts(object, {
      metadata: { ...mapOf(object['metadata']), generation: changed ? before + 1 : before },
    });
  };
  return {
    allowCreateOnUpdate: definition.allowCreateOnUpdate ?? false,
    allowUnconditionalUpdate: definition.allowUnconditionalUpdate ?? true,
    ...(definition.gracefulDeletion === undefined ? {} : { gracefulDeletion: definition.gracefulDeletion }),
    ...(definition.dependents === undefined ? {} : { dependents: definition.dependents }),
    applyDefaults(object) {
      return outer(canonical(definition.defaults?.(inner(object)) ?? inner(object)));
    },
    prepareForCreate(object) {
      let result = inner(object);
      if (definition.newStatus !== undefined)
        result = withParts(result, { status: definition.newStatus(result) });
      if (definition.countsGenerations === true) {
        result = withParts(result, { metadata: { ...mapOf(result['metadata']), generation: 1 } });
      }
      return outer(canonical(result));
    },
    prepareForUpdate(object, old) {
      const kept = keepStatus(inner(object), inner(old));
      // What applyDefaults made is canonical already; only a kind's own changes can undo that.
      const prepared =
        definition.prepareForUpdate && canonical(definition.prepareForUpdate(kept, inner(old)));
      return outer(withGeneration(prepared ?? kept, inner(old)));
    },
    ...(keepsStatus
      ? {
          prepareForStatusUpdate(object: ApiObject, old: ApiObject) {
            const { status } = inner(object);
            const oldMeta = mapOf(inner(old)['metadata']);
            const kept: JsonMap = {
              ...inner(old),
              metadata: { ...mapOf(inner(object)['metadata']), generation: oldMeta['generation'] },
              status,
            };
            return outer(canonical(definition.prepareForStatusUpdate?.(kept, inner(old)) ?? kept));
          },
        }
      : {}),
    validate(object) {
      return [
        ...validateObjectMeta(inner(object), metaRules),
        ...(definition.validate?.(inner(object)) ?? []),
        ...(definition.validateCreate?.(inner(object)) ?? []),
      ];
    },
    validateUpdate(object, old) {
      return [
        ...validateObjectMetaUpdate(inner(object), inner(old), metaRules),
        ...(definition.validate?.(inner(object)) ?? []),
        ...(definition.validateUpdate?.(inner(object), inner(old)) ?? []),
      ];
    },
    validateStatusUpdate(object, old) {
      return [
        ...validateObjectMetaUpdate(inner(object), inner(old), metaRules),
        ...(definition.validateStatusUpdate?.(inner(object), inner(old)) ?? []),
      ];
    },
    warningsOf: (object) => definition.warnings?.(inner(object)) ?? [],
  };
}

/** What generation counts: everything but who the object is and how it is doing. */
function countedPart(object: JsonMap): JsonMap {
  const { metadata: _metadata, status: _status, kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
