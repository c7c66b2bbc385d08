import { namespaceTerminating, notFound } from '../api/errors.ts';
import type { Resource } from '../api/resource.ts';
import { findResource } from '../api/resources.ts';
import { isApiError } from '../api/status.ts';
import type { ApiObject, Namespace } from '../api/types.ts';
import { must } from '../base/assert.ts';
import type { EtcdClient } from '../etcd/client.ts';
import type { Platform } from '../platform/platform.ts';
import { ClusterIpAllocator } from './cluster-ip.ts';
import { EventLease } from './event-lease.ts';
import type { RegistryHooks } from './registry.ts';
import { Registry } from './registry.ts';
import { Storage } from './storage.ts';
import { WatchCache } from './watch-cache.ts';

/** All served resources with their storage, cache and the rules that span objects. */
export class Registries {
  readonly #all = new Map<Resource, Registry>();

  constructor(
    platform: Platform,
    options: {
      readonly etcd: EtcdClient;
      readonly resources: readonly Resource[];
      readonly serviceCidr: string;
    },
  ) {
    const { etcd, resources, serviceCidr } = options;
    const eventLease = new EventLease(etcd, platform.clock);
    for (const resource of resources) {
      const expires = resource.group === '' && resource.resource === 'events';
      const storage = new Storage(
        etcd,
        resource.storagePrefix,
        expires ? () => eventLease.current() : undefined,
      );
      const cache = new WatchCache(platform, etcd, storage);
      const hooks: RegistryHooks = {
        ...(resource.namespaced && { admitCreate: (one, object) => this.#admit(one, object) }),
        ...(isCore(resource, 'services') &&
          ipHooks(new ClusterIpAllocator(etcd, platform.random, resource, serviceCidr))),
      };
      this.#all.set(resource, new Registry(platform, resource, storage, cache, hooks));
    }
  }

  of(resource: Resource): Registry {
    return must(this.#all.get(resource), () => `${resource.resource} has no registry`);
  }

  /** The registry of a core/v1 resource that the server itself needs. */
  core(name: string): Registry {
    const resource = findResource([...this.#all.keys()], '', 'v1', name);
    return this.of(must(resource, () => `${name} is not served`));
  }

  /** In the order in which they are served. */
  all(): readonly Registry[] {
    return [...this.#all.values()];
  }

  /** NamespaceLifecycle: objects are made in namespaces that exist and stay. @throws ApiError */
  async #admit(resource: Resource, object: ApiObject): Promise<void> {
    const { name, namespace = '' } = object.metadata;
    const namespaces = this.core('namespaces');
    let found = await lookUp(namespaces, namespace, 0);
    // The cache may not have it yet, or may hold one that was deleted and made again.
    if (found === undefined || isTerminating(found)) found = await lookUp(namespaces, namespace, undefined);
    if (found === undefined) throw notFound(namespaces.resource, namespace);
    if (isTerminating(found)) throw namespaceTerminating(resource, name, namespace);
  }
}

async function lookUp(
  namespaces: Registry,
  name: string,
  resourceVersion: number | undefined,
): Promise<Namespace | undefined> {
  try {
    return (await namespaces.get(undefined, name, resourceVersion)) as Namespace;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function isTerminating(namespace: Namespace): boolean {
  return namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating';
}

function isCore(resource: Resource, name: string): boolean {
  return resource.group === '' && resource.resource === name;
}

function ipHooks(allocator: ClusterIpAllocator): RegistryHooks {
  return {
    allocate: (object, old) => allocator.allocate(object, old),
    release: (object) => allocator.release(object),
  };
}
