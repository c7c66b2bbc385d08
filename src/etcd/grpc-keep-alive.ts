import { deferred, type Deferred } from '../base/deferred.ts';
import { ProtoError } from '../base/protobuf.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Timer } from '../platform/clock.ts';
import { EtcdError, tooManyRequestsError } from './errors.ts';
import {
  closedError,
  type EndCause,
  type EtcdStream,
  type GrpcCalls,
  tokenRefusalsMax,
} from './grpc-calls.ts';
import * as pb from './proto/rpc.ts';

/** Renewals without an answer; one more is refused. */
const renewalsMax = 10_000;

interface Renewal {
  readonly id: LeaseId;
  readonly answer: Deferred<number>;
  attempts: number;
}

/** Renewals of leases, all on one stream, which goes on at another endpoint when it ends: renewing twice does no harm. */
export class GrpcKeepAlives {
  readonly #calls: GrpcCalls;
  /** In the order in which they were asked for, which is that of the answers. */
  readonly #renewals = new Set<Renewal>();
  #stream: EtcdStream | undefined;
  #opening = false;
  /** In a row. */
  #tokenRefusals = 0;
  /** Runs while an answer is due. */
  #timer: Timer | undefined;

  constructor(calls: GrpcCalls) {
    this.#calls = calls;
  }

  /** The new time to live; 0 when the lease is unknown or has expired. @throws EtcdError */
  renew(id: LeaseId): Promise<number> {
    if (this.#calls.closed) return Promise.reject(closedError());
    if (this.#renewals.size >= renewalsMax) return Promise.reject(tooManyRequestsError());
    const renewal: Renewal = { id, answer: deferred(), attempts: 0 };
    this.#renewals.add(renewal);
    if (this.#stream === undefined) void this.#open();
    else this.#send(this.#stream, renewal);
    return renewal.answer.promise;
  }

  close(): void {
    this.#stream?.end();
    this.#stream = undefined;
    this.#fail(closedError());
  }

  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    try {
      await this.#calls.stream('/etcdserverpb.Lease/LeaseKeepAlive', {
        opened: (stream) => {
          this.#stream = stream;
          this.#opening = false;
          for (const renewal of this.#renewals) this.#send(stream, renewal);
        },
        message: (bytes) => this.#answered(bytes),
        ended: (error, cause) => this.#ended(error, cause),
      });
    } catch (error) {
      this.#opening = false;
      if (!(error instanceof EtcdError)) throw error;
      this.#fail(error);
    }
  }

  #send(stream: EtcdStream, renewal: Renewal): void {
    renewal.attempts++;
    stream.send(pb.LeaseKeepAliveRequest.encode({ ID: renewal.id }));
    if (this.#timer === undefined) this.#await();
  }

  /** A member that owes an answer and is silent for too long is left. */
  #await(): void {
    const { platform, requestTimeoutMillis } = this.#calls;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#renewals.size === 0) return;
    this.#timer = platform.clock.setTimer(requestTimeoutMillis, () => {
      this.#stream?.abandon('no answer to a renewal');
      this.#ended(new EtcdError('deadline-exceeded', 'context deadline exceeded'), 'broken');
    });
  }

  #answered(bytes: Uint8Array): void {
    let answer;
    try {
      answer = pb.LeaseKeepAliveResponse.decode(bytes);
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      this.#stream?.abandon(error.message);
      this.#ended(new EtcdError('unknown', `etcd client: malformed reply: ${error.message}`), 'broken');
      return;
    }
    this.#tokenRefusals = 0;
    for (const renewal of this.#renewals) {
      if (renewal.id !== answer.ID) continue;
      this.#renewals.delete(renewal);
      renewal.answer.resolve(Math.max(0, answer.TTL));
      break;
    }
    this.#await();
  }

  #ended(error: EtcdError, cause: EndCause): void {
    this.#stream = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (cause === 'refused' || (cause === 'token' && this.#tokenRefusals >= tokenRefusalsMax)) {
      this.#tokenRefusals = 0;
      this.#fail(error);
      return;
    }
    if (cause === 'token') this.#tokenRefusals++;
    else {
      for (const renewal of this.#renewals) {
        if (renewal.attempts < this.#calls.attemptsMax) continue;
        this.#renewals.delete(renewal);
        renewal.answer.reject(error);
      }
    }
    if (this.#renewals.size > 0) void this.#open();
  }

  #fail(error: EtcdError): void {
    const renewals = [...this.#renewals];
    this.#renewals.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { answer } of renewals) answer.reject(error);
  }
}
