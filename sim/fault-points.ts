import {
  rareBranches,
  type CrashPoint,
  type FaultPoints,
  type RareBranch,
} from '../src/platform/fault-points.ts';
import type { FaultHits } from './fault-hits.ts';
import type { Life } from './life.ts';
import type { RandomStream, RandomStreams } from './random-streams.ts';

/** Rare branches of a host: each is active with this chance; an active one is taken as often as its registry says. */
export interface RareOptions {
  readonly activeProbability: number;
  /** In place of the registry's chances. */
  readonly firesProbability?: number;
}

/** The fault points of one host, through all of its lives. */
export class HostFaultPoints {
  readonly #host: string;
  readonly #random: RandomStreams;
  readonly #hits: FaultHits;
  /** How often each armed point must still be reached, the last time of which is the end. */
  readonly #armed = new Map<CrashPoint, { remaining: number; readonly crashed: () => void }>();
  readonly #branches = new Map<RareBranch, { readonly random: RandomStream; readonly chance: number }>();
  #rare: RareOptions | undefined;

  constructor(host: string, random: RandomStreams, hits: FaultHits) {
    this.#host = host;
    this.#random = random;
    this.#hits = hits;
  }

  /** The host loses power when its code comes by `point` for the `nth` (>= 1) time from now on; then `crashed` is called. */
  arm(point: CrashPoint, nth: number, crashed: () => void = () => {}): void {
    this.#armed.set(point, { remaining: nth, crashed });
  }

  /** From now on rare branches are taken. Which of them is drawn when code first comes by each. */
  beRare(options: RareOptions): void {
    this.#rare = options;
    this.#branches.clear();
  }

  /** Nothing is armed and no branch is rare any more. */
  mend(): void {
    this.#armed.clear();
    this.#rare = undefined;
  }

  /** Code came by. Calls `crash` when this is where the host ends. */
  reach(point: CrashPoint, crash: () => void): void {
    this.#hits.reached(point);
    if (this.#armed.size === 0) return;
    const armed = this.#armed.get(point);
    if (armed === undefined || --armed.remaining > 0) return;
    this.#armed.delete(point);
    this.#hits.hit('crash-at-point');
    crash();
    armed.crashed();
  }

  rare(branch: RareBranch): boolean {
    if (this.#rare === undefined) return false;
    let known = this.#branches.get(branch);
    if (known === undefined) {
      const { activeProbability, firesProbability = rareBranches[branch] } = this.#rare;
      const random = this.#random.stream(`rare/${this.#host}/${branch}`);
      known = { random, chance: random.chance(activeProbability) ? firesProbability : 0 };
      this.#branches.set(branch, known);
    }
    if (!known.random.chance(known.chance)) return false;
    this.#hits.taken(branch);
    return true;
  }
}

/** Those of a host as one life sees them: the dead come by nothing. */
export class LifeFaultPoints implements FaultPoints {
  readonly #life: Life;
  readonly #host: HostFaultPoints;
  readonly #crash: () => void;

  constructor(life: Life, host: HostFaultPoints, crash: () => void) {
    this.#life = life;
    this.#host = host;
    this.#crash = crash;
  }

  reach(point: CrashPoint): void {
    if (this.#life.alive) this.#host.reach(point, this.#crash);
  }

  rare(branch: RareBranch): boolean {
    return this.#life.alive && this.#host.rare(branch);
  }
}
