import { encodeUtf8 } from '../base/bytes.ts';
import { parseTime } from '../api/time.ts';
import type { Pod } from '../api/types.ts';
import type { Lister } from '../client/informer.ts';
import type { HttpResponse, HttpServerRequest } from '../platform/http.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import { RuntimeError } from './runtime/runtime.ts';
import type { LogOptions, Runtime, RuntimeContainer } from './runtime/runtime.ts';

export interface LogServerOptions {
  readonly listen: Address;
  readonly tls: 'mutual' | 'none';
  readonly runtime: Runtime;
  readonly pods: Lister<Pod>;
}

/** The group of the API servers' certificates, and of administrators'. */
const apiServerGroup = 'system:masters';

/**
 * The kubelet's own HTTP API, as much of it as the API server's `pods/log` needs:
 * `/containerLogs/NS/POD/CONTAINER`, `/pods` and `/healthz`. With mutual TLS everything but `/healthz` is
 * for callers that show a certificate of the cluster.
 */
export class LogServer {
  readonly #platform: Platform;
  readonly #options: LogServerOptions;

  constructor(platform: Platform, options: LogServerOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  /** Rejects with a NetworkError when the address cannot be had. */
  async listen(): Promise<Listener> {
    const { listen, tls } = this.#options;
    return await this.#platform.network.http.serve(listen, (request) => this.handle(request), { tls });
  }

  async handle(request: HttpServerRequest): Promise<HttpResponse> {
    const [path = '', query = ''] = request.path.split('?', 2);
    if (request.method !== 'GET') return text(405, 'only GET is served here\n');
    if (path === '/healthz') return text(200, 'ok');
    if (this.#options.tls === 'mutual') {
      const { identity } = request;
      if (identity === undefined)
        return text(401, 'Unauthorized: show a client certificate of this cluster\n');
      // The API server decides who may read a log; another node's certificate is no reason to show one.
      if (!identity.groups.includes(apiServerGroup)) {
        return text(403, `Forbidden: user ${identity.user} is not in group ${apiServerGroup}\n`);
      }
    }
    if (path === '/pods') return this.#pods();
    const [root, namespace, pod, container, ...rest] = path.slice(1).split('/').map(decodeSegment);
    if (root !== 'containerLogs' || container === undefined || rest.length > 0) {
      return text(404, '404 page not found\n');
    }
    return await this.#logs(namespace!, pod!, container, new URLSearchParams(query));
  }

  #pods(): HttpResponse {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: this.#options.pods.list() };
    const headers = { 'content-type': 'application/json' };
    return { status: 200, headers, body: encodeUtf8(`${JSON.stringify(list)}\n`) };
  }

  async #logs(
    namespace: string,
    podName: string,
    containerName: string,
    query: URLSearchParams,
  ): Promise<HttpResponse> {
    const { runtime, pods } = this.#options;
    const options = parseLogOptions(query, this.#platform.clock.wallMillis());
    if (typeof options === 'string') return text(400, `${options}\n`);
    const pod = pods.get(`${namespace}/${podName}`);
    if (pod === undefined) return text(404, `pod "${podName}" not found in namespace "${namespace}"\n`);
    if (!pod.spec.containers.some((container) => container.name === containerName)) {
      return text(404, `container ${containerName} is not valid for pod ${podName}\n`);
    }
    const sandbox = (await runtime.listPodSandbox()).find((each) => each.config.uid === pod.metadata.uid);
    const attempts = (await runtime.listContainers()).filter(
      (each) => each.sandboxId === sandbox?.id && each.name === containerName && each.state !== 'Created',
    );
    const current = attempts.at(-1);
    if (current === undefined) {
      const why = waitingFor(pod, containerName);
      return text(400, `container "${containerName}" in pod "${podName}" is waiting to start: ${why}\n`);
    }
    const wanted = isTrue(query.get('previous')) ? previousOf(attempts, current) : current;
    if (wanted === undefined) {
      return text(400, `previous terminated container "${containerName}" in pod "${podName}" not found\n`);
    }
    const body = cancellable((signal) => runtime.containerLogs(wanted.id, options, signal));
    return { status: 200, headers: { 'content-type': 'text/plain' }, body };
  }
}

/** The one that ended last before the running one; an ended one is its own previous, as in the kubelet. */
function previousOf(
  attempts: readonly RuntimeContainer[],
  current: RuntimeContainer,
): RuntimeContainer | undefined {
  return current.state === 'Exited' ? current : attempts.at(-2);
}

/** Why a container has not been started, as its status tells. */
function waitingFor(pod: Pod, containerName: string): string {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === containerName);
  const reason = status?.state?.waiting?.reason ?? 'ContainerCreating';
  const failsToPull = reason === 'ErrImagePull' || reason === 'ImagePullBackOff';
  return failsToPull ? 'trying and failing to pull image' : reason;
}

/** The query of pods/log, or what is wrong with it. */
export function parseLogOptions(query: URLSearchParams, nowMillis: number): LogOptions | string {
  const numbers: Record<string, number> = {};
  for (const name of ['tailLines', 'sinceSeconds', 'limitBytes']) {
    const value = query.get(name);
    if (value === null || value === '') continue;
    if (!/^\d{1,15}$/.test(value)) return `${name} must be a number that is not negative`;
    numbers[name] = Number(value);
  }
  const { tailLines, sinceSeconds, limitBytes } = numbers;
  if (limitBytes === 0 || sinceSeconds === 0) return 'limitBytes and sinceSeconds must be greater than 0';
  let sinceMillis = sinceSeconds === undefined ? undefined : nowMillis - sinceSeconds * 1000;
  const sinceTime = query.get('sinceTime');
  if (sinceTime !== null && sinceTime !== '') {
    sinceMillis = parseTime(sinceTime);
    if (sinceMillis === undefined) return 'sinceTime must be an RFC 3339 time';
  }
  return {
    follow: isTrue(query.get('follow')),
    timestamps: isTrue(query.get('timestamps')),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceMillis === undefined ? {} : { sinceMillis }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** `start(signal)` as a body whose reader may leave at any time, also while it waits for the next chunk. */
function cancellable(start: (signal: AbortSignal) => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const left = new AbortController();
      const source = start(left.signal)[Symbol.asyncIterator]();
      return {
        next: async () => {
          try {
            return await source.next();
          } catch (error) {
            // Removed while it was read: its log ends here.
            if (error instanceof RuntimeError) return { done: true, value: undefined };
            throw error;
          }
        },
        return: async () => {
          left.abort();
          await source.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return segment;
  }
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: encodeUtf8(body) };
}
