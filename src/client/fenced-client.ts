import type { ApiObject } from '../api/types.ts';
import { NetworkError } from '../platform/errors.ts';
import type { ApiClient, ResourceClient, ResourceRef } from './api-client.ts';

/**
 * A client that sends nothing any more once `signal` has aborted; its methods reject with a NetworkError
 * 'ABORTED' then. For work that must end with a lease. A request that was sent before may still arrive.
 */
export function createFencedClient(client: ApiClient, signal: AbortSignal): ApiClient {
  return {
    resource<T extends ApiObject>(ref: ResourceRef<T>): ResourceClient<T> {
      const resource = client.resource(ref);
      const fenced =
        <A extends unknown[], R>(send: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (signal.aborted) throw new NetworkError('ABORTED', 'leadership has ended');
          return send(...args);
        };
      return {
        get: fenced((...args) => resource.get(...args)),
        list: fenced((...args) => resource.list(...args)),
        watch: (options) => resource.watch(options),
        create: fenced((...args) => resource.create(...args)),
        update: fenced((...args) => resource.update(...args)),
        updateStatus: fenced((...args) => resource.updateStatus(...args)),
        patch: fenced((...args) => resource.patch(...args)),
        delete: fenced((...args) => resource.delete(...args)),
        async subresource<R>(...args: Parameters<ResourceClient<T>['subresource']>): Promise<R> {
          if (signal.aborted) throw new NetworkError('ABORTED', 'leadership has ended');
          return resource.subresource<R>(...args);
        },
      };
    },
  };
}
