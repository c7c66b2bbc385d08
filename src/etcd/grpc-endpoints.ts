import { assert, must } from '../base/assert.ts';
import { GrpcChannel, type GrpcChannelOptions } from '../grpc/channel.ts';
import type { Address } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';

/** How long a broken endpoint is left alone: doubling, each time less a random half, so that clients do not come back in step. */
const backoffBaseMillis = 100;
const backoffMaxMillis = 3000;

/** One member of the cluster, as a client knows it. */
export class Endpoint {
  readonly name: string;
  readonly channel: GrpcChannel;
  /** In a row, counted once per time of rest. */
  failures = 0;
  /** On the monotonic clock; until then only those come here who have no other choice. */
  retryAtMillis = Number.NEGATIVE_INFINITY;

  constructor(name: string, channel: GrpcChannel) {
    this.name = name;
    this.channel = channel;
  }
}

/**
 * The members a client may talk to. Sticky: one is used, chosen at random first, until it fails; then the next in order
 * that is not at rest. A member that failed is tried again after its rest, and used again when the others fail.
 */
export class Endpoints {
  readonly #platform: Platform;
  readonly #endpoints: readonly Endpoint[];
  #current: number;

  constructor(platform: Platform, addresses: readonly Address[], options: GrpcChannelOptions) {
    assert(addresses.length > 0, 'an etcd client needs an endpoint');
    this.#platform = platform;
    this.#endpoints = addresses.map(
      (address) =>
        new Endpoint(`${address.host}:${address.port}`, new GrpcChannel(platform, address, options)),
    );
    this.#current = platform.random.integer(addresses.length);
  }

  get size(): number {
    return this.#endpoints.length;
  }

  /** The one to use now. When all are at rest it is the one whose rest ends first. */
  choose(): Endpoint {
    const current = must(this.#endpoints[this.#current]);
    if (current.failures === 0) return current;
    const nowMillis = this.#platform.clock.monotonicMillis();
    let soonest = this.#current;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const at = (this.#current + i) % this.#endpoints.length;
      const { retryAtMillis } = must(this.#endpoints[at]);
      if (retryAtMillis <= nowMillis) {
        soonest = at;
        break;
      }
      if (retryAtMillis < must(this.#endpoints[soonest]).retryAtMillis) soonest = at;
    }
    const chosen = must(this.#endpoints[soonest]);
    if (soonest !== this.#current) {
      this.#current = soonest;
      this.#platform.logger.info('moving to another etcd endpoint', { endpoint: chosen.name });
    }
    return chosen;
  }

  /** How long `endpoint` is still at rest. */
  restMillis(endpoint: Endpoint): number {
    if (endpoint.failures === 0) return 0;
    return Math.max(0, endpoint.retryAtMillis - this.#platform.clock.monotonicMillis());
  }

  worked(endpoint: Endpoint): void {
    if (endpoint.failures === 0) return;
    endpoint.failures = 0;
    endpoint.retryAtMillis = Number.NEGATIVE_INFINITY;
  }

  /** It does not answer, or cannot serve. Of many calls that fail together the first one counts. */
  failed(endpoint: Endpoint, reason: string): void {
    const nowMillis = this.#platform.clock.monotonicMillis();
    if (nowMillis < endpoint.retryAtMillis) return;
    const restMillis = Math.min(backoffMaxMillis, backoffBaseMillis * 2 ** Math.min(endpoint.failures, 32));
    endpoint.failures++;
    endpoint.retryAtMillis = nowMillis + restMillis * (1 - this.#platform.random.float() / 2);
    if (endpoint.failures === 1) {
      this.#platform.logger.warn('an etcd endpoint failed', { endpoint: endpoint.name, reason });
    }
  }

  close(): void {
    for (const { channel } of this.#endpoints) channel.close();
  }
}
