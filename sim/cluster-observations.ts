import type { ApiObject, WatchEvent } from '../src/api/types.ts';
import type { ApiClient, ResourceClient, ResourceRef } from '../src/client/api-client.ts';
import type { Host } from './host.ts';
import type { ObservationBus } from './observations.ts';

/** Who uses a client: the name of its host, and the election that it must have won to write, if there is one. */
export interface ClientUser {
  readonly host: string;
  readonly election?: string;
}

/** The lease of an election is how it is held, and events are nobody's state. */
const notJudged: ReadonlySet<string> = new Set(['leases', 'events']);

/** Tells of what feeds caches and of what controllers write; passes everything on as it is. */
export function observeApiClient(client: ApiClient, bus: ObservationBus, user: ClientUser): ApiClient {
  return {
    resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T> {
      const resource = client.resource(ref);
      const cacheOf = (selection: Selection): string => {
        const { namespace, labelSelector, fieldSelector } = selection;
        const parts = [namespace, labelSelector, fieldSelector].filter((part) => part !== undefined);
        const by = user.election ?? 'cache';
        return `${user.host} ${by} ${ref.resource}${parts.length === 0 ? '' : ` (${parts.join(' ')})`}`;
      };
      const wrote = <R extends ApiObject>(what: string, write: Promise<R>): Promise<R> => {
        const { election } = user;
        if (election === undefined || notJudged.has(ref.resource)) return write;
        return write.then((object) => {
          const { name, resourceVersion } = object.metadata;
          bus.emit({
            type: 'controller-wrote',
            election,
            identity: user.host,
            revision: Number(resourceVersion),
            what: `${what} of ${ref.resource}/${name}`,
          });
          return object;
        });
      };
      return {
        get: (...args) => resource.get(...args),
        list: (options = {}) =>
          resource.list(options).then((list) => {
            const resourceVersion = Number(list.metadata.resourceVersion);
            bus.emit({ type: 'cache-moved', cache: cacheOf(options), resourceVersion, relisted: true });
            return list;
          }),
        watch: (options) =>
          tapped(resource.watch(options), ({ object }) => {
            const resourceVersion = Number(object.metadata.resourceVersion);
            bus.emit({ type: 'cache-moved', cache: cacheOf(options), resourceVersion, relisted: false });
          }),
        create: (...args) => wrote('create', resource.create(...args)),
        update: (...args) => wrote('update', resource.update(...args)),
        updateStatus: (...args) => wrote('status update', resource.updateStatus(...args)),
        patch: (...args) => wrote('patch', resource.patch(...args)),
        delete: (...args) => resource.delete(...args),
        subresource: <R>(...args: Parameters<ResourceClient<T>['subresource']>) =>
          resource.subresource<R>(...args),
      };
    },
  };
}

type Selection = Pick<
  NonNullable<Parameters<ResourceClient<ApiObject>['list']>[0]>,
  'namespace' | 'labelSelector' | 'fieldSelector'
>;

function tapped<T extends ApiObject>(
  events: AsyncIterable<WatchEvent<T>>,
  tap: (event: WatchEvent<T>) => void,
): AsyncIterable<WatchEvent<T>> {
  return {
    [Symbol.asyncIterator]() {
      const inner = events[Symbol.asyncIterator]();
      return {
        next: () =>
          inner.next().then((result) => {
            if (result.done !== true) tap(result.value);
            return result;
          }),
        return: () => inner.return?.() ?? Promise.resolve({ done: true, value: undefined }),
      };
    },
  };
}

/** Tells of the processes of pods, as the hosts have them: whatever becomes of the kubelet that started them. */
export function observeProcesses(bus: ObservationBus, hosts: readonly Host[]): void {
  for (const { name: node, processes } of hosts) {
    processes.watcher = (change, pid, { environment }) => {
      const pod = environment['HOSTNAME'];
      if (pod !== undefined) bus.emit({ type: 'process-changed', node, pid, pod, change });
    };
  }
}
