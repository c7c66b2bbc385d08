import {
  alreadyExists,
  badRequest,
  beingDeleted,
  conflict,
  expired,
  generateNameConflict,
  internal,
  invalid,
  notFound,
  timeoutTooLargeResourceVersion,
  tooManyRequests,
} from '../api/errors.ts';
import type { FieldError } from '../api/field-error.ts';
import { generateName } from '../api/names.ts';
import type { Resource } from '../api/resource.ts';
import type { ApiError } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { ApiObject, NewObject, ObjectMeta } from '../api/types.ts';
import { assert } from '../base/assert.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { admitNew } from './admission.ts';
import type { ContinueToken } from './continue-token.ts';
import { decodeContinueToken, encodeContinueToken } from './continue-token.ts';
import type { DeleteOptions } from './delete-options.ts';
import { decideDeletion, isDoomed } from './deletion.ts';
import { EncodedObject } from './encoded-object.ts';
import { isCompacted, isFutureRevision } from './etcd-failure.ts';
import type { ListOptions } from './list-options.ts';
import type { Claims, Decision, Settled, Storage } from './storage.ts';
import type { WatchCache } from './watch-cache.ts';

/** Names tried before the client hears that none was free. */
const generateNameAttemptsMax = 8;
/** Claims tried before the client hears that none was free. */
const claimAttemptsMax = 16;
/** Objects read at once while selectors thin a page out. */
const selectivePageMin = 200;
const deleteCollectionPage = 500;

/** What a resource does beyond its strategy, where it takes the cluster and not only the object to know. */
export interface RegistryHooks {
  /** Refuses a new object by the state of others (namespaces that end). */
  admitCreate?(resource: Resource, object: ApiObject): Promise<void>;
  /** Completes a valid object with what must be unique in the cluster, and names the keys it owns. */
  allocate?(
    object: ApiObject,
    old: ApiObject | undefined,
  ): Promise<{ readonly object: ApiObject; readonly claims: Claims }>;
  /** The keys a deleted object gives back. */
  release?(object: ApiObject): Claims;
}

export interface WriteOptions {
  readonly dryRun: boolean;
}

export type UpdateScope = 'object' | 'status' | 'raw';

export interface ListResult {
  readonly revision: number;
  readonly objects: readonly EncodedObject[];
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

/**
 * One resource's verbs over its storage and cache (registry/generic's Store). Takes decoded objects, returns
 * objects; rejects with ApiError for what the client did and EtcdError for what the store did.
 */
export class Registry {
  readonly resource: Resource;
  readonly cache: WatchCache;
  readonly #platform: Platform;
  readonly #storage: Storage;
  readonly #hooks: RegistryHooks;

  constructor(
    platform: Platform,
    resource: Resource,
    storage: Storage,
    cache: WatchCache,
    hooks: RegistryHooks = {},
  ) {
    this.resource = resource;
    this.cache = cache;
    this.#platform = platform;
    this.#storage = storage;
    this.#hooks = hooks;
  }

  /** `resourceVersion` 0 allows the cache's state; N asks for a state not older than N. */
  async get(namespace: string | undefined, name: string, resourceVersion?: number): Promise<ApiObject> {
    const key = this.#storage.keyOf(namespace, name);
    if (resourceVersion === 0 && this.cache.ready) {
      const cached = this.cache.get(key);
      if (cached === undefined) throw notFound(this.resource, name);
      return cached.object;
    }
    const { object, revision } = await this.#storage.get(key);
    if (resourceVersion !== undefined && resourceVersion > revision) {
      throw timeoutTooLargeResourceVersion(resourceVersion, revision);
    }
    if (object === undefined) throw notFound(this.resource, name);
    return object;
  }

  /** Objects in key order, with kube's matrix of resourceVersion, match, limit and continue. */
  async list(options: ListOptions): Promise<ListResult> {
    const { limit, continueToken, resourceVersion, resourceVersionMatch: match } = options;
    if (continueToken !== undefined) return this.#listContinued(options, continueToken);
    // Without `match`, a limit turns "not older than N" into "exactly N", so that pages agree.
    const exact = match === 'Exact' || (match === undefined && limit > 0 && (resourceVersion ?? 0) > 0);
    if (exact) return this.#listPage(options, { revision: resourceVersion ?? 0, start: undefined });
    if (resourceVersion === 0 && this.cache.ready) return this.#listCached(options);

    const atLeast = resourceVersion ?? 0;
    if (limit > 0) {
      const page = await this.#listPage(options, { revision: 0, start: undefined });
      if (page.revision < atLeast) throw timeoutTooLargeResourceVersion(atLeast, page.revision);
      return page;
    }
    const current = await this.#storage.currentRevision();
    if (current < atLeast) throw timeoutTooLargeResourceVersion(atLeast, current);
    if (await this.cache.waitUntilFresh(current)) return this.#listCached(options);
    return this.#listPage(options, { revision: 0, start: undefined });
  }

  async create(
    body: NewObject<ApiObject>,
    namespace: string | undefined,
    options: WriteOptions,
  ): Promise<ApiObject> {
    const { generateName: base } = body.metadata;
    const generated = (body.metadata.name ?? '') === '' && base !== undefined && base !== '';
    const attempts = generated ? generateNameAttemptsMax : 1;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { random } = this.#platform;
      const name = generated
        ? generateName(base, (below) => random.integer(below))
        : (body.metadata.name ?? '');
      const result = await this.#createOnce(this.#asNew(body, name, namespace), options);
      if (result.type === 'created') return result.object;
      if (!generated) throw this.#existsError(result.object);
    }
    throw generateNameConflict(this.resource, base ?? '');
  }

  /**
   * Replaces the object by what `next` makes of the current state; `next` runs again when someone else wrote
   * first. The resourceVersion and uid in its result, if any, must be the current ones: a Conflict otherwise.
   *
   * `mayCreate` lets kinds that allow it be made where there is none; `next` is then given undefined.
   * `status` keeps all but the status, `raw` lets the caller decide every field (a subresource of its own).
   */
  async update(
    namespace: string | undefined,
    name: string,
    next: (current: ApiObject | undefined) => ApiObject | Promise<ApiObject>,
    options: WriteOptions & { readonly scope?: UpdateScope; readonly mayCreate?: boolean },
  ): Promise<{ readonly object: ApiObject; readonly created: boolean }> {
    const { scope = 'object', mayCreate = false, dryRun } = options;
    const decide = async (current: ApiObject | undefined): Promise<Decision> => {
      if (current === undefined) {
        if (!mayCreate || !this.resource.strategy.allowCreateOnUpdate) throw notFound(this.resource, name);
        const object = await this.#prepareNew(this.#asNew(await next(undefined), name, namespace));
        return { type: 'write', ...(await this.#allocate(object, undefined)) };
      }
      const object = this.#prepareUpdate(await next(current), current, scope);
      if (isDoomed(object)) {
        return { type: 'delete', object, claims: this.#hooks.release?.(current) ?? {} };
      }
      return { type: 'write', ...(scope === 'object' ? await this.#allocate(object, current) : { object }) };
    };
    const outcome = await this.#modify(namespace, name, decide, dryRun);
    return { object: outcome.object, created: outcome.created };
  }

  /** `removed` is false while a grace period or a finalizer keeps the object. */
  async delete(
    namespace: string | undefined,
    name: string,
    options: DeleteOptions,
  ): Promise<{ readonly object: ApiObject; readonly removed: boolean }> {
    const decide = (current: ApiObject | undefined): Decision => {
      if (current === undefined) throw notFound(this.resource, name);
      const nowMillis = this.#platform.clock.wallMillis();
      const decision = decideDeletion(this.resource, current, options, nowMillis);
      if (decision.type !== 'delete') return decision;
      return { ...decision, claims: this.#hooks.release?.(current) ?? {} };
    };
    const { type, object } = await this.#modify(namespace, name, decide, options.dryRun);
    return { object, removed: type === 'deleted' };
  }

  /** Deletes what the list options select, page by page; objects that vanish meanwhile are no error. */
  async deleteCollection(selection: ListOptions, options: DeleteOptions): Promise<ListResult> {
    const deleted: EncodedObject[] = [];
    let page: ListResult;
    let continueToken: string | undefined;
    do {
      page = await this.list({ ...selection, limit: deleteCollectionPage, continueToken });
      for (const { object } of page.objects) {
        try {
          const gone = await this.delete(object.metadata.namespace, object.metadata.name, options);
          deleted.push(new EncodedObject(gone.object));
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
    return { revision: page.revision, objects: deleted };
  }

  /** Waits until a watch can start. @throws ApiError TooManyRequests if the cache stays empty */
  async waitUntilReady(): Promise<void> {
    if (!(await this.cache.waitUntilFresh(0))) throw tooManyRequests('storage is (re)initializing', 1);
  }

  /** Waits until the cache holds at least the store's state of now. */
  async waitUntilConsistent(): Promise<void> {
    const current = await this.#storage.currentRevision();
    if (!(await this.cache.waitUntilFresh(current))) {
      throw timeoutTooLargeResourceVersion(current, this.cache.revision);
    }
  }

  async #modify(
    namespace: string | undefined,
    name: string,
    decide: (current: ApiObject | undefined) => Decision | Promise<Decision>,
    dryRun: boolean,
  ): Promise<Settled> {
    const key = this.#storage.keyOf(namespace, name);
    for (let attempt = 0; attempt < claimAttemptsMax; attempt++) {
      const outcome = await this.#storage.modify(key, decide, { dryRun });
      if (outcome.type === 'contended') throw conflict(this.resource, name);
      if (outcome.type !== 'claimed') return outcome;
    }
    throw internal('other objects took every value that was free');
  }

  async #createOnce(
    object: ApiObject,
    options: WriteOptions,
  ): Promise<{ readonly type: 'created' | 'exists'; readonly object: ApiObject }> {
    const prepared = await this.#prepareNew(object);
    const key = this.#storage.keyOf(prepared.metadata.namespace, prepared.metadata.name);
    for (let attempt = 0; attempt < claimAttemptsMax; attempt++) {
      const allocated = await this.#allocate(prepared, undefined);
      if (options.dryRun) {
        const existing = (await this.#storage.get(key)).object;
        return existing === undefined
          ? { type: 'created', object: allocated.object }
          : { type: 'exists', object: existing };
      }
      const result = await this.#storage.create(key, allocated.object, allocated.claims);
      if (result.type !== 'claimed') return result;
    }
    throw internal('other objects took every value that was free');
  }

  async #allocate(
    object: ApiObject,
    old: ApiObject | undefined,
  ): Promise<{ readonly object: ApiObject; readonly claims: Claims }> {
    if (this.#hooks.allocate === undefined) return { object, claims: {} };
    const allocated = await this.#hooks.allocate(object, old);
    // Back into canonical form: what was filled in stands where a client would have put it.
    return { ...allocated, object: this.resource.strategy.applyDefaults(allocated.object) };
  }

  /** What the client sent, with the metadata that only the server sets (rest.BeforeCreate). */
  #asNew(body: NewObject<ApiObject>, name: string, namespace: string | undefined): ApiObject {
    const {
      name: _name,
      namespace: _namespace,
      deletionTimestamp: _deletion,
      deletionGracePeriodSeconds: _grace,
      resourceVersion,
      ...rest
    } = withoutManagedFields(body.metadata);
    if (resourceVersion !== undefined && resourceVersion !== '') {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    const metadata = {
      ...rest,
      name,
      ...(namespace !== undefined && { namespace }),
      uid: uuid(this.#platform.random.bytes(16)),
      creationTimestamp: formatTime(this.#platform.clock.wallMillis()),
    };
    // No resourceVersion yet: the store gives it.
    return { ...body, metadata: metadata as ObjectMeta } as ApiObject;
  }

  async #prepareNew(object: ApiObject): Promise<ApiObject> {
    const { strategy } = this.resource;
    await this.#hooks.admitCreate?.(this.resource, object);
    const prepared = admitNew(
      this.resource,
      strategy.prepareForCreate(strategy.applyDefaults(object), {
        nowMillis: this.#platform.clock.wallMillis(),
      }),
    );
    this.#refuseInvalid(prepared, strategy.validate(prepared));
    return prepared;
  }

  #prepareUpdate(next: ApiObject, current: ApiObject, scope: UpdateScope): ApiObject {
    this.#checkPreconditions(next, current);
    const { strategy } = this.resource;
    const merged: ApiObject = { ...next, metadata: keepSystemMetadata(next.metadata, current.metadata) };
    if (scope === 'raw') return strategy.applyDefaults(merged);
    if (scope === 'status') {
      assert(strategy.prepareForStatusUpdate !== undefined, 'a kind with a status has a status strategy');
      const object = strategy.prepareForStatusUpdate(strategy.applyDefaults(merged), current);
      this.#refuseInvalid(object, strategy.validateStatusUpdate?.(object, current) ?? []);
      return object;
    }
    const object = strategy.prepareForUpdate(strategy.applyDefaults(merged), current);
    this.#refuseInvalid(object, [
      ...finalizerProblems(object, current),
      ...strategy.validateUpdate(object, current),
    ]);
    return object;
  }

  #checkPreconditions(next: ApiObject, current: ApiObject): void {
    const { name, uid } = current.metadata;
    const given: Partial<ObjectMeta> = next.metadata;
    if (given.uid !== undefined && given.uid !== '' && given.uid !== uid) {
      throw conflict(
        this.resource,
        name,
        `StorageError: invalid object, Code: 4, Key: ${this.#storage.keyOf(current.metadata.namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${uid}`,
      );
    }
    const isUnconditional = given.resourceVersion === undefined || given.resourceVersion === '';
    if (isUnconditional) {
      if (this.resource.strategy.allowUnconditionalUpdate) return;
      this.#refuseInvalid(current, [
        {
          type: 'Invalid',
          field: 'metadata.resourceVersion',
          value: 0,
          detail: 'must be specified for an update',
        },
      ]);
    } else if (given.resourceVersion !== current.metadata.resourceVersion) {
      throw conflict(this.resource, name);
    }
  }

  #refuseInvalid(object: ApiObject, errors: readonly FieldError[]): void {
    if (errors.length > 0)
      throw invalid(this.resource, (object.metadata as Partial<ObjectMeta>).name ?? '', errors);
  }

  #existsError(existing: ApiObject): ApiError {
    const { name, deletionTimestamp } = existing.metadata;
    return deletionTimestamp === undefined
      ? alreadyExists(this.resource, name)
      : beingDeleted(this.resource, name);
  }

  #listCached(options: ListOptions): ListResult {
    const { revision, objects } = this.cache.snapshot();
    return { revision, objects: objects.filter(({ object }) => options.matches(object)) };
  }

  async #listContinued(options: ListOptions, text: string): Promise<ListResult> {
    const token = decodeContinueToken(text);
    if (!token.ok) throw badRequest(`invalid continue token: ${token.error}`);
    if (options.resourceVersion !== undefined && options.resourceVersion !== 0) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return this.#listPage(options, { ...token.value, revision: Math.max(0, token.value.revision) });
  }

  /** One page straight from the store, filled up while selectors leave it short. */
  async #listPage(
    options: ListOptions,
    from: { readonly revision: number; readonly start: string | undefined },
  ): Promise<ListResult> {
    const { limit, selective } = options;
    const prefix = this.#storage.prefixOf(options.namespace);
    const pageLimit = limit > 0 && selective ? Math.max(limit, selectivePageMin) : limit;
    const objects: EncodedObject[] = [];
    let { revision } = from;
    let start = from.start === undefined ? undefined : prefix + from.start;
    for (;;) {
      const page = await this.#readPage(prefix, {
        limit: pageLimit,
        revision,
        ...(start !== undefined && { start }),
      });
      revision = page.revision;
      for (const [index, object] of page.objects.entries()) {
        if (options.matches(object)) objects.push(new EncodedObject(object));
        const isLast = index === page.objects.length - 1 && !page.more;
        if (limit === 0 || objects.length < limit || isLast) continue;
        const { namespace, name } = object.metadata;
        const next = `${this.#storage.keyOf(namespace, name).slice(prefix.length)}\0`;
        const remaining = page.remaining + page.objects.length - 1 - index;
        return {
          revision,
          objects,
          continueToken: encodeContinueToken({ revision, start: next }),
          ...(!selective && { remainingItemCount: remaining }),
        };
      }
      if (!page.more) return { revision, objects };
      start = `${page.lastKey}\0`;
    }
  }

  async #readPage(prefix: string, request: { limit: number; revision: number; start?: string }) {
    try {
      return await this.#storage.list(prefix, request);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (isFutureRevision(error)) {
        throw timeoutTooLargeResourceVersion(request.revision, await this.#storage.currentRevision());
      }
      if (!isCompacted(error)) throw error;
      if (request.start === undefined) throw expired('The resourceVersion for the provided list is too old.');
      const token: ContinueToken = { revision: -1, start: request.start.slice(prefix.length) };
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. Start a new list without ' +
          'it, or use the continue token in this response to read the rest, which may then be inconsistent.',
        encodeContinueToken(token),
      );
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'NotFound';
}

/** Server-side apply is not served, so nobody's field sets are kept and none may be claimed. */
function withoutManagedFields(metadata: Partial<ObjectMeta>): Partial<ObjectMeta> {
  const { managedFields: _fields, ...rest } = metadata as Partial<ObjectMeta> & { managedFields?: unknown };
  return rest;
}

/** The metadata of an update: what identifies and ends the object is not the client's to change. */
function keepSystemMetadata(next: Partial<ObjectMeta>, current: ObjectMeta): ObjectMeta {
  const {
    deletionTimestamp: _time,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    ...rest
  } = withoutManagedFields(next);
  const { name, namespace, uid, creationTimestamp, resourceVersion } = current;
  return {
    ...rest,
    name,
    ...(namespace !== undefined && { namespace }),
    uid,
    creationTimestamp,
    resourceVersion,
    ...(current.generation !== undefined && { generation: current.generation }),
    ...(current.deletionTimestamp !== undefined && { deletionTimestamp: current.deletionTimestamp }),
    ...(current.deletionGracePeriodSeconds !== undefined && {
      deletionGracePeriodSeconds: current.deletionGracePeriodSeconds,
    }),
  };
}

/** Nobody may hold up a deletion that has begun. */
function finalizerProblems(object: ApiObject, current: ApiObject): FieldError[] {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const before = new Set(current.metadata.finalizers);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [{ type: 'Forbidden', field: 'metadata.finalizers', detail }];
}

/** RFC 9562 version 4 of 16 random bytes. */
function uuid(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  });
  const part = (from: number, to: number): string => hex.slice(from, to).join('');
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}-${part(8, 10)}-${part(10, 16)}`;
}
