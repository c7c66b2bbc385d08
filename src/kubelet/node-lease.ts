import { isApiError } from '../api/status.ts';
import { formatMicroTime } from '../api/time.ts';
import type { Lease, Node } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import { Backoff } from '../client/backoff.ts';
import { leases, nodes } from '../client/resources.ts';
import type { Platform } from '../platform/platform.ts';
import { problemOf } from './failures.ts';
import type { KubeletOptions } from './kubelet-options.ts';

const leaseNamespace = 'kube-node-lease';

/** Renews `kube-node-lease/NODE`: the node's heartbeat, far smaller than its status. */
export class NodeLease {
  readonly #platform: Platform;
  readonly #options: KubeletOptions;
  readonly #leases: ResourceClient<Lease>;
  readonly #nodes: ResourceClient<Node>;
  readonly #backoff: Backoff;
  /** As the API has it, so that a renewal is one request. */
  #lease: Lease | undefined;

  constructor(platform: Platform, options: KubeletOptions) {
    this.#platform = platform;
    this.#options = options;
    this.#leases = options.client.resource(leases);
    this.#nodes = options.client.resource(nodes);
    const { leaseRenewMillis } = options.timing;
    this.#backoff = new Backoff(platform.random, { baseMillis: 200, maxMillis: leaseRenewMillis });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#platform;
    while (!signal.aborted) {
      let delayMillis = this.#options.timing.leaseRenewMillis;
      try {
        this.#lease = await this.#renew();
        this.#backoff.reset();
      } catch (error) {
        this.#lease = undefined;
        delayMillis = this.#backoff.nextMillis();
        // A new node's lease waits for its node; a conflict is settled by reading again.
        const expected = isApiError(error, 'NotFound') || isApiError(error, 'Conflict');
        const fields = { problem: problemOf(error), retryMillis: Math.round(delayMillis) };
        if (expected) logger.debug('node lease not renewed yet', fields);
        else logger.warn('node lease not renewed, will try again', fields);
      }
      await clock.sleep(delayMillis, signal);
    }
  }

  async #renew(): Promise<Lease> {
    const { nodeName, timing } = this.#options;
    const lease = this.#lease ?? (await this.#read());
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: timing.leaseDurationSeconds,
      renewTime: formatMicroTime(this.#platform.clock.wallMillis()),
    };
    if (lease !== undefined) return await this.#leases.update({ ...lease, spec: { ...lease.spec, ...spec } });
    const node = await this.#nodes.get(nodeName);
    return await this.#leases.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: nodeName,
        namespace: leaseNamespace,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid }],
      },
      spec,
    });
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#leases.get(this.#options.nodeName, leaseNamespace);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}
