import { assert } from '../base/assert.ts';

/** What a request asks for, as its method, path and query say (kube's RequestInfo). */
export type RequestInfo = ResourceRequest | NonResourceRequest;

export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection';

interface RequestLine {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface ResourceRequest extends RequestLine {
  readonly isResource: true;
  /** undefined for a method that no resource has. */
  readonly verb: Verb | undefined;
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespace?: string;
  /** Plural. */
  readonly resource: string;
  readonly name?: string;
  readonly subresource?: string;
}

interface NonResourceRequest extends RequestLine {
  readonly isResource: false;
}

/**
 * Parses a request line; never fails. What has no place below `/api/v1/RESOURCE` or
 * `/apis/GROUP/VERSION/RESOURCE` is a NonResourceRequest.
 */
export function parseRequestInfo(method: string, pathAndQuery: string): RequestInfo {
  const mark = pathAndQuery.indexOf('?');
  const path = mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : pathAndQuery.slice(mark + 1));
  const line: RequestLine = { method, path, query };
  const parts = decodePath(path)
    .split('/')
    .filter((part) => part !== '');
  const place = groupAndRest(parts);
  if (place === undefined || place.rest.length === 0) return { ...line, isResource: false };

  const { group, version } = place;
  let rest = place.rest;
  let watchPrefix = false;
  if (rest[0] === 'watch' && rest.length > 1) {
    // `/api/v1/watch/pods`: the oldest way to ask for a watch, still served by the real one.
    watchPrefix = true;
    rest = rest.slice(1);
  }
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespaceSubresources.has(rest[2]!)) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [resource, name, ...sub] = rest;
  assert(resource !== undefined, 'a resource path has a resource');
  const subresource = sub.length === 0 ? undefined : sub.join('/');
  const verb = verbOf(method, name, query, watchPrefix);
  return {
    ...line,
    isResource: true,
    verb,
    group,
    version,
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

/** `/namespaces/NAME/status` is the namespace's own; `/namespaces/NAME/pods` is pods in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

function groupAndRest(
  parts: readonly string[],
): { group: string; version: string; rest: readonly string[] } | undefined {
  if (parts[0] === 'api' && parts[1] !== undefined) {
    return { group: '', version: parts[1], rest: parts.slice(2) };
  }
  if (parts[0] === 'apis' && parts[1] !== undefined && parts[2] !== undefined) {
    return { group: parts[1], version: parts[2], rest: parts.slice(3) };
  }
  return undefined;
}

function verbOf(
  method: string,
  name: string | undefined,
  query: URLSearchParams,
  watchPrefix: boolean,
): Verb | undefined {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    case 'GET':
      if (watchPrefix || (name === undefined && isTrue(query.get('watch')))) return 'watch';
      return name === undefined ? 'list' : 'get';
    default:
      return undefined;
  }
}

/** A query flag as Go's ParseBool and kube's conversion see it: present and empty is true. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0' && value !== 'False' && value !== 'FALSE';
}

/** Escapes are undone before the path is taken apart, as in the real server: `%2f` is a slash like any other. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A malformed escape names nothing that exists; the raw text will simply not be found.
    return path;
  }
}
