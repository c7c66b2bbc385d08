import type { Clock, Timer } from '../platform/clock.ts';
import { errorCode } from './frame.ts';
import type { Http2Connection } from './http2-connection.ts';

export interface KeepaliveOptions {
  /** Pings that follow each other faster are strikes. Default 5 s. */
  readonly minTimeMillis?: number;
  /** Silence after which the server pings; 0: never. Default 2 h. */
  readonly intervalMillis?: number;
  /** How long the answer may take; 0: nobody is pinged. Default 20 s. */
  readonly timeoutMillis?: number;
}

/** Strikes a connection survives, as in grpc-go. */
const pingStrikesMax = 2;
/** Without calls a ping is a strike unless it comes after this time. */
const idlePingMillis = 7_200_000;

/** Pings a silent peer, and breaks the connection when it does not answer. */
export class Keepalive {
  readonly #connection: Http2Connection;
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #timeoutMillis: number;
  readonly #idleToo: boolean;
  #timer: Timer | undefined;
  #seen = -1;

  /** @param idleToo also while there are no calls, which servers do not take from clients (PingEnforcement) */
  constructor(
    connection: Http2Connection,
    clock: Clock,
    intervalMillis: number,
    timeoutMillis: number,
    idleToo = true,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#intervalMillis = intervalMillis;
    this.#timeoutMillis = timeoutMillis;
    this.#idleToo = idleToo;
    this.#watch();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #watch(): void {
    if (this.#intervalMillis === 0 || this.#timeoutMillis === 0) return;
    this.#seen = this.#connection.receivedCount;
    this.#timer = this.#clock.setTimer(this.#intervalMillis, () => {
      const { receivedCount, streams } = this.#connection;
      if (receivedCount === this.#seen && (this.#idleToo || streams.size > 0)) this.#ping();
      else this.#watch();
    });
  }

  #ping(): void {
    this.#connection.ping(() => {});
    this.#timer = this.#clock.setTimer(this.#timeoutMillis, () => {
      if (this.#connection.receivedCount === this.#seen)
        this.#connection.destroy('keepalive ping failed to be answered');
      else this.#watch();
    });
  }
}

/** Counts pings that come too often, as grpc-go's keepalive enforcement does. */
export class PingEnforcement {
  readonly #connection: Http2Connection;
  readonly #clock: Clock;
  readonly #minTimeMillis: number;
  #strikes = 0;
  #lastPingMillis = Number.NEGATIVE_INFINITY;

  constructor(connection: Http2Connection, clock: Clock, minTimeMillis: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#minTimeMillis = minTimeMillis;
  }

  pinged(): void {
    const connection = this.#connection;
    const nowMillis = this.#clock.monotonicMillis();
    const sinceMillis = nowMillis - this.#lastPingMillis;
    this.#lastPingMillis = nowMillis;
    if (connection.sentSincePing) {
      connection.sentSincePing = false;
      this.#strikes = 0;
      return;
    }
    const least = connection.streams.size === 0 ? idlePingMillis : this.#minTimeMillis;
    if (sinceMillis < least) this.#strikes++;
    if (this.#strikes > pingStrikesMax) connection.fail(errorCode.enhanceYourCalm, 'too_many_pings');
  }
}
