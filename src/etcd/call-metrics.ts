import type { Message } from '../grpc/message.ts';
import type { Metadata } from '../grpc/metadata.ts';
import type { CallEvents, GrpcMethod, GrpcMethods, ServerCall } from '../grpc/service.ts';
import { grpcCode, type GrpcStatus, okStatus } from '../grpc/status.ts';
import type { Clock } from '../platform/clock.ts';
import type { Identity } from '../platform/network.ts';
import {
  type Counter,
  type CounterFamily,
  type Histogram,
  HistogramFamily,
  type Metrics,
} from './metrics.ts';
import { services } from './proto/services.ts';

/** Codes by number, as Go's gRPC spells them. */
const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

const watchPath = '/etcdserverpb.Watch/Watch';
const labelNames = ['grpc_method', 'grpc_service', 'grpc_type'] as const;

/** Prometheus' default buckets. */
const handlingBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * `methods`, each of whose calls is counted (go-grpc-prometheus' names). Costs an object a call. With a clock calls are timed,
 * too: etcd's `--metrics extensive`.
 */
export function countCalls(methods: GrpcMethods, metrics: Metrics, clock?: Clock): GrpcMethods {
  const handling = new HistogramFamily(labelNames, handlingBounds);
  if (clock !== undefined) {
    metrics.observed(
      'grpc_server_handling_seconds',
      'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.',
      handling,
    );
  }
  const handled = metrics.counters(
    'grpc_server_handled_total',
    'Total number of RPCs completed on the server, regardless of success or failure.',
    ['grpc_code', ...labelNames],
  );
  const received = metrics.counters(
    'grpc_server_msg_received_total',
    'Total number of RPC stream messages received on the server.',
    labelNames,
  );
  const sent = metrics.counters(
    'grpc_server_msg_sent_total',
    'Total number of gRPC stream messages sent by the server.',
    labelNames,
  );
  const started = metrics.counters(
    'grpc_server_started_total',
    'Total number of RPCs started on the server.',
    labelNames,
  );
  const receivedBytes = metrics.counter(
    'etcd_network_client_grpc_received_bytes_total',
    'The total number of bytes received from grpc clients.',
  );
  const sentBytes = metrics.counter(
    'etcd_network_client_grpc_sent_bytes_total',
    'The total number of bytes sent to grpc clients.',
  );
  const traffic = { receivedBytes, sentBytes, clients: new ClientVersions(metrics) };
  const counted = new Map<string, GrpcMethod>();
  for (const service of services) {
    for (const { name, clientStreams, serverStreams } of service.methods) {
      const path = `/${service.name}/${name}`;
      const method = methods.get(path);
      if (method === undefined) continue;
      const type = clientStreams ? 'bidi_stream' : serverStreams ? 'server_stream' : 'unary';
      const labels = [name, service.name, type] as const;
      const counts = new MethodCounts(
        handled,
        labels,
        started.of(...labels),
        received.of(...labels),
        sent.of(...labels),
        traffic,
        clock && { clock, seconds: handling.of(...labels) },
      );
      if (path === watchPath) {
        metrics.gauge(
          'etcd_debugging_mvcc_watch_stream_total',
          'Total number of watch streams.',
          () => counts.open,
        );
      }
      counted.set(path, countMethod(method, counts));
    }
  }
  return counted;
}

interface Timing {
  readonly clock: Clock;
  readonly seconds: Histogram;
}

/** What the calls of all methods add to. */
interface Traffic {
  readonly receivedBytes: Counter;
  readonly sentBytes: Counter;
  readonly clients: ClientVersions;
}

/** Clients say which version of etcd's API they speak. They may say anything, so no more versions are told apart. */
const clientVersionsMax = 50;

class ClientVersions {
  readonly #requests: CounterFamily;
  readonly #known = new Map<string, Counter>();

  constructor(metrics: Metrics) {
    this.#requests = metrics.counters(
      'etcd_server_client_requests_total',
      'The total number of client requests per client version.',
      ['client_api_version', 'type'],
    );
  }

  count(type: 'unary' | 'stream', metadata: Metadata): void {
    const version = metadata.get('client-api-version');
    if (version === undefined) return;
    const key = `${type} ${version}`;
    let counter = this.#known.get(key);
    if (counter === undefined) {
      if (this.#known.size >= clientVersionsMax) return;
      this.#known.set(key, (counter = this.#requests.of(version, type)));
    }
    counter.add();
  }
}

class MethodCounts {
  readonly traffic: Traffic;
  readonly timing: Timing | undefined;
  /** Begun and not ended. */
  open = 0;
  readonly started: Counter;
  readonly received: Counter;
  readonly sent: Counter;
  readonly #family: CounterFamily;
  readonly #labels: readonly string[];
  readonly #handled: (Counter | undefined)[] = [];

  constructor(
    handled: CounterFamily,
    labels: readonly string[],
    started: Counter,
    received: Counter,
    sent: Counter,
    traffic: Traffic,
    timing: Timing | undefined,
  ) {
    this.timing = timing;
    this.traffic = traffic;
    this.#family = handled;
    this.#labels = labels;
    this.started = started;
    this.received = received;
    this.sent = sent;
    this.#handled[grpcCode.ok] = handled.of('OK', ...labels);
  }

  handled(code: number): void {
    this.open--;
    (this.#handled[code] ??= this.#family.of(codeNames[code] ?? 'Unknown', ...this.#labels)).add();
  }
}

function countMethod(method: GrpcMethod, counts: MethodCounts): GrpcMethod {
  if ('handle' in method) {
    return {
      handle(request, call) {
        counts.started.add();
        counts.open++;
        counts.received.add();
        counts.traffic.receivedBytes.add(request.length);
        counts.traffic.clients.count('unary', call.metadata);
        method.handle(request, new CountedCall(call, counts));
      },
    };
  }
  return {
    open(call) {
      counts.started.add();
      counts.open++;
      counts.traffic.clients.count('stream', call.metadata);
      const counted = new CountedCall(call, counts);
      return new CountedEvents(method.open(counted), counted, counts);
    },
  };
}

/** A call that counts what is sent and how it ends. */
class CountedCall implements ServerCall {
  readonly #call: ServerCall;
  readonly #counts: MethodCounts;
  readonly #begunMillis: number;
  #ended = false;

  constructor(call: ServerCall, counts: MethodCounts) {
    this.#call = call;
    this.#counts = counts;
    this.#begunMillis = counts.timing?.clock.monotonicMillis() ?? 0;
  }

  get path(): string {
    return this.#call.path;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get identity(): Identity | undefined {
    return this.#call.identity;
  }

  get remoteHost(): string {
    return this.#call.remoteHost;
  }

  get deadlineMillis(): number | undefined {
    return this.#call.deadlineMillis;
  }

  get cancelled(): boolean {
    return this.#call.cancelled;
  }

  get queuedBytes(): number {
    return this.#call.queuedBytes;
  }

  get onCancelled(): ((reason: string) => void) | undefined {
    return this.#call.onCancelled;
  }

  set onCancelled(told: ((reason: string) => void) | undefined) {
    this.#call.onCancelled = told;
  }

  reply(message: Message): void {
    this.#counts.sent.add();
    this.#counts.traffic.sentBytes.add(message.length);
    this.count(grpcCode.ok);
    this.#call.reply(message);
  }

  fail(status: GrpcStatus): void {
    this.count(status.code);
    this.#call.fail(status);
  }

  send(message: Message): boolean {
    this.#counts.sent.add();
    this.#counts.traffic.sentBytes.add(message.length);
    return this.#call.send(message);
  }

  end(status: GrpcStatus = okStatus): void {
    this.count(status.code);
    this.#call.end(status);
  }

  /** The end, once. A call whose client left before it ended as cancelled, whatever it says now. */
  count(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { timing } = this.#counts;
    timing?.seconds.observe((timing.clock.monotonicMillis() - this.#begunMillis) / 1000);
    this.#counts.handled(this.#call.cancelled ? grpcCode.cancelled : code);
  }
}

class CountedEvents implements CallEvents {
  readonly #events: CallEvents;
  readonly #call: CountedCall;
  readonly #counts: MethodCounts;

  constructor(events: CallEvents, call: CountedCall, counts: MethodCounts) {
    this.#events = events;
    this.#call = call;
    this.#counts = counts;
  }

  message(bytes: Uint8Array): void {
    this.#counts.received.add();
    this.#counts.traffic.receivedBytes.add(bytes.length);
    this.#events.message(bytes);
  }

  halfClosed(): void {
    this.#events.halfClosed();
  }

  cancelled(reason: string): void {
    this.#call.count(grpcCode.cancelled);
    this.#events.cancelled(reason);
  }

  drained(): void {
    this.#events.drained();
  }
}
