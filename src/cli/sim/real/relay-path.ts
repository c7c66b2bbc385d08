import type { GroundPath } from '../../../../sim/actions/ground.ts';
import type { FaultHits } from '../../../../sim/fault-hits.ts';
import type { PathFaults, Spell } from '../../../../sim/network/path.ts';
import type { RandomStream } from '../../../../sim/random-streams.ts';

const noFaults: Readonly<PathFaults> = {
  lossProbability: undefined,
  latencyMillis: undefined,
  slowness: 1,
  bytesPerSecond: undefined,
};
/** As sim/network/path.ts has it: how a lost packet comes late. */
const retransmitMillis = 200;
const retransmitsMax = 6;
/** What a slow way is slower than. */
const usualMillis = 0.5;

/** One direction of a connection that goes this way. */
export interface Lane {
  /** The way is open again. */
  resume(): void;
  /** Breaks the connection at both ends. */
  reset(): void;
}

/** The way from one host to another for everything that relays carry, with the faults of the moment. */
export class RelayPath implements GroundPath {
  readonly faults: PathFaults = { ...noFaults };
  readonly #random: RandomStream;
  readonly #hits: FaultHits;
  readonly #lanes = new Set<Lane>();
  readonly #spells = new Set<Spell>();
  #cut = false;
  #clogged = false;
  /** When the last byte will have left the narrow part. */
  #busyUntilMillis = 0;

  constructor(random: RandomStream, hits: FaultHits) {
    this.#random = random;
    this.#hits = hits;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  /** Nothing arrives now. */
  get isBlocked(): boolean {
    return this.#cut || this.#clogged;
  }

  /** How much longer than by itself a piece takes. */
  delayMillis(bytes: number, nowMillis: number): number {
    const { lossProbability = 0, latencyMillis, slowness, bytesPerSecond } = this.faults;
    let delay = latencyMillis === undefined ? 0 : this.#random.between(...latencyMillis);
    delay = slowness === 1 ? delay : (delay || usualMillis) * slowness;
    for (let lost = 0; lost < retransmitsMax && this.#random.chance(lossProbability); lost++) {
      this.#hits.hit('packet-lost');
      delay += retransmitMillis * 2 ** lost;
    }
    if (bytesPerSecond === undefined) return delay;
    const begins = Math.max(this.#busyUntilMillis, nowMillis);
    if (begins > nowMillis) this.#hits.hit('packet-queued');
    this.#busyUntilMillis = begins + (bytes / bytesPerSecond) * 1000;
    return delay + this.#busyUntilMillis - nowMillis;
  }

  /** A piece has to wait because the way is blocked. */
  held(): void {
    this.#hits.hit(this.#cut ? 'packet-cut' : 'packet-held');
  }

  cut(): void {
    this.#cut = true;
  }

  heal(): void {
    this.#cut = false;
    this.#resume();
  }

  clog(): void {
    this.#clogged = true;
  }

  unclog(): void {
    this.#clogged = false;
    this.#resume();
  }

  addSpell(spell: Spell): void {
    this.#spells.add(spell);
  }

  mend(): void {
    for (const spell of this.#spells) spell.cancel();
    this.#spells.clear();
    Object.assign(this.faults, noFaults);
    this.#busyUntilMillis = 0;
    this.#cut = false;
    this.#clogged = false;
    this.#resume();
  }

  resetConnections(): void {
    for (const lane of this.#lanes) {
      this.#hits.hit('connection-reset');
      lane.reset();
    }
  }

  attach(lane: Lane): void {
    this.#lanes.add(lane);
  }

  detach(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  #resume(): void {
    if (this.isBlocked) return;
    for (const lane of this.#lanes) lane.resume();
  }
}
