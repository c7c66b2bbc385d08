import { isApiError } from '../api/status.ts';
import type { Node } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import { Backoff } from '../client/backoff.ts';
import type { Informer } from '../client/informer.ts';
import { nodes } from '../client/resources.ts';
import type { Platform } from '../platform/platform.ts';
import { problemOf } from './failures.ts';
import type { KubeletOptions } from './kubelet-options.ts';
import { nodeLabels, nodeStatus, sameEntries, sameNodeStatus } from './node-status.ts';
import { Wakeup } from './wakeup.ts';

/**
 * Keeps this node's object as it should be: makes it, gives it its labels and its pod block, and writes
 * its status when the API has another one (a node controller may have called it Unknown), or at least
 * every `statusReportMillis`.
 */
export class NodeRegistrar {
  readonly #platform: Platform;
  readonly #options: KubeletOptions;
  readonly #nodes: ResourceClient<Node>;
  readonly #informer: Informer<Node>;
  readonly #runtimeVersion: string;
  readonly #wakeup: Wakeup;
  readonly #backoff: Backoff;
  #reportedAtMillis = Number.NEGATIVE_INFINITY;

  /** `informer` sees this node alone. */
  constructor(platform: Platform, options: KubeletOptions, informer: Informer<Node>, runtimeVersion: string) {
    this.#platform = platform;
    this.#options = options;
    this.#nodes = options.client.resource(nodes);
    this.#informer = informer;
    this.#runtimeVersion = runtimeVersion;
    this.#wakeup = new Wakeup(platform.clock);
    this.#backoff = new Backoff(platform.random, {
      baseMillis: 200,
      maxMillis: options.timing.statusUpdateMillis,
    });
    const notify = (): void => this.#wakeup.notify();
    informer.addHandler({ updated: notify, deleted: notify });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timing } = this.#options;
    let node: Node | undefined;
    while (!signal.aborted) {
      try {
        // The cache may be behind what was just written here: the newer of the two counts.
        const cached = this.#informer.lister.get(this.#options.nodeName);
        node = await this.#reconcile(this.#informer.synced ? cached : node);
        this.#backoff.reset();
        await this.#wakeup.wait(timing.statusUpdateMillis, signal);
      } catch (error) {
        const retryMillis = this.#backoff.nextMillis();
        this.#platform.logger.warn('node not registered or its status not written, will try again', {
          problem: problemOf(error),
          retryMillis: Math.round(retryMillis),
        });
        await this.#platform.clock.sleep(retryMillis, signal);
      }
    }
  }

  async #reconcile(cached: Node | undefined): Promise<Node> {
    const node = await this.#reconcileSpec(cached ?? (await this.#register()));
    const { clock } = this.#platform;
    const status = nodeStatus(this.#options, this.#runtimeVersion, node.status, clock.wallMillis());
    const sinceReportMillis = clock.monotonicMillis() - this.#reportedAtMillis;
    if (sameNodeStatus(status, node.status) && sinceReportMillis < this.#options.timing.statusReportMillis) {
      return node;
    }
    const written = await this.#nodes.patch(
      this.#options.nodeName,
      { status },
      { type: 'strategic', subresource: 'status' },
    );
    this.#reportedAtMillis = clock.monotonicMillis();
    return written;
  }

  /** The node as the API has it, made if it is not there. */
  async #register(): Promise<Node> {
    const { nodeName, podCidr } = this.#options;
    try {
      const created = await this.#nodes.create({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: nodeName, labels: nodeLabels(this.#options) },
        spec: { podCIDR: podCidr },
        status: nodeStatus(this.#options, this.#runtimeVersion, undefined, this.#platform.clock.wallMillis()),
      });
      this.#platform.logger.info('node registered', { node: nodeName });
      return created;
    } catch (error) {
      // Usual after a restart.
      if (!isApiError(error, 'AlreadyExists')) throw error;
      return await this.#nodes.get(nodeName);
    }
  }

  async #reconcileSpec(node: Node): Promise<Node> {
    const { nodeName, podCidr } = this.#options;
    const labels = nodeLabels(this.#options);
    const sameLabels = sameEntries(labels, node.metadata.labels);
    if (sameLabels && node.spec.podCIDR !== undefined) return node;
    const spec = node.spec.podCIDR === undefined ? { spec: { podCIDR: podCidr } } : {};
    return await this.#nodes.patch(nodeName, { metadata: { labels }, ...spec }, { type: 'merge' });
  }
}
