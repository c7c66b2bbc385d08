import type { Timer } from '../../src/platform/clock.ts';
import type { PathFaults, Spell } from '../network/path.ts';
import type { RandomStreams } from '../random-streams.ts';

/**
 * What faults are done to, as far as it is the same in both worlds: a World of simulated hosts, or real processes behind
 * relays (src/cli/sim/real). An action that asks for no more plays in either.
 */
export interface Ground<H extends GroundHost = GroundHost> {
  /** Milliseconds since the run began. */
  readonly now: number;
  readonly random: RandomStreams;
  /** Members and everyone else. */
  readonly hosts: readonly H[];
  /** @throws AssertionError when there is none */
  host(name: string): H;
  path(from: H, to: H): GroundPath;
  /** Nothing passes between the two any more, either way. */
  cut(a: H, b: H): void;
  /** Takes away everything that was done to the ways between the two. */
  heal(a: H, b: H): void;
  /** Cuts every way between a host of `group` and one outside it. */
  partition(group: readonly H[]): void;
  healAll(): void;
  schedule(delayMillis: number, kind: string, fire: () => void): Timer;
}

export interface GroundHost {
  readonly name: string;
  readonly isUp: boolean;
  /** Power loss where there is power to lose; elsewhere as `kill`. */
  crash(how?: { readonly silently?: boolean }): void;
  crashAfterEvents(events: number): void;
  kill(): void;
  restart(): void;
  pause(forMillis: number): void;
}

/** The way from one host to another: one direction. */
export interface GroundPath {
  readonly faults: PathFaults;
  readonly isCut: boolean;
  cut(nowMillis: number): void;
  heal(nowMillis: number): void;
  clog(): void;
  unclog(): void;
  mend(nowMillis: number): void;
  addSpell(spell: Spell): void;
  resetConnections(): void;
}
