import { assert } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { Slab } from '../base/slab.ts';
import { decode, encode } from './codec.ts';
import type { Request, RequestAuth } from './request.ts';
import { decodeDeleteRangeRequest, decodePutRequest, decodeTxnRequest } from './wire/requests.ts';
import { encodeDeleteRangeRequest, encodePutRequest, encodeTxnRequest } from './wire/requests.ts';

/**
 * A Request in the log. `life` and `sequence` name it: its proposer knows it again, and nobody takes it for another one,
 * also over restarts.
 */
export interface Proposal {
  readonly life: number;
  readonly sequence: number;
  readonly auth: RequestAuth | undefined;
  readonly request: Request;
}

/** Lives are numbers below this: 48 bits of chance. */
export const lifeMax = 2 ** 48;

/**
 * The bytes of a log entry:
 *
 *   0      what follows the header: 1 put, 2 delete-range, 3 txn as etcd's own protobuf message; 0 any other, as msgpack
 *   1..6   life      7..12  sequence
 *   13     length of the user's name; if not 0: the name, and 6 bytes of auth revision
 *
 * The three hot requests are kept as the client sent them, so that a put is encoded by nobody.
 */
const kinds = { other: 0, put: 1, 'delete-range': 2, txn: 3 } as const;
const headerBytes = 14;

/** Entries leave the log in the order they came: what shares a slab dies together. */
const slab = new Slab();

/** `encoded`, if given, is the request's protobuf message. */
export function encodeProposal(
  life: number,
  sequence: number,
  request: Request,
  auth: RequestAuth | undefined,
  encoded: Uint8Array | undefined,
): Uint8Array {
  const kind =
    request.type === 'put' || request.type === 'delete-range' || request.type === 'txn'
      ? kinds[request.type]
      : kinds.other;
  const payload = encoded ?? encodeRequest(request);
  const user = auth === undefined ? undefined : encodeUtf8(auth.username);
  const userBytes = user === undefined ? 0 : user.length + 6;
  const bytes = slab.take(headerBytes + userBytes + payload.length);
  bytes[0] = kind;
  putUint48(bytes, 1, life);
  putUint48(bytes, 7, sequence);
  if (user !== undefined) {
    assert(user.length > 0 && user.length < 256, 'the name of a user has 1 to 255 bytes');
    bytes[13] = user.length;
    bytes.set(user, headerBytes);
    putUint48(bytes, headerBytes + user.length, auth!.authRevision);
  }
  bytes.set(payload, headerBytes + userBytes);
  return bytes;
}

/** The request's byte strings are views of `bytes`. */
export function decodeProposal(bytes: Uint8Array): Proposal {
  const userLength = bytes[13]!;
  let at = headerBytes;
  let auth: RequestAuth | undefined;
  if (userLength > 0) {
    const username = decodeUtf8(bytes.subarray(at, at + userLength));
    auth = { username, authRevision: uint48(bytes, at + userLength) };
    at += userLength + 6;
  }
  return {
    life: uint48(bytes, 1),
    sequence: uint48(bytes, 7),
    auth,
    request: decodeRequest(bytes[0]!, bytes.subarray(at)),
  };
}

function encodeRequest(request: Request): Uint8Array {
  switch (request.type) {
    case 'put':
      return encodePutRequest(request.request);
    case 'delete-range':
      return encodeDeleteRangeRequest(request.request);
    case 'txn':
      return encodeTxnRequest(request.request);
    default:
      return encode(request);
  }
}

function decodeRequest(kind: number, payload: Uint8Array): Request {
  switch (kind) {
    case kinds.put:
      return { type: 'put', request: decodePutRequest(payload) };
    case kinds['delete-range']:
      return { type: 'delete-range', request: decodeDeleteRangeRequest(payload) };
    case kinds.txn:
      return { type: 'txn', request: decodeTxnRequest(payload) };
    default:
      assert(kind === kinds.other, () => `a log entry of unknown kind ${kind}`);
      return decode<Request>(payload);
  }
}

function putUint48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = value >>> 24;
  bytes[at + 3] = value >>> 16;
  bytes[at + 4] = value >>> 8;
  bytes[at + 5] = value;
}

function uint48(bytes: Uint8Array, at: number): number {
  const high = bytes[at]! * 256 + bytes[at + 1]!;
  const low =
    ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0;
  return high * 2 ** 32 + low;
}
