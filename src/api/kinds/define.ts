import { must } from '../../base/assert.ts';
import type { FieldError } from '../field-error.ts';
import { equalJson, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../object-meta.ts';
import type { Resource, Strategy } from '../resource.ts';
import { canonicalize } from '../schema/canonical.ts';
import { withDefaults } from '../schema/defaults.ts';
import { structNamed } from '../schema/library.ts';
import { resourceFacts } from '../schema/resource-facts.ts';
import { typeName } from '../schema/schema.ts';
import type { Struct } from '../schema/schema.ts';
import type { ApiObject } from '../types.ts';

/**
 * What a file in kinds/ says about its kind, beyond the facts that Kubernetes publishes of it (names, verbs, columns,
 * selectable fields, keys); everything not said is the common behaviour.
 */
export interface KindDefinition {
  /** Of the subresources that there are, those that are served. */
  readonly subresources?: readonly string[];
  cells(object: JsonMap, nowMillis: number): readonly unknown[];
  /** The values of selectable fields that are not simply the text at the path that is their label. */
  readonly fields?: Readonly<Record<string, (object: JsonMap) => string>>;
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

/** The resource `pods` of `v1`, `leases` of `coordination.k8s.io/v1`, behaving as `definition` says. */
export function define(groupVersion: string, resource: string, definition: KindDefinition): Resource {
  const facts = resourceFacts(groupVersion, resource);
  const { group, version, kind, namespaced, selectableFields } = facts;
  const served = definition.subresources ?? [];
  return {
    ...facts,
    storagePrefix: must(facts.storagePrefix, () => `${resource} are not stored`),
    subresources: facts.subresources.filter(({ name }) => served.includes(name)),
    fieldReader(label) {
      if (label === 'metadata.name') return ({ metadata }) => metadata.name;
      if (label === 'metadata.namespace' && namespaced) return ({ metadata }) => metadata.namespace ?? '';
      if (!selectableFields.includes(label)) return undefined;
      const read = definition.fields?.[label] ?? textReader(label);
      return (object) => read(object as unknown as JsonMap);
    },
    cellsOf: (object, nowMillis) => definition.cells(object as unknown as JsonMap, nowMillis),
    strategy: strategyOf(definition, namespaced, structNamed(typeName(group, version, kind))),
  };
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

function strategyOf(definition: KindDefinition, namespaced: boolean, struct: Struct): Strategy {
  const inner = (object: ApiObject): JsonMap => object as unknown as JsonMap;
  const outer = (object: JsonMap): ApiObject => object as unknown as ApiObject;
  const canonical = (object: JsonMap): JsonMap => {
    const result = canonicalize(object, struct);
    return must(result.ok ? result.value.value : undefined, () => (result.ok ? '' : result.error));
  };
  const metaRules = { namespaced, nameProblems: definition.nameProblems };
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
      const declared = withDefaults(inner(object), struct);
      return outer(canonical(definition.defaults?.(declared) ?? declared));
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
