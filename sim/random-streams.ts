import seedrandom from 'seedrandom';

import { assert } from '../src/base/assert.ts';
import type { Random } from '../src/platform/random.ts';

/** Sees every draw of every stream: the determinism log of sim/trace.ts. */
export type DrawListener = (value: number) => void;

/**
 * Independent streams of random numbers, one per subsystem and host, each seeded by (seed, name): taking one
 * fault out of a run does not reshuffle the rest. Asking twice for a name gives the same stream.
 */
export class RandomStreams {
  #seed: string;
  readonly #onDraw: DrawListener;
  readonly #streams = new Map<string, RandomStream>();

  constructor(seed: number | string, onDraw: DrawListener = () => {}) {
    this.#seed = String(seed);
    this.#onDraw = onDraw;
  }

  /** `name`: subsystem, then host: `network/server-1->server-2`. */
  stream(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new RandomStream(`${this.#seed}/${name}`, this.#onDraw);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** From now on every stream goes on as another seed's would: the same past, another future. */
  reseed(seed: number | string): void {
    this.#seed = String(seed);
    for (const [name, stream] of this.#streams) stream.reseed(`${this.#seed}/${name}`);
  }
}

/** One stream (Baagøe's alea). Uses only arithmetic that every engine computes alike: no Math.log, no Math.pow. */
export class RandomStream implements Random {
  #generator: () => number;
  readonly #onDraw: DrawListener;

  constructor(seed: string, onDraw: DrawListener = () => {}) {
    this.#generator = seedrandom.alea(seed);
    this.#onDraw = onDraw;
  }

  reseed(seed: string): void {
    this.#generator = seedrandom.alea(seed);
  }

  #next(): number {
    const value = this.#generator();
    this.#onDraw(value);
    return value;
  }

  float(): number {
    return this.#next();
  }

  integer(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32, () => `not a bound: ${bound}`);
    return Math.floor(this.#next() * bound);
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.integer(256);
    return bytes;
  }

  /** True with this probability. Draws nothing when it is 0 or 1, so that a fault that is off costs nothing. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    if (probability >= 1) return true;
    return this.#next() < probability;
  }

  /** A uniform float in [low, high). */
  between(low: number, high: number): number {
    return low + this.#next() * (high - low);
  }

  /**
   * An exponentially distributed float with this mean, by von Neumann's comparison method ("Various techniques
   * used in connection with random digits", 1951): a run of falling draws of odd length is accepted.
   */
  exponential(mean: number): number {
    if (mean === 0) return 0;
    for (let whole = 0; ; whole++) {
      const first = this.#next();
      let previous = first;
      let runLength = 1;
      for (let draw = this.#next(); draw < previous; draw = this.#next()) {
        previous = draw;
        runLength++;
      }
      if (runLength % 2 === 1) return mean * (whole + first);
    }
  }

  /** One of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T {
    assert(choices.length > 0, 'nothing to pick from');
    return choices[this.integer(choices.length)]!;
  }
}
