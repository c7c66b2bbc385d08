/**
 * proxy/: makes Services work on one node: what connects to a ClusterIP reaches one of the service's
 * endpoints.
 *
 * Boundary: reads Services and EndpointSlices through client/, writes nothing to the API, and reaches the
 * node's network only through a ProxyBackend.
 *
 * Invariants
 *   X1  The table is a function of the cached Services and EndpointSlices (`buildProxyTable`), not of events.
 *   X2  Before both caches have synced nothing is applied: a restart never takes rules away for lack of news.
 *   X3  The backend is told differences, one call at a time, in order.
 *   X4  A service without endpoints refuses at once; it never hangs.
 *   X5  An API that does not answer leaves the last table in force.
 */

import type { ApiClient } from '../client/api-client.ts';
import type { ResourceEventHandler } from '../client/informer.ts';
import { endpointSlices, services } from '../client/resources.ts';
import { createInformer } from '../client/shared-informer.ts';
import type { ApiObject } from '../api/types.ts';
import type { Platform } from '../platform/platform.ts';
import type { ProxyBackend } from './proxy-backend.ts';
import { buildProxyTable, diffProxyTables } from './proxy-table.ts';
import type { ProxyTable } from './proxy-table.ts';

export interface ServiceProxyOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly backend: ProxyBackend;
  /** Changes within this time are applied together. Default 100; kube-proxy's minSyncPeriod is 1000. */
  readonly minSyncMillis?: number;
}

export class ServiceProxy {
  readonly #platform: Platform;
  readonly #options: ServiceProxyOptions;
  #table: ProxyTable = [];
  #dirty = true;
  #wake = (): void => {};

  constructor(platform: Platform, options: ServiceProxyOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  /** Runs until `signal` aborts, then closes the backend. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, backend } = this.#options;
    const ended = new AbortController();
    const onAbort = (): void => {
      ended.abort();
      this.#wake();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const serviceInformer = createInformer(client, this.#platform, services);
    const sliceInformer = createInformer(client, this.#platform, endpointSlices);
    const changed = (): void => {
      this.#dirty = true;
      this.#wake();
    };
    const handler: ResourceEventHandler<ApiObject> = { added: changed, updated: changed, deleted: changed };
    serviceInformer.addHandler(handler);
    sliceInformer.addHandler(handler);
    const sync = async (): Promise<void> => {
      if (!(await serviceInformer.waitForSync(ended.signal))) return;
      if (!(await sliceInformer.waitForSync(ended.signal))) return;
      await this.#syncLoop(ended.signal, () =>
        buildProxyTable(serviceInformer.lister.list(), sliceInformer.lister.list()),
      );
    };
    const tasks = [serviceInformer.run(ended.signal), sliceInformer.run(ended.signal), sync()];
    try {
      await Promise.all(tasks);
    } finally {
      // The first to fail takes the others with it.
      onAbort();
      await Promise.allSettled(tasks);
      signal.removeEventListener('abort', onAbort);
      await backend.close();
    }
  }

  async #syncLoop(signal: AbortSignal, desired: () => ProxyTable): Promise<void> {
    const { backend, minSyncMillis = 100, nodeName } = this.#options;
    while (!signal.aborted) {
      if (!this.#dirty) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (!(await this.#platform.clock.sleep(minSyncMillis, signal))) return;
      }
      this.#dirty = false;
      const table = desired();
      const change = diffProxyTables(this.#table, table);
      if (change.set.length === 0 && change.removed.length === 0) continue;
      await backend.apply(change);
      this.#table = table;
      this.#platform.logger.debug('proxy table applied', {
        node: nodeName,
        rules: table.length,
        set: change.set.length,
        removed: change.removed.length,
      });
    }
  }
}
