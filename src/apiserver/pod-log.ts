import { badRequest, internal } from '../api/errors.ts';
import { ApiError } from '../api/status.ts';
import type { Node, Pod } from '../api/types.ts';
import { concatBytes, decodeUtf8, emptyBytes } from '../base/bytes.ts';
import { NetworkError } from '../platform/errors.ts';
import type { HttpResponse } from '../platform/http.ts';
import type { Platform } from '../platform/platform.ts';
import type { Registry } from './registry.ts';

/** What is handed on to the kubelet. */
const logParameters = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
];

/** Most of a kubelet's refusal that is read to be repeated. */
const refusalBytesMax = 4_096;

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** GET pods/NAME/log: the kubelet of the pod's node has the log; its answer is streamed through. @throws ApiError */
export async function podLog(
  platform: Platform,
  tls: 'mutual' | 'none',
  registries: { readonly pods: Registry; readonly nodes: Registry },
  place: { readonly namespace: string | undefined; readonly name: string },
  query: URLSearchParams,
): Promise<HttpResponse> {
  const pod = (await registries.pods.get(place.namespace, place.name)) as Pod;
  const container = containerOf(pod, query.get('container') ?? '');
  const { nodeName } = pod.spec;
  if (nodeName === undefined || nodeName === '')
    throw badRequest(`pod ${place.name} does not have a host assigned`);
  const node = (await registries.nodes.get(undefined, nodeName)) as Node;
  const host = addressOf(node);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  if (host === undefined || port === 0) throw internal(`node "${nodeName}" has no kubelet address yet`);

  const parameters = new URLSearchParams();
  for (const name of logParameters) {
    const value = query.get(name);
    if (value !== null) parameters.set(name, value);
  }
  const text = parameters.toString();
  const path = `/containerLogs/${pod.metadata.namespace}/${place.name}/${container}${text === '' ? '' : `?${text}`}`;
  let response: HttpResponse;
  try {
    const request = { method: 'GET', path, headers: {}, body: emptyBytes };
    response = await platform.network.http.request({ host, port }, request, { tls });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw internal(`Get "https://${host}:${port}${path}": ${error.message}`);
  }
  if (response.status !== 200) throw await refusalOf(response);
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: response.body };
}

function containerOf(pod: Pod, asked: string): string {
  const names = pod.spec.containers.map(({ name }) => name);
  if (asked !== '') {
    if (!names.includes(asked))
      throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
    return asked;
  }
  const preferred = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (preferred !== undefined && names.includes(preferred)) return preferred;
  if (names.length === 1) return names[0]!;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]`,
  );
}

/** The address by which the API server reaches a node. */
function addressOf(node: Node): string | undefined {
  const addresses = node.status?.addresses ?? [];
  for (const type of ['InternalIP', 'Hostname', 'ExternalIP']) {
    const found = addresses.find((one) => one.type === type);
    if (found !== undefined) return found.address;
  }
  return undefined;
}

async function refusalOf(response: HttpResponse): Promise<ApiError> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body instanceof Uint8Array) {
    parts.push(response.body);
  } else {
    for await (const part of response.body) {
      parts.push(part);
      length += part.length;
      if (length >= refusalBytesMax) break;
    }
  }
  const text = decodeUtf8(concatBytes(parts).subarray(0, refusalBytesMax)).trim();
  return response.status >= 400 && response.status < 500 ? badRequest(text) : internal(text);
}
