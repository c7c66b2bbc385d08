import type { Container, Probe } from '../api/types.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Platform } from '../platform/platform.ts';

/** What one probe found. `unknown` counts neither way. */
export type ProbeOutcome = 'success' | 'failure' | 'unknown';

/** Probe with the API's defaults filled in, in milliseconds. */
export interface ProbeTiming {
  readonly initialDelayMillis: number;
  readonly periodMillis: number;
  readonly timeoutMillis: number;
}

export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMillis: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMillis: (probe.periodSeconds ?? 10) * 1000,
    timeoutMillis: (probe.timeoutSeconds ?? 1) * 1000,
  };
}

/** Counts outcomes until they are enough to change the verdict. */
export class ProbeVerdict {
  readonly #successThreshold: number;
  readonly #failureThreshold: number;
  #last: 'success' | 'failure' | undefined;
  #streak = 0;
  #value: boolean;

  /** `initial`: readiness starts false, liveness true. */
  constructor(probe: Probe, initial: boolean) {
    this.#successThreshold = probe.successThreshold ?? 1;
    this.#failureThreshold = probe.failureThreshold ?? 3;
    this.#value = initial;
  }

  get value(): boolean {
    return this.#value;
  }

  /** True when the verdict changed. */
  record(outcome: ProbeOutcome): boolean {
    if (outcome === 'unknown') return false;
    this.#streak = outcome === this.#last ? this.#streak + 1 : 1;
    this.#last = outcome;
    const threshold = outcome === 'success' ? this.#successThreshold : this.#failureThreshold;
    const verdict = outcome === 'success';
    if (this.#streak < threshold || this.#value === verdict) return false;
    this.#value = verdict;
    return true;
  }
}

/** Asks once. Never rejects for what the container does. */
export async function runProbe(
  platform: Platform,
  probe: Probe,
  container: Container,
  podIP: string,
): Promise<{ readonly outcome: ProbeOutcome; readonly message: string }> {
  const { timeoutMillis } = probeTiming(probe);
  try {
    if (probe.httpGet !== undefined) {
      const { path = '/', host = podIP, scheme = 'HTTP' } = probe.httpGet;
      const port = portOf(probe.httpGet.port, container);
      if (port === undefined || scheme !== 'HTTP')
        return unknown(`cannot probe ${scheme} port ${probe.httpGet.port}`);
      const status = await getStatus(platform, { host, port }, path, timeoutMillis);
      const good = status >= 200 && status < 400;
      return {
        outcome: good ? 'success' : 'failure',
        message: `HTTP probe answered with statuscode: ${status}`,
      };
    }
    if (probe.tcpSocket !== undefined) {
      const { host = podIP } = probe.tcpSocket;
      const port = portOf(probe.tcpSocket.port, container);
      if (port === undefined) return unknown(`container has no port named ${probe.tcpSocket.port}`);
      const stream = await platform.network.streams.connect({ host, port }, ignoreStream, { timeoutMillis });
      stream.destroy();
      return { outcome: 'success', message: 'connected' };
    }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return { outcome: 'failure', message: error.message };
  }
  return unknown('this kubelet supports httpGet and tcpSocket probes only');
}

async function getStatus(
  platform: Platform,
  address: { readonly host: string; readonly port: number },
  path: string,
  timeoutMillis: number,
): Promise<number> {
  const enough = new AbortController();
  const request = {
    method: 'GET',
    path,
    headers: { 'user-agent': 'kube-probe/drydock', accept: '*/*', connection: 'close' },
    body: new Uint8Array(0),
  };
  const response = await platform.network.http.request(address, request, {
    tls: 'none',
    timeoutMillis,
    signal: enough.signal,
  });
  // The head is the answer; a body that streams on is not waited for.
  enough.abort();
  return response.status;
}

function portOf(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort;
}

function unknown(message: string): { outcome: ProbeOutcome; message: string } {
  return { outcome: 'unknown', message };
}

const ignoreStream = { data() {}, drained() {}, ended() {}, closed() {} };
