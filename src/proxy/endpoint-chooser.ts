import type { ProxyEndpoint, ProxyRule } from './proxy-table.ts';

/** Clients remembered per rule; beyond it the one not seen for longest is forgotten. */
const clientsMax = 10_000;

/**
 * Which endpoints a new connection tries, in order: round robin over the rule's endpoints, or the client's
 * own endpoint first if the rule has affinity.
 */
export class EndpointChooser {
  #rule: ProxyRule;
  #next = 0;
  /** Least recently seen first. */
  readonly #clients = new Map<string, { readonly endpoint: string; readonly seenAtMillis: number }>();

  constructor(rule: ProxyRule) {
    this.#rule = rule;
  }

  get rule(): ProxyRule {
    return this.#rule;
  }

  replace(rule: ProxyRule): void {
    this.#rule = rule;
    if (rule.affinitySeconds === undefined) this.#clients.clear();
  }

  /** At most `attemptsMax`; empty when the service has no endpoints. */
  choose(client: string, nowMillis: number, attemptsMax: number): ProxyEndpoint[] {
    const { endpoints, affinitySeconds } = this.#rule;
    if (endpoints.length === 0) return [];
    const start = this.#next % endpoints.length;
    this.#next = start + 1;
    const order = [...endpoints.slice(start), ...endpoints.slice(0, start)];
    const seen = affinitySeconds === undefined ? undefined : this.#clients.get(client);
    if (seen !== undefined && nowMillis - seen.seenAtMillis < affinitySeconds! * 1000) {
      order.sort((a, b) => Number(nameOf(b) === seen.endpoint) - Number(nameOf(a) === seen.endpoint));
    }
    return order.slice(0, attemptsMax);
  }

  /** The endpoint that took the client's connection: the next one goes there too if the rule has affinity. */
  remember(client: string, endpoint: ProxyEndpoint, nowMillis: number): void {
    if (this.#rule.affinitySeconds === undefined) return;
    this.#clients.delete(client);
    this.#clients.set(client, { endpoint: nameOf(endpoint), seenAtMillis: nowMillis });
    if (this.#clients.size <= clientsMax) return;
    const [oldest] = this.#clients.keys();
    if (oldest !== undefined) this.#clients.delete(oldest);
  }
}

function nameOf(endpoint: ProxyEndpoint): string {
  return `${endpoint.ip}:${endpoint.port}`;
}
