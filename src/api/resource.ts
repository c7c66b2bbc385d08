import type { FieldError } from './field-error.ts';
import type { ApiObject } from './types.ts';

/**
 * api/: Kubernetes' API machinery, pure. What a kind is, how its bytes are read, what it defaults to, which
 * objects are valid, how it is selected, patched, tabulated and described.
 *
 * Boundary: synchronous functions over plain JSON; sees only `base`. It knows neither HTTP nor the store,
 * tells no time and draws no randomness: whoever needs those passes them in.
 *
 * Invariants
 *   K1  Objects are never changed in place; every function that changes something returns another object.
 *   K2  A kind is one file in kinds/ and one line in resources.ts. Discovery, OpenAPI, tables, decoding and
 *       selectors are derived from that line and the schema, so they cannot disagree with what is served.
 *   K3  Only what works end to end is listed: a resource or verb that is not served is absent everywhere.
 *   K4  applyDefaults is idempotent, and prepareForUpdate of an unchanged object is that object.
 */

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A served kind: where it is, what it is called, and how it behaves. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  /** Keys are `prefix/namespace/name` or `prefix/name`; no trailing slash. */
  readonly storagePrefix: string;
  readonly subresources: readonly Subresource[];
  readonly columns: readonly Column[];
  /** Field selector labels beyond what every kind has (metadata.name, and metadata.namespace if namespaced). */
  readonly selectableFields: readonly string[];
  /** Reads a selectable field, metadata.* included; absent fields are ''. undefined: it is none. */
  fieldReader(label: string): ((object: ApiObject) => string) | undefined;
  /** One row's cells, in the order of `columns`. `nowMillis` is what ages are measured against. */
  cellsOf(object: ApiObject, nowMillis: number): readonly unknown[];
  readonly strategy: Strategy;
}

/** `pods/status`, `replicationcontrollers/scale`. */
export interface Subresource {
  readonly name: string;
  /** Of the body; group and version are those of the kind, which need not be its parent's. */
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly Verb[];
}

/** A column of a Table. Priority 0 is always shown, 1 only in wide output. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

/** What the server knows when an object is made. */
export interface CreateContext {
  readonly nowMillis: number;
}

/**
 * How a kind behaves (registry/rest's strategies). The order on create is: applyDefaults, prepareForCreate,
 * validate; on update: applyDefaults, prepareForUpdate (or prepareForStatusUpdate), validateUpdate.
 *
 * The registry owns the rest of the metadata: name, namespace, uid, creationTimestamp, resourceVersion and
 * the deletion fields.
 */
export interface Strategy {
  /** Whether a PUT of a name that does not exist creates it. */
  readonly allowCreateOnUpdate: boolean;
  /** Whether an update without resourceVersion is taken. */
  readonly allowUnconditionalUpdate: boolean;
  /**
   * How many seconds the object lingers after a DELETE; 0 removes it at once. Absent = the kind has no
   * graceful deletion. `requestedSeconds` is what the client asked for.
   */
  gracefulDeletion?(object: ApiObject, requestedSeconds: number | undefined): number;
  /**
   * What becomes of the objects that it owns when a DELETE does not say (DefaultGarbageCollectionPolicy).
   * Absent = it owns nothing that is collected, and a propagation policy changes nothing.
   */
  readonly dependents?: 'orphan' | 'delete';
  /** Clears what a client may not set (status), sets generation 1 where the kind counts them. */
  prepareForCreate(object: ApiObject, context: CreateContext): ApiObject;
  /** Keeps the old status, and the old generation or its successor when the spec changed. */
  prepareForUpdate(object: ApiObject, old: ApiObject): ApiObject;
  /** Keeps everything but the status (and the metadata that status writers may set). */
  prepareForStatusUpdate?(object: ApiObject, old: ApiObject): ApiObject;
  validate(object: ApiObject): readonly FieldError[];
  validateUpdate(object: ApiObject, old: ApiObject): readonly FieldError[];
  validateStatusUpdate?(object: ApiObject, old: ApiObject): readonly FieldError[];
  /** Fills in what Kubernetes documents as defaults. Idempotent. */
  applyDefaults(object: ApiObject): ApiObject;
  /** Warnings for the creator or updater: sentences for `Warning` headers. */
  warningsOf?(object: ApiObject): readonly string[];
}

/** `v1`, `apps/v1`: what objects of the resource carry as apiVersion. */
export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The key of an object in the store. */
export function storageKey(resource: Resource, namespace: string, name: string): string {
  return resource.namespaced
    ? `${resource.storagePrefix}/${namespace}/${name}`
    : `${resource.storagePrefix}/${name}`;
}
