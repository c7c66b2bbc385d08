import { encodeUtf8 } from '../base/bytes.ts';
import type { Metadata } from '../grpc/metadata.ts';
import type { GrpcMethod, GrpcMethods } from '../grpc/service.ts';
import { grpcCode, type GrpcStatus } from '../grpc/status.ts';
import { decodeBase64 } from '../base/base64.ts';
import type { Clock } from '../platform/clock.ts';
import type { HttpResponse, HttpServerRequest } from '../platform/http.ts';
import { GatewayCall, timeIsUp } from './gateway-call.ts';
import { fromJson, toJson } from './proto/json.ts';
import { JsonError, JsonReader } from './proto/json-reader.ts';
import type { MethodType } from './proto/message.ts';
import { services } from './proto/services.ts';

/** gRPC's codes as HTTP's (grpc-gateway, HTTPStatusFromCode). */
const httpStatuses: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

const jsonHeaders = { 'content-type': 'application/json' };
const answerHeaders = { ...jsonHeaders, 'grpc-metadata-content-type': 'application/grpc' };
/** How long the head of a stream's answer waits for the first message, which may still be an error with a status of its own. */
const firstMessageMillis = 1000;
/** In less than this nothing can be done. */
const timeoutMillisMin = 0.1;
/** Headers with this prefix become metadata. */
const metadataPrefix = 'grpc-metadata-';

interface Binding {
  readonly type: MethodType;
  readonly path: string;
  readonly method: GrpcMethod;
}

/**
 * etcd's JSON gateway (grpc-gateway): `POST /v3/kv/put {"key":"Zm9v"}` calls the same methods as gRPC. Streams come as lines of
 * `{"result":…}`, the last one perhaps `{"error":…}`; several requests for one stream follow each other in the body.
 */
export class Gateway {
  readonly #clock: Clock;
  readonly #bindings = new Map<string, Binding>();

  constructor(methods: GrpcMethods, clock: Clock) {
    this.#clock = clock;
    for (const service of services) {
      for (const type of service.methods) {
        const path = `/${service.name}/${type.name}`;
        const method = methods.get(path);
        if (method === undefined) continue;
        for (const url of type.paths) this.#bindings.set(url, { type, path, method });
      }
    }
  }

  async handle(request: HttpServerRequest): Promise<HttpResponse> {
    const binding = this.#bindings.get(request.path.split('?', 1)[0]!);
    if (binding === undefined) return failure({ code: grpcCode.notFound, message: 'Not Found' });
    if (request.method !== 'POST') {
      return failure({ code: grpcCode.unimplemented, message: 'Method Not Allowed' });
    }
    const timeout = request.headers['grpc-timeout'] ?? '';
    const timeoutMillis = parseTimeout(timeout);
    if (timeoutMillis === 'malformed') {
      return failure({ code: grpcCode.invalidArgument, message: `invalid grpc-timeout: ${timeout}` });
    }
    let messages: Uint8Array[];
    try {
      messages = readMessages(binding.type, request.body);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return failure({ code: grpcCode.invalidArgument, message: error.message });
    }
    if (timeoutMillis !== undefined && timeoutMillis < timeoutMillisMin) return failure(timeIsUp);
    const metadata = new HeaderMetadata(request.headers);
    const call = new GatewayCall(binding.path, metadata, request.remoteHost, this.#clock, timeoutMillis);
    request.left?.addEventListener('abort', () => call.cancel('the client left'), { once: true });
    begin(binding, call, messages);
    const { type } = binding;
    const first = call.next();
    if (type.serverStreams) {
      const waited = new Promise<undefined>((resolve) => {
        this.#clock.setTimer(firstMessageMillis, () => resolve(undefined));
      });
      return streamed(type, call, first, await Promise.race([first, waited]));
    }
    const answer = await first;
    if (!(answer instanceof Uint8Array)) return failure(answer);
    return { status: 200, headers: answerHeaders, body: encodeUtf8(answerText(type, answer)) };
  }
}

/** The requests in a body: exactly one, and empty if it is not there, unless the client may stream them. @throws JsonError */
function readMessages({ request, clientStreams }: MethodType, body: Uint8Array): Uint8Array[] {
  const reader = new JsonReader(body);
  const messages: Uint8Array[] = [];
  for (;;) {
    const node = reader.next();
    if (node === undefined) break;
    messages.push(request.encode(fromJson(request, node)));
    // What follows is not looked at.
    if (!clientStreams) break;
  }
  return messages.length === 0 && !clientStreams ? [request.encode({})] : messages;
}

function begin({ method }: Binding, call: GatewayCall, messages: readonly Uint8Array[]): void {
  if ('handle' in method) {
    method.handle(messages[0]!, call);
    return;
  }
  const events = method.open(call);
  call.events = events;
  for (const message of messages) {
    if (!call.ended) events.message(message);
  }
  if (!call.ended) events.halfClosed();
}

/** What went wrong before the first message is the HTTP status, too. */
function streamed(
  type: MethodType,
  call: GatewayCall,
  first: Promise<Next>,
  known: Next | undefined,
): HttpResponse {
  const failed = known !== undefined && !(known instanceof Uint8Array) && known.code !== grpcCode.ok;
  return {
    status: failed ? httpStatuses[known.code]! : 200,
    headers: failed ? jsonHeaders : answerHeaders,
    body: { [Symbol.asyncIterator]: () => new Lines(type, call, first) },
  };
}

type Next = Uint8Array | GrpcStatus;

/** The messages of a stream as lines. Not a generator: one that waits for a message could not be told that the client left. */
class Lines implements AsyncIterator<Uint8Array, undefined> {
  readonly #type: MethodType;
  readonly #call: GatewayCall;
  #first: Promise<Next> | undefined;
  #done = false;

  constructor(type: MethodType, call: GatewayCall, first: Promise<Next>) {
    this.#type = type;
    this.#call = call;
    this.#first = first;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    const next = await (this.#first ?? this.#call.next());
    this.#first = undefined;
    if (next instanceof Uint8Array) return line(`{"result":${answerText(this.#type, next)}}`);
    this.#done = true;
    if (next.code === grpcCode.ok) return { done: true, value: undefined };
    return line(`{"error":${JSON.stringify(next)}}`);
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#done = true;
    this.#call.cancel('the client left');
    return { done: true, value: undefined };
  }
}

function line(text: string): IteratorResult<Uint8Array, undefined> {
  return { done: false, value: encodeUtf8(`${text}\n`) };
}

function answerText({ response }: MethodType, message: Uint8Array): string {
  return JSON.stringify(toJson(response, response.decode(message)));
}

function failure({ code, message }: GrpcStatus): HttpResponse {
  // Not every sentence can stand in a header.
  const challenge = code === grpcCode.unauthenticated && /^[\x20-\x7e]*$/.test(message);
  return {
    status: httpStatuses[code]!,
    headers: challenge ? { ...jsonHeaders, 'www-authenticate': message } : jsonHeaders,
    body: encodeUtf8(JSON.stringify({ code, message })),
  };
}

const unitNanos: Readonly<Record<string, bigint>> = {
  H: 3_600_000_000_000n,
  M: 60_000_000_000n,
  S: 1_000_000_000n,
  m: 1_000_000n,
  u: 1_000n,
  n: 1n,
};

/** Less strict than gRPC's own: any integer of 64 bits, and what is too long in nanoseconds wraps, as Go's numbers do. */
function parseTimeout(text: string): number | undefined | 'malformed' {
  if (text === '') return undefined;
  const match = /^([+-]?\d+)([HMSmun])$/.exec(text);
  if (match === null) return 'malformed';
  const count = BigInt(match[1]!.replace('+', ''));
  if (count !== BigInt.asIntN(64, count)) return 'malformed';
  const nanos = BigInt.asIntN(64, count * unitNanos[match[2]!]!);
  return nanos === 0n ? undefined : Number(nanos) / 1e6;
}

/** HTTP headers as a call's metadata: `authorization`, and what is named `Grpc-Metadata-…`. */
class HeaderMetadata implements Metadata {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(headers: Readonly<Record<string, string>>) {
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    return (
      this.#headers[`${metadataPrefix}${name}`] ??
      (name === 'authorization' ? this.#headers[name] : undefined)
    );
  }

  getBytes(name: string): Uint8Array | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : decodeBase64(value);
  }
}
