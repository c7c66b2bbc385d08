import type { Resource } from './resource.ts';

export type Json = Readonly<Record<string, unknown>>;

/** GET /api. `serverAddress` is `host:port`. */
export function apiVersions(_serverAddress: string): Json {
  return { kind: 'APIVersions', versions: ['v1'] };
}

/** GET /apis. */
export function apiGroupList(_resources: readonly Resource[]): Json {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [] };
}

/** GET /apis/GROUP; undefined when the group is not served. */
export function apiGroup(_resources: readonly Resource[], _group: string): Json | undefined {
  return undefined;
}

/** GET /api/v1, /apis/GROUP/VERSION; undefined when it is not served. */
export function apiResourceList(_resources: readonly Resource[], _group: string, _version: string): Json | undefined {
  return undefined;
}

/** GET /api or /apis as APIGroupDiscoveryList v2. `core` selects /api. */
export function aggregatedDiscovery(_resources: readonly Resource[], _root: 'api' | 'apis'): Json {
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items: [] };
}
