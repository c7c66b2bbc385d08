import type { RandomStream } from '../random-streams.ts';

/** How packets travel between hosts. All times in virtual milliseconds. */
export interface NetworkOptions {
  /** The least one-way delay, and the mean of its exponential tail. */
  readonly latencyBaseMillis: number;
  readonly latencyTailMillis: number;
  /** One-way delay within a host. */
  readonly loopbackMillis: number;
  /** Chance that a packet is lost; TCP sends it again after the retransmission timeout, doubling each time. */
  readonly lossProbability: number;
  readonly retransmitMillis: number;
  readonly retransmitsMax: number;
  /** Unacknowledged data breaks a connection after this time (TCP_USER_TIMEOUT). */
  readonly brokenAfterMillis: number;
  readonly connectTimeoutMillis: number;
  /** Peers of a host that lost power notice within this time (keepalive, or the switch says so). */
  readonly powerLossNoticedMillisMax: number;
  /** Chance that a stream's bytes arrive in two pieces: TCP keeps no message boundaries. */
  readonly streamSplitProbability: number;
  /** Unread bytes a sender may have outstanding per connection. */
  readonly windowBytes: number;
  /** Assert that link messages are plain data, and freeze them: nobody may change what was sent. */
  readonly checkMessages: boolean;
}

export const defaultNetworkOptions: NetworkOptions = {
  latencyBaseMillis: 0.2,
  latencyTailMillis: 0.3,
  loopbackMillis: 0.02,
  lossProbability: 0,
  retransmitMillis: 200,
  retransmitsMax: 6,
  brokenAfterMillis: 5_000,
  connectTimeoutMillis: 5_000,
  powerLossNoticedMillisMax: 2_000,
  streamSplitProbability: 0.1,
  windowBytes: 256 * 1024,
  checkMessages: false,
};

/** Something whose packets wait for a path to heal. */
export interface Stalled {
  resume(outageMillis: number): void;
}

/** The way from one host to another: one direction, with its own faults and its own random stream. */
export class Path {
  readonly options: NetworkOptions;
  readonly random: RandomStream;
  readonly loopback: boolean;
  readonly #stalled = new Set<Stalled>();
  #cutAtMillis: number | undefined;
  /** Overrides the options' loss while set. */
  lossProbability: number | undefined;
  /** Added to every delay: a clogged path. */
  clogMillis = 0;

  constructor(options: NetworkOptions, random: RandomStream, loopback: boolean) {
    this.options = options;
    this.random = random;
    this.loopback = loopback;
  }

  get isCut(): boolean {
    return this.#cutAtMillis !== undefined;
  }

  delayMillis(): number {
    if (this.loopback) return this.options.loopbackMillis;
    return (
      this.options.latencyBaseMillis +
      this.random.exponential(this.options.latencyTailMillis) +
      this.clogMillis
    );
  }

  losesPacket(): boolean {
    return !this.loopback && this.random.chance(this.lossProbability ?? this.options.lossProbability);
  }

  cut(nowMillis: number): void {
    if (!this.loopback) this.#cutAtMillis ??= nowMillis;
  }

  heal(nowMillis: number): void {
    if (this.#cutAtMillis === undefined) return;
    const outageMillis = nowMillis - this.#cutAtMillis;
    this.#cutAtMillis = undefined;
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const waiting of stalled) waiting.resume(outageMillis);
  }

  stall(waiting: Stalled): void {
    this.#stalled.add(waiting);
  }

  unstall(waiting: Stalled): void {
    this.#stalled.delete(waiting);
  }
}
