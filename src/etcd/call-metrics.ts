import type { Message } from '../grpc/message.ts';
import type { Metadata } from '../grpc/metadata.ts';
import type { CallEvents, GrpcMethod, GrpcMethods, ServerCall } from '../grpc/service.ts';
import { grpcCode, type GrpcStatus, okStatus } from '../grpc/status.ts';
import type { Identity } from '../platform/network.ts';
import type { Counter, CounterFamily, Metrics } from './metrics.ts';
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

const labelNames = ['grpc_method', 'grpc_service', 'grpc_type'] as const;

/** `methods`, each of whose calls is counted (go-grpc-prometheus' names). Costs an object a call. */
export function countCalls(methods: GrpcMethods, metrics: Metrics): GrpcMethods {
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
      );
      counted.set(path, countMethod(method, counts));
    }
  }
  return counted;
}

class MethodCounts {
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
  ) {
    this.#family = handled;
    this.#labels = labels;
    this.started = started;
    this.received = received;
    this.sent = sent;
    this.#handled[grpcCode.ok] = handled.of('OK', ...labels);
  }

  handled(code: number): void {
    (this.#handled[code] ??= this.#family.of(codeNames[code] ?? 'Unknown', ...this.#labels)).add();
  }
}

function countMethod(method: GrpcMethod, counts: MethodCounts): GrpcMethod {
  if ('handle' in method) {
    return {
      handle(request, call) {
        counts.started.add();
        counts.received.add();
        method.handle(request, new CountedCall(call, counts));
      },
    };
  }
  return {
    open(call) {
      counts.started.add();
      const counted = new CountedCall(call, counts);
      return new CountedEvents(method.open(counted), counted, counts);
    },
  };
}

/** A call that counts what is sent and how it ends. */
class CountedCall implements ServerCall {
  readonly #call: ServerCall;
  readonly #counts: MethodCounts;
  #ended = false;

  constructor(call: ServerCall, counts: MethodCounts) {
    this.#call = call;
    this.#counts = counts;
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
    this.count(grpcCode.ok);
    this.#call.reply(message);
  }

  fail(status: GrpcStatus): void {
    this.count(status.code);
    this.#call.fail(status);
  }

  send(message: Message): boolean {
    this.#counts.sent.add();
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
