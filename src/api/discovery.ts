import { compareStrings } from '../base/order.ts';
import type { JsonMap } from './json.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource, Subresource } from './resource.ts';

export type Json = JsonMap;

/** Discovery: what is served, derived from the resources so that it cannot say anything else. */

/** GET /api. `serverAddress` is `host:port`. */
export function apiVersions(serverAddress: string): Json {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** GET /apis. */
export function apiGroupList(resources: readonly Resource[]): Json {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(resources).map((group) => groupOf(resources, group)),
  };
}

/** GET /apis/GROUP; undefined when the group is not served. */
export function apiGroup(resources: readonly Resource[], group: string): Json | undefined {
  if (!groupsOf(resources).includes(group)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(resources, group) };
}

/** GET /api/v1, /apis/GROUP/VERSION; undefined when it is not served. */
export function apiResourceList(
  resources: readonly Resource[],
  group: string,
  version: string,
): Json | undefined {
  const served = resources.filter((one) => one.group === group && one.version === version);
  const [first] = served;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    // The core group predates the field.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: byName(served).flatMap((resource) => [
      {
        name: resource.resource,
        singularName: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: resource.verbs,
        ...unlessEmpty('shortNames', resource.shortNames),
        ...unlessEmpty('categories', resource.categories),
      },
      ...sortedSubresources(resource).map((subresource) => ({
        name: `${resource.resource}/${subresource.name}`,
        singularName: '',
        namespaced: resource.namespaced,
        ...foreignKind(resource, subresource),
        kind: subresource.kind,
        verbs: subresource.verbs,
      })),
    ]),
  };
}

/** GET /api or /apis as APIGroupDiscoveryList v2: everything in one document. */
export function aggregatedDiscovery(resources: readonly Resource[], root: 'api' | 'apis'): Json {
  const groups = root === 'api' ? [''] : groupsOf(resources);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(resources, group).map((version) => ({
        version,
        resources: byName(resources.filter((one) => one.group === group && one.version === version)).map(
          aggregated,
        ),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregated(resource: Resource): Json {
  const subresources = sortedSubresources(resource).map((subresource) => ({
    subresource: subresource.name,
    responseKind: { ...(foreignKind(resource, subresource) ?? inContainingGroup), kind: subresource.kind },
    verbs: subresource.verbs,
  }));
  return {
    resource: resource.resource,
    responseKind: { ...inContainingGroup, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...unlessEmpty('shortNames', resource.shortNames),
    ...unlessEmpty('categories', resource.categories),
    ...unlessEmpty('subresources', subresources),
  };
}

/** Empty means the group and version that the entry stands in. */
const inContainingGroup = { group: '', version: '' };

/** The group and version of a subresource's kind when they are not its parent's. */
function foreignKind(
  resource: Resource,
  subresource: Subresource,
): { group: string; version: string } | undefined {
  const { group, version } = subresource;
  return group === resource.group && version === resource.version ? undefined : { group, version };
}

function groupOf(resources: readonly Resource[], name: string): Json {
  const versions = versionsOf(resources, name).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function groupsOf(resources: readonly Resource[]): readonly string[] {
  return [...new Set(resources.map((one) => one.group))]
    .filter((group) => group !== '')
    .toSorted(compareStrings);
}

/** Newest first: v2 before v1. */
function versionsOf(resources: readonly Resource[], group: string): readonly string[] {
  const versions = new Set(resources.filter((one) => one.group === group).map((one) => one.version));
  return [...versions].toSorted((a, b) => compareStrings(b, a));
}

function byName(resources: readonly Resource[]): readonly Resource[] {
  return resources.toSorted((a, b) => compareStrings(a.resource, b.resource));
}

function sortedSubresources(resource: Resource): readonly Subresource[] {
  return resource.subresources.toSorted((a, b) => compareStrings(a.name, b.name));
}

function unlessEmpty(name: string, values: readonly unknown[]): Json {
  return values.length === 0 ? {} : { [name]: values };
}
