import type { Json } from './discovery.ts';
import type { Resource } from './resource.ts';

/** GET /openapi/v3. `hashOf` gives the hash of a document, which makes its URL cacheable for ever. */
export function openApiV3Index(_resources: readonly Resource[], _hashOf: (document: Json) => string): Json {
  return { paths: {} };
}

/** GET /openapi/v3/PATH for PATH `api/v1` or `apis/GROUP/VERSION`; undefined when it is not served. */
export function openApiV3Document(_resources: readonly Resource[], _path: string): Json | undefined {
  return undefined;
}

/** GET /openapi/v2. */
export function openApiV2(_resources: readonly Resource[]): Json {
  return { swagger: '2.0' };
}
