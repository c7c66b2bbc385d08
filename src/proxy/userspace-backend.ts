import { sortedEntries } from '../base/order.ts';
import type { Timer } from '../platform/clock.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import type { ByteStream, StreamEvents } from '../platform/streams.ts';
import { EndpointChooser } from './endpoint-chooser.ts';
import type { ProxyBackend } from './proxy-backend.ts';
import type { ProxyEndpoint, ProxyRule, ProxyTableChange } from './proxy-table.ts';
import { Relay } from './relay.ts';

export interface UserspaceBackendOptions {
  /** Where this node listens for a ClusterIP: `mapServiceAddress`. */
  readonly serviceAddress: (clusterIP: string) => string;
  /** The wait before an address that could not be had is tried again. Default 10 000. */
  readonly bindRetryMillis?: number;
  /** How long one endpoint may take to accept. Default 2000. */
  readonly connectTimeoutMillis?: number;
  /** Endpoints that one connection tries. Default 3. */
  readonly connectAttemptsMax?: number;
  /** Open connections of one rule; more are closed at once. Default 4096. */
  readonly connectionsMax?: number;
}

/**
 * The proxy backend that needs no privileges: for each rule it listens on an address of its own and
 * relays every connection. Only TCP; the endpoint sees the node's address, not the client's.
 */
export class UserspaceBackend implements ProxyBackend {
  readonly #platform: Platform;
  readonly #options: Required<UserspaceBackendOptions>;
  readonly #ports = new Map<string, ServicePortal>();

  constructor(platform: Platform, options: UserspaceBackendOptions) {
    this.#platform = platform;
    this.#options = {
      bindRetryMillis: 10_000,
      connectTimeoutMillis: 2_000,
      connectAttemptsMax: 3,
      connectionsMax: 4096,
      ...options,
    };
  }

  async apply(change: ProxyTableChange): Promise<void> {
    for (const key of change.removed) {
      await this.#ports.get(key)?.close();
      this.#ports.delete(key);
    }
    for (const rule of change.set) {
      const known = this.#ports.get(rule.key);
      if (known !== undefined) {
        known.replace(rule);
      } else if (rule.protocol === 'TCP') {
        const portal = new ServicePortal(this.#platform, this.#options, rule);
        this.#ports.set(rule.key, portal);
        await portal.open();
      } else {
        this.#platform.logger.warn('the userspace proxy relays TCP only: this port is not served', {
          service: rule.service,
          protocol: rule.protocol,
        });
      }
    }
  }

  async close(): Promise<void> {
    for (const [key, portal] of sortedEntries(this.#ports)) {
      await portal.close();
      this.#ports.delete(key);
    }
  }
}

/** One rule made real. */
class ServicePortal {
  readonly #platform: Platform;
  readonly #options: Required<UserspaceBackendOptions>;
  readonly #chooser: EndpointChooser;
  readonly #relays = new Set<Relay>();
  #listener: Listener | undefined;
  #retry: Timer | undefined;
  #closed = false;

  constructor(platform: Platform, options: Required<UserspaceBackendOptions>, rule: ProxyRule) {
    this.#platform = platform;
    this.#options = options;
    this.#chooser = new EndpointChooser(rule);
  }

  /** New connections follow the new rule; open ones stay where they are, as with kube-proxy. */
  replace(rule: ProxyRule): void {
    this.#chooser.replace(rule);
  }

  async open(): Promise<void> {
    const { rule } = this.#chooser;
    const address = { host: this.#options.serviceAddress(rule.clusterIP), port: rule.port };
    try {
      const listener = await this.#platform.network.streams.listen(address, (stream) => this.#accept(stream));
      if (this.#closed) return await listener.close();
      this.#listener = listener;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const { bindRetryMillis } = this.#options;
      this.#platform.logger.warn('service address cannot be had, will try again', {
        service: rule.service,
        address: `${address.host}:${address.port}`,
        code: error.code,
        remedy: remedyOf(error),
        retryMillis: bindRetryMillis,
      });
      if (this.#closed) return;
      this.#retry = this.#platform.clock.setTimer(bindRetryMillis, () => void this.open());
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    for (const relay of this.#relays) relay.destroy();
    await this.#listener?.close();
  }

  #accept(client: ByteStream): StreamEvents {
    const nowMillis = this.#platform.clock.monotonicMillis();
    const { connectAttemptsMax, connectionsMax } = this.#options;
    const relay = new Relay(this.#platform, client);
    const endpoints =
      this.#relays.size < connectionsMax
        ? this.#chooser.choose(client.remoteHost, nowMillis, connectAttemptsMax)
        : [];
    this.#relays.add(relay);
    void this.#relay(relay, client, endpoints);
    const { clientEvents } = relay;
    return {
      ...clientEvents,
      closed: (error) => {
        this.#relays.delete(relay);
        clientEvents.closed(error);
      },
    };
  }

  async #relay(relay: Relay, client: ByteStream, endpoints: readonly ProxyEndpoint[]): Promise<void> {
    const chosen = await relay.connect(endpoints, this.#options.connectTimeoutMillis);
    if (chosen === undefined) return;
    this.#chooser.remember(client.remoteHost, chosen, this.#platform.clock.monotonicMillis());
  }
}

function remedyOf(error: NetworkError): string {
  switch (error.code) {
    case 'EACCES':
      return 'ports below 1024 need root or CAP_NET_BIND_SERVICE: run the agent with it, or use a higher service port';
    case 'EADDRINUSE':
      return 'another process listens there: end it, or give this node another service block';
    case 'EADDRNOTAVAIL':
      return 'the address is not of this machine: use a service block inside 127.0.0.0/8';
    default:
      return error.message;
  }
}
