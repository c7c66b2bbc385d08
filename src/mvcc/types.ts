import { assert } from '../base/assert.ts';
import type { Brand } from '../base/brand.ts';

/** The store's main revision: one per changing transaction. A new store is at 1. */
export type Revision = Brand<number, 'Revision'>;

export function revision(value: number): Revision {
  assert(Number.isSafeInteger(value) && value >= 0, () => `not a revision: ${value}`);
  return value as Revision;
}

/** A lease: 64 bits, chosen by clients or the server. `noLease` attaches nothing. */
export type LeaseId = Brand<bigint, 'LeaseId'>;
export const noLease = 0n as LeaseId;

/**
 * A key: a *byte string*, one UTF-16 unit (0..255) per byte, so that `<` is etcd's byte order and a Map can
 * hold it. `/registry/…` keys are ASCII and are therefore themselves.
 */
export type Key = string;

/** etcd's KeyValue. */
export interface KeyValue {
  readonly key: Key;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** Writes since the key was created; 1 for the first. */
  readonly version: number;
  readonly lease: LeaseId;
}

/**
 * A range of keys, as etcd encodes it: no `rangeEnd` = the one key; `rangeEnd` '\0' = every key >= `key`;
 * else [key, rangeEnd). key '\0' with rangeEnd '\0' is everything.
 */
export interface KeyRange {
  readonly key: Key;
  readonly rangeEnd?: Key;
}

/** The end of the range of all keys that start with `prefix`. */
export function prefixEnd(prefix: Key): Key {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const unit = prefix.charCodeAt(i);
    if (unit < 0xff) return prefix.slice(0, i) + String.fromCharCode(unit + 1);
  }
  return '\0';
}

export interface RangeRequest extends KeyRange {
  /** Most kvs to return; 0 or absent = all. */
  readonly limit?: number;
  /** Read at this revision; 0 or absent = the newest. */
  readonly revision?: number;
  readonly sort?: {
    readonly target: 'key' | 'version' | 'create' | 'mod' | 'value';
    /** `none` ascends, but only the first `limit` keys and one more are looked at, as in etcd, unless there are filters. */
    readonly order: 'none' | 'ascend' | 'descend';
  };
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
  /** What its decoder found wrong with it. It is refused for it when its turn among the checks comes. */
  readonly flaw?: MvccErrorCode;
}

export interface RangeResponse {
  readonly kvs: readonly KeyValue[];
  /** All keys in the range at that revision, whatever `limit` and the filters say. */
  readonly count: number;
  /** Whether `limit` cut something off. */
  readonly more: boolean;
}

/** As RangeResponse, with the kvs as records: encoded KeyValues. */
export interface RangeRecords {
  readonly records: readonly Uint8Array[];
  readonly count: number;
  readonly more: boolean;
}

/** As RangeResponse, with the kvs in runs: as the field `kvs` of etcd's RangeResponse, ready to be sent. */
export interface RangeRuns {
  readonly runs: readonly Uint8Array[];
  /** Of all runs, in bytes. */
  readonly length: number;
  /** How many kvs are in them. */
  readonly kvCount: number;
  /** The key of the last one; '' if there is none. */
  readonly lastKey: Key;
  readonly count: number;
  readonly more: boolean;
}

export interface PutRequest {
  readonly key: Key;
  readonly value: Uint8Array;
  readonly lease?: LeaseId;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface PutResponse {
  readonly prevKv?: KeyValue;
}

export interface DeleteRangeRequest extends KeyRange {
  readonly prevKv?: boolean;
}

export interface DeleteRangeResponse {
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export type CompareResult = 'equal' | 'greater' | 'less' | 'not-equal';

export type Compare = KeyRange & { readonly result: CompareResult } & (
    | { readonly target: 'version'; readonly version: number }
    | { readonly target: 'create'; readonly createRevision: number }
    | { readonly target: 'mod'; readonly modRevision: number }
    | { readonly target: 'value'; readonly value: Uint8Array }
    | { readonly target: 'lease'; readonly lease: LeaseId }
  );

export type RequestOp =
  | { readonly type: 'range'; readonly request: RangeRequest }
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'delete-range'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest };

export type ResponseOp =
  | { readonly type: 'range'; readonly response: RangeResponse }
  | { readonly type: 'put'; readonly response: PutResponse }
  | { readonly type: 'delete-range'; readonly response: DeleteRangeResponse }
  | { readonly type: 'txn'; readonly response: TxnResponse };

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface Event {
  readonly type: 'put' | 'delete';
  /** For a delete: only key and modRevision carry meaning (value empty, version 0). */
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue;
}

/** Expected failures of the store, by etcd's own sentences (see etcd/errors.ts for the wire codes). */
export type MvccErrorCode =
  | 'key-not-provided'
  | 'key-not-found'
  | 'invalid-sort'
  | 'value-provided'
  | 'lease-provided'
  | 'too-many-ops'
  | 'duplicate-key'
  | 'compacted'
  | 'future-revision'
  | 'lease-not-found'
  | 'lease-exists'
  | 'lease-ttl-too-large';

export interface MvccError {
  readonly code: MvccErrorCode;
}
