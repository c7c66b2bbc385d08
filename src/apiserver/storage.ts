import type { ApiObject, ObjectMeta } from '../api/types.ts';
import { assert } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8, equalBytes } from '../base/bytes.ts';
import type { Compare, EtcdClient, Key, KeyValue, LeaseId, RequestOp, TxnResponse } from '../etcd/client.ts';
import { prefixEnd } from '../etcd/client.ts';

/** How often a read-modify-write is tried against concurrent writers before the client hears of it. */
export const updateAttemptsMax = 64;

/** What a writer wants once it has seen the current state. */
export type Decision =
  /** For a delete `object` is the last state, for the answer. */
  | { readonly type: 'write' | 'delete'; readonly object: ApiObject; readonly claims?: Claims }
  | { readonly type: 'keep' };

/** How a read-modify-write ended well; `created` if there was nothing before. */
export interface Settled {
  readonly type: 'written' | 'deleted' | 'unchanged';
  readonly object: ApiObject;
  readonly created: boolean;
}

export type Outcome =
  | Settled
  /** A key that the write claims belongs to another object. */
  | { readonly type: 'claimed' }
  /** Other writers won `updateAttemptsMax` times in a row. */
  | { readonly type: 'contended' };

/** Keys an object owns besides its own (a cluster IP): taken and freed in the transaction that writes it. */
export interface Claims {
  readonly take?: readonly Key[];
  readonly free?: readonly Key[];
}

export interface Page {
  readonly objects: readonly ApiObject[];
  /** The revision that was read. */
  readonly revision: number;
  /** The last key read, whether or not its object is in `objects`. */
  readonly lastKey: Key | undefined;
  readonly more: boolean;
  /** Keys in the range after this page. */
  readonly remaining: number;
}

/**
 * One resource's objects in etcd, in Kubernetes' terms: keys `/registry/RESOURCE/[NAMESPACE/]NAME`, values
 * JSON without a resourceVersion, which is always the key's modRevision. Rejects with EtcdError.
 */
export class Storage {
  readonly #etcd: EtcdClient;
  readonly #prefix: Key;
  readonly #lease: (() => Promise<LeaseId>) | undefined;

  /** `lease` gives the lease that a written key is attached to, for objects that expire. */
  constructor(etcd: EtcdClient, storagePrefix: string, lease?: () => Promise<LeaseId>) {
    assert(!storagePrefix.endsWith('/'), 'a storage prefix has no slash at its end');
    this.#etcd = etcd;
    this.#prefix = storagePrefix;
    this.#lease = lease;
  }

  /** The prefix of all keys, or of one namespace's, without the slash at its end. */
  prefixOf(namespace: string | undefined): Key {
    return namespace === undefined ? this.#prefix : `${this.#prefix}/${byteString(namespace)}`;
  }

  keyOf(namespace: string | undefined, name: string): Key {
    return `${this.prefixOf(namespace)}/${byteString(name)}`;
  }

  /** A linearizable read. `revision` is the store's at the time. */
  async get(key: Key): Promise<{ readonly object: ApiObject | undefined; readonly revision: number }> {
    const { kvs, header } = await this.#etcd.range({ key });
    return { object: kvs[0] && decodeObject(kvs[0]), revision: header.revision };
  }

  /** The store's revision, linearizably; reads no objects. */
  async currentRevision(): Promise<number> {
    // One key that no object has: the header is what is asked for.
    const { header } = await this.#etcd.range({ key: `${this.#prefix}/` });
    return header.revision;
  }

  /**
   * Objects in key order below `prefix` (see prefixOf). `revision` 0 reads the newest state; another one is
   * refused by etcd when it is compacted or in the future.
   */
  async list(
    prefix: Key,
    options: { readonly limit?: number; readonly revision?: number; readonly start?: Key } = {},
  ): Promise<Page> {
    const { key, rangeEnd } = this.#rangeOf(prefix);
    const { limit = 0, revision = 0, start = key } = options;
    assert(start >= key, 'a page starts inside its list');
    const response = await this.#etcd.range({ key: start, rangeEnd, limit, revision });
    return {
      objects: response.kvs.map(decodeObject),
      revision: revision > 0 ? revision : response.header.revision,
      lastKey: response.kvs.at(-1)?.key,
      more: response.more,
      remaining: response.count - response.kvs.length,
    };
  }

  /** Writes a new object; `exists` carries the one that has the key already. */
  async create(
    key: Key,
    object: ApiObject,
    claims: Claims = {},
  ): Promise<
    { readonly type: 'created' | 'exists'; readonly object: ApiObject } | { readonly type: 'claimed' }
  > {
    const response = await this.#etcd.txn({
      compare: [absent(key), ...(claims.take ?? []).map(absent)],
      success: [await this.#put(key, encodeObject(object)), ...claimOps(key, claims)],
      failure: [{ type: 'range', request: { key } }],
    });
    if (response.succeeded) {
      return { type: 'created', object: withResourceVersion(object, response.header.revision) };
    }
    const existing = rereadOf(response);
    return existing === undefined ? { type: 'claimed' } : { type: 'exists', object: decodeObject(existing) };
  }

  /**
   * Reads, asks `decide`, and writes only if nobody wrote in between; else asks again with the newer state.
   * What `decide` throws passes through. Writing back what is stored writes nothing, and so does `dryRun`,
   * which answers with what would be written.
   *
   * A write whose outcome is unknown is never tried again: its EtcdError reaches the caller.
   */
  async modify(
    key: Key,
    decide: (current: ApiObject | undefined) => Decision | Promise<Decision>,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<Outcome> {
    let kv = (await this.#etcd.range({ key })).kvs[0];
    for (let attempt = 0; attempt < updateAttemptsMax; attempt++) {
      const current = kv && decodeObject(kv);
      const decision = await decide(current);
      if (decision.type === 'keep') {
        assert(current !== undefined, 'only what exists can be kept');
        return { type: 'unchanged', object: current, created: false };
      }
      const created = kv === undefined;
      const claims = decision.claims ?? {};
      let write: RequestOp;
      if (decision.type === 'write') {
        const value = encodeObject(decision.object);
        if (kv !== undefined && equalBytes(value, kv.value)) {
          const object = withResourceVersion(decision.object, kv.modRevision);
          return { type: 'unchanged', object, created };
        }
        write = await this.#put(key, value);
      } else {
        assert(!created, 'only what exists can be deleted');
        write = { type: 'delete-range', request: { key } };
      }
      const type = decision.type === 'write' ? 'written' : 'deleted';
      if (options.dryRun === true) return { type, object: decision.object, created };
      const response = await this.#etcd.txn({
        compare: [kv === undefined ? absent(key) : unchangedSince(kv), ...(claims.take ?? []).map(absent)],
        success: [write, ...claimOps(key, claims)],
        failure: [{ type: 'range', request: { key } }],
      });
      if (response.succeeded) {
        return { type, object: withResourceVersion(decision.object, response.header.revision), created };
      }
      const newer = rereadOf(response);
      if (newer?.modRevision === kv?.modRevision) return { type: 'claimed' };
      kv = newer;
    }
    return { type: 'contended' };
  }

  #rangeOf(prefix: Key): { readonly key: Key; readonly rangeEnd: Key } {
    return { key: `${prefix}/`, rangeEnd: prefixEnd(`${prefix}/`) };
  }

  async #put(key: Key, value: Uint8Array): Promise<RequestOp> {
    const lease = await this.#lease?.();
    return { type: 'put', request: { key, value, ...(lease !== undefined && { lease }) } };
  }
}

function absent(key: Key): Compare {
  return { key, target: 'create', result: 'equal', createRevision: 0 };
}

function unchangedSince(kv: KeyValue): Compare {
  return { key: kv.key, target: 'mod', result: 'equal', modRevision: kv.modRevision };
}

function claimOps(owner: Key, claims: Claims): RequestOp[] {
  const value = encodeUtf8(JSON.stringify({ owner }));
  return [
    ...(claims.take ?? []).map((key): RequestOp => ({ type: 'put', request: { key, value } })),
    ...(claims.free ?? []).map((key): RequestOp => ({ type: 'delete-range', request: { key } })),
  ];
}

function rereadOf(response: TxnResponse): KeyValue | undefined {
  const [reply] = response.responses;
  assert(reply?.type === 'range', 'a failed txn answers with the current state');
  return reply.response.kvs[0];
}

/** A key of etcd holds bytes: names that are not ASCII become their UTF-8. */
function byteString(text: string): Key {
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text : String.fromCharCode(...encodeUtf8(text));
}

export function decodeObject(kv: KeyValue): ApiObject {
  return withResourceVersion(JSON.parse(decodeUtf8(kv.value)) as ApiObject, kv.modRevision);
}

function encodeObject(object: ApiObject): Uint8Array {
  return encodeUtf8(
    JSON.stringify({ ...object, metadata: inOrder({ ...object.metadata, resourceVersion: '' }) }),
  );
}

/** `object` at that revision. */
export function withResourceVersion(object: ApiObject, revision: number): ApiObject {
  return { ...object, metadata: inOrder({ ...object.metadata, resourceVersion: String(revision) }) };
}

const metadataOrder = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
] as const satisfies readonly (keyof ObjectMeta)[];

/**
 * Metadata in the order in which Kubernetes writes it, without empty parts: equal objects are then equal
 * bytes, and writing one back is seen to change nothing.
 */
function inOrder(metadata: ObjectMeta): ObjectMeta {
  const ordered: Record<string, unknown> = {};
  const given = metadata as unknown as Readonly<Record<string, unknown>>;
  for (const field of metadataOrder) {
    if (given[field] !== undefined && given[field] !== '') ordered[field] = given[field];
  }
  return ordered as unknown as ObjectMeta;
}
