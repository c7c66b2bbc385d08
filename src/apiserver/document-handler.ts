import type { Json } from '../api/discovery.ts';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
} from '../api/discovery.ts';
import { encodeOpenApiV2, openApiV2ProtobufRange, openApiV2ProtobufType } from '../api/openapi-protobuf.ts';
import { openApiV2, openApiV3Document, openApiV3Index } from '../api/openapi.ts';
import type { Resource } from '../api/resource.ts';
import { encodeUtf8 } from '../base/bytes.ts';
import type { HttpRequest, HttpResponse } from '../platform/http.ts';
import type { Address } from '../platform/network.ts';
import { contentHash } from './content-hash.ts';
import { jsonText, jsonType, wantsPretty } from './responses.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Document {
  readonly json: Json;
  readonly etag: string;
}

/** What is served and what it looks like: discovery, OpenAPI, version, the list of paths. All fixed at start. */
export class DocumentHandler {
  readonly #resources: readonly Resource[];
  readonly #advertise: Address;
  readonly #version: string;
  readonly #documents = new Map<string, Document | undefined>();

  #openApiV2Bytes: Uint8Array | undefined;

  constructor(resources: readonly Resource[], advertise: Address, version: string) {
    this.#resources = resources;
    this.#advertise = advertise;
    this.#version = version;
  }

  /** undefined when there is no such document. */
  handle(request: HttpRequest, path: string, query: URLSearchParams): HttpResponse | undefined {
    const aggregated = (path === '/api' || path === '/apis') && acceptsAggregated(request.headers['accept']);
    if (path === '/openapi/v2' && (request.headers['accept'] ?? '').includes(openApiV2ProtobufRange)) {
      return this.#openApiV2Protobuf();
    }
    const key = aggregated ? `${path} aggregated` : path;
    if (!this.#documents.has(key)) this.#remember(key, this.#build(path, aggregated));
    const document = this.#documents.get(key);
    if (document === undefined) return undefined;

    const { etag } = document;
    const headers: Record<string, string> = {
      'content-type': contentTypeOf(path, aggregated),
      vary: 'Accept',
      ...cachingOf(path, query),
    };
    const hasEtag = aggregated || path.startsWith('/openapi/');
    if (hasEtag) headers['etag'] = `"${etag}"`;
    if (hasEtag && request.headers['if-none-match'] === `"${etag}"`) {
      const { 'content-type': _type, ...repeated } = headers;
      return { status: 304, headers: repeated, body: new Uint8Array(0) };
    }
    const pretty = wantsPretty(query, request.headers['user-agent']);
    return { status: 200, headers, body: encodeUtf8(jsonText(document.json, pretty)) };
  }

  #openApiV2Protobuf(): HttpResponse {
    this.#openApiV2Bytes ??= encodeOpenApiV2(openApiV2(this.#resources));
    const headers = { 'content-type': openApiV2ProtobufType, vary: 'Accept' };
    return { status: 200, headers, body: this.#openApiV2Bytes };
  }

  /** Bounded by what is served: a path that is not, is not remembered. */
  #remember(key: string, json: Json | undefined): void {
    if (json !== undefined) this.#documents.set(key, { json, etag: contentHash(JSON.stringify(json)) });
  }

  #build(path: string, aggregated: boolean): Json | undefined {
    const resources = this.#resources;
    const [root = '', ...rest] = path.split('/').filter((part) => part !== '');
    switch (root) {
      case '':
        return { paths: this.#paths() };
      case 'version':
        return rest.length === 0 ? versionInfo(this.#version) : undefined;
      case 'api':
        if (rest.length === 0) {
          const { host, port } = this.#advertise;
          return aggregated ? aggregatedDiscovery(resources, 'api') : apiVersions(`${host}:${port}`);
        }
        return rest.length === 1 ? apiResourceList(resources, '', rest[0]!) : undefined;
      case 'apis':
        if (rest.length === 0)
          return aggregated ? aggregatedDiscovery(resources, 'apis') : apiGroupList(resources);
        if (rest.length === 1) return apiGroup(resources, rest[0]!);
        return rest.length === 2 ? apiResourceList(resources, rest[0]!, rest[1]!) : undefined;
      case 'openapi':
        if (rest[0] === 'v2' && rest.length === 1) return openApiV2(resources);
        if (rest[0] !== 'v3') return undefined;
        if (rest.length === 1) return openApiV3Index(resources, (json) => contentHash(JSON.stringify(json)));
        return openApiV3Document(resources, rest.slice(1).join('/'));
      default:
        return undefined;
    }
  }

  #paths(): string[] {
    const places = new Set([
      '/api',
      '/apis',
      '/healthz',
      '/livez',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ]);
    for (const { group, version } of this.#resources) {
      if (group === '') places.add(`/api/${version}`);
      else for (const place of [`/apis/${group}`, `/apis/${group}/${version}`]) places.add(place);
    }
    return [...places].toSorted();
  }
}

function acceptsAggregated(accept: string | undefined): boolean {
  return (accept ?? '')
    .split(',')
    .some(
      (range) =>
        /g=apidiscovery\.k8s\.io/.test(range) &&
        /v=v2(;|$)/.test(range) &&
        /as=APIGroupDiscoveryList/.test(range),
    );
}

function contentTypeOf(path: string, aggregated: boolean): string {
  // The index is JSON under another name, as clients have learned to expect.
  if (path === '/openapi/v3') return 'text/plain; charset=utf-8';
  return aggregated ? aggregatedType : jsonType;
}

function cachingOf(path: string, query: URLSearchParams): Record<string, string> {
  // A document that is asked for by its hash can never change.
  if (path.startsWith('/openapi/v3/') && query.has('hash')) {
    return { 'cache-control': 'public, immutable' };
  }
  return path === '/api' || path === '/apis' ? { 'cache-control': 'public' } : {};
}

/** GET /version: the Kubernetes version whose API this is. */
function versionInfo(gitVersion: string): Json {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: '',
  };
}
