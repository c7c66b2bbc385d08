import type { FaultHits } from '../fault-hits.ts';
import type { RandomStream } from '../random-streams.ts';
import type { NetworkHost } from './fabric.ts';
import type { PacketTap } from './packet-tap.ts';
import { estimateBytes } from './plain-data.ts';

/** How packets travel between hosts. All times in virtual milliseconds. */
export interface NetworkOptions {
  /** One-way delay of nearly all packets: uniform between these. */
  readonly latencyMillisMin: number;
  readonly latencyMillisMax: number;
  /** The share of packets that is slow, and how slow it may be (FoundationDB's sim2: 0.1 %, 100 ms). */
  readonly slowProbability: number;
  readonly slowMillisMax: number;
  /** One-way delay within a host. */
  readonly loopbackMillis: number;
  /** Chance that a packet is lost; TCP sends it again after the retransmission timeout, doubling each time. */
  readonly lossProbability: number;
  readonly retransmitMillis: number;
  readonly retransmitsMax: number;
  /** What waits at a narrow path longer than this is dropped by its router, and sent again. */
  readonly queueMillisMax: number;
  /** Unacknowledged data breaks a connection after this time (TCP_USER_TIMEOUT). */
  readonly brokenAfterMillis: number;
  readonly connectTimeoutMillis: number;
  /** Peers of a host that lost power notice within this time (the switch says so). */
  readonly powerLossNoticedMillisMax: number;
  /** An end that hears nothing from one that is gone without a word gives up after this (the links' pings at sea). */
  readonly silenceNoticedMillis: number;
  /** Chance that a stream's bytes arrive in two pieces: TCP keeps no message boundaries. */
  readonly streamSplitProbability: number;
  /** Unread bytes a sender may have outstanding per connection. */
  readonly windowBytes: number;
  /** Assert that link messages are plain data, and freeze them: nobody may change what was sent. */
  readonly checkMessages: boolean;
}

export const defaultNetworkOptions: NetworkOptions = {
  latencyMillisMin: 0.2,
  latencyMillisMax: 0.8,
  slowProbability: 0.001,
  slowMillisMax: 100,
  loopbackMillis: 0.02,
  lossProbability: 0,
  retransmitMillis: 200,
  retransmitsMax: 6,
  queueMillisMax: 1_000,
  brokenAfterMillis: 5_000,
  connectTimeoutMillis: 5_000,
  powerLossNoticedMillisMax: 2_000,
  silenceNoticedMillis: 6_000,
  streamSplitProbability: 0.1,
  windowBytes: 256 * 1024,
  checkMessages: false,
};

/** Faults of the moment in one direction; a scenario sets and clears them. */
export interface PathFaults {
  /** In place of the options' while set. */
  lossProbability: number | undefined;
  /** In place of the options' latency while set: uniform in [low, high). */
  latencyMillis: readonly [low: number, high: number] | undefined;
  /** Every delay is so many times as long. */
  slowness: number;
  /** Packets leave one after another at this rate; those behind wait. Undefined: wide enough for all. */
  bytesPerSecond: number | undefined;
}

const noPathFaults: Readonly<PathFaults> = {
  lossProbability: undefined,
  latencyMillis: undefined,
  slowness: 1,
  bytesPerSecond: undefined,
};

/** Something whose packets wait for a path to heal. */
export interface Stalled {
  resume(outageMillis: number): void;
}

/** Something that does harm again and again until it is ended. */
export interface Spell {
  cancel(): void;
}

/** One end of a connection that sends on a path. */
export interface Breakable {
  /** Breaks, and the other end hears of it. */
  destroy(code: 'ECONNRESET', reason: string): void;
  /** Is no more, and the other end hears nothing. */
  forget(): void;
}

/**
 * The way from one host to another: one direction, with its own faults and its own random stream.
 *
 * There are no datagrams in drydock: everything travels in TCP's byte streams, which neither duplicate nor reorder. So a
 * path loses packets, which then come late, and it breaks connections; who wants a Raft message twice or out of turn takes
 * the rare branches `peers.twice` and `peers.drop`.
 */
export class Path {
  readonly options: NetworkOptions;
  readonly random: RandomStream;
  readonly hits: FaultHits;
  readonly tap: PacketTap;
  readonly from: NetworkHost;
  readonly to: NetworkHost;
  readonly faults: PathFaults = { ...noPathFaults };
  /** The connections that send on it. */
  readonly #ends = new Set<Breakable>();
  readonly #stalled = new Set<Stalled>();
  readonly #spells = new Set<Spell>();
  #cutAtMillis: number | undefined;
  #clogged = false;
  /** When the last packet will have left the narrow part. */
  #busyUntilMillis = 0;

  constructor(
    options: NetworkOptions,
    random: RandomStream,
    hits: FaultHits,
    tap: PacketTap,
    from: NetworkHost,
    to: NetworkHost,
  ) {
    this.options = options;
    this.random = random;
    this.hits = hits;
    this.tap = tap;
    this.from = from;
    this.to = to;
  }

  get loopback(): boolean {
    return this.from === this.to;
  }

  get isCut(): boolean {
    return this.#cutAtMillis !== undefined;
  }

  get isClogged(): boolean {
    return this.#clogged;
  }

  /** Nothing arrives now: it is cut or clogged. */
  get isBlocked(): boolean {
    return this.#clogged || this.#cutAtMillis !== undefined;
  }

  /**
   * The way of a packet without contents. None takes longer than a connection waits for it: what was sent over a way that was slow
   * once would otherwise hold up all behind it long after the way has healed.
   */
  delayMillis(): number {
    return Math.min(this.#drawMillis(), this.options.brokenAfterMillis);
  }

  #drawMillis(): number {
    const { options, faults, random } = this;
    if (this.loopback) return options.loopbackMillis;
    if (faults.latencyMillis !== undefined) return random.between(...faults.latencyMillis) * faults.slowness;
    const draw = random.float();
    const fast = 1 - options.slowProbability;
    const { latencyMillisMin: least, latencyMillisMax: most } = options;
    if (draw < fast) return (least + (draw / fast) * (most - least)) * faults.slowness;
    this.hits.hit('packet-slow');
    const share = (draw - fast) / options.slowProbability;
    return (most + share * Math.max(0, options.slowMillisMax - most)) * faults.slowness;
  }

  /** The way of `item`, which waits behind those before it where the path is narrow. */
  travelMillis(item: unknown, nowMillis: number): number {
    const { bytesPerSecond } = this.faults;
    return bytesPerSecond === undefined || this.loopback
      ? this.delayMillis()
      : this.#queueMillis(estimateBytes(item), bytesPerSecond, nowMillis) + this.delayMillis();
  }

  losesPacket(): boolean {
    const probability = this.faults.lossProbability ?? this.options.lossProbability;
    if (this.loopback || !this.random.chance(probability)) return false;
    this.hits.hit('packet-lost');
    return true;
  }

  cut(nowMillis: number): void {
    if (!this.loopback) this.#cutAtMillis ??= nowMillis;
  }

  /** Takes a cut away; all else stays. */
  heal(nowMillis: number): void {
    if (this.#cutAtMillis === undefined) return;
    const outageMillis = nowMillis - this.#cutAtMillis;
    this.#cutAtMillis = undefined;
    this.#resume(outageMillis);
  }

  /** Holds every packet until `unclog`. Nothing is lost, but who waits too long for an acknowledgement gives up. */
  clog(): void {
    if (!this.loopback) this.#clogged = true;
  }

  unclog(): void {
    if (!this.#clogged) return;
    this.#clogged = false;
    this.#resume(0);
  }

  /** Harm that goes on by itself: `mend` ends it. */
  addSpell(spell: Spell): void {
    this.#spells.add(spell);
  }

  /** Takes everything away that was ever done to it. */
  mend(nowMillis: number): void {
    for (const spell of this.#spells) spell.cancel();
    this.#spells.clear();
    Object.assign(this.faults, noPathFaults);
    this.#busyUntilMillis = 0;
    this.unclog();
    this.heal(nowMillis);
  }

  /** Breaks every connection that sends on it, as a firewall that was restarted does. */
  resetConnections(): void {
    for (const end of this.#ends) end.destroy('ECONNRESET', 'the connection was reset on its way');
  }

  /** The sender forgets its connections; the other ends hear nothing and are left half open. */
  forgetConnections(): void {
    for (const end of this.#ends) end.forget();
  }

  attach(end: Breakable): void {
    this.#ends.add(end);
  }

  detach(end: Breakable): void {
    this.#ends.delete(end);
  }

  stall(waiting: Stalled): void {
    this.hits.hit(this.isCut ? 'packet-cut' : 'packet-held');
    this.#stalled.add(waiting);
  }

  unstall(waiting: Stalled): void {
    this.#stalled.delete(waiting);
  }

  #resume(outageMillis: number): void {
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const waiting of stalled) waiting.resume(outageMillis);
  }

  #queueMillis(bytes: number, bytesPerSecond: number, nowMillis: number): number {
    const begins = Math.max(this.#busyUntilMillis, nowMillis);
    this.#busyUntilMillis = begins + (bytes / bytesPerSecond) * 1000;
    const waitMillis = begins - nowMillis;
    if (waitMillis > 0) this.hits.hit('packet-queued');
    if (waitMillis <= this.options.queueMillisMax) return this.#busyUntilMillis - nowMillis;
    this.hits.hit('packet-overflow');
    return this.#busyUntilMillis - nowMillis + this.options.retransmitMillis;
  }
}
