import { decodeUtf8, toHex } from '../../base/bytes.ts';
import { badRequest } from '../errors.ts';
import type { ApiError } from '../status.ts';
import { isKnownType } from './library.ts';

/** What decoders answer to bodies they cannot use, in the real server's words. */

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The first bytes are shown: so many. */
const shownBytes = 30;

/** 'v1.Pod' → v1, Pod; 'meta/v1.DeleteOptions' → v1, DeleteOptions. */
export function kindOfType(type: string): Kind {
  const dot = type.lastIndexOf('.');
  const apiVersion = type.slice(0, dot);
  return { apiVersion: apiVersion === 'meta/v1' ? 'v1' : apiVersion, kind: type.slice(dot + 1) };
}

/** The bytes are not an object of any kind. */
export function unrecognized(why: string, bytes: Uint8Array, type: string): ApiError {
  // Options are read without the sentence about objects around the problem.
  if (type.startsWith('meta/')) return badRequest(why);
  const { kind } = kindOfType(type);
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${summaryOf(bytes)})`,
  );
}

/** The object is of the right kind and does not fit it. */
export function cannotBeHandled(why: string, wanted: Kind): ApiError {
  return badRequest(
    `${wanted.kind} in version "${versionOf(wanted.apiVersion)}" cannot be handled as a ${wanted.kind}: ${why}`,
  );
}

/** The object is of another kind. */
export function wrongKind(apiVersion: string, kind: string, wanted: Kind): ApiError {
  const known = isKnownType(`${apiVersion}.${kind}`);
  const version = versionOf(known ? apiVersion : wanted.apiVersion);
  const why = known
    ? `converting (${version}.${kind}) to (${internalGroupOf(wanted.apiVersion)}.${wanted.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${wanted.kind}: ${why}`);
}

/** In hex unless it looks like JSON. */
function summaryOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const start = bytes.subarray(0, shownBytes);
  const isJson = bytes[0] === 0x7b;
  const shown = isJson ? decodeUtf8(start) : toHex(start);
  return bytes.length > shownBytes ? `${shown} ...` : shown;
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** The package of the internal types: `core`, `coordination`. */
function internalGroupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.search(/[./]/)) : 'core';
}
