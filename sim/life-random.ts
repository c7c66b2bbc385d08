import type { Random } from '../src/platform/random.ts';
import type { Life } from './life.ts';
import { RandomStream } from './random-streams.ts';

/**
 * The random numbers of one life. What still runs of a dead one, up to its next await, draws from a stream that nobody
 * sees: neither the trace nor any other stream knows of it.
 */
export class LifeRandom implements Random {
  readonly #life: Life;
  readonly #stream: RandomStream;
  #afterlife: RandomStream | undefined;

  constructor(life: Life, stream: RandomStream) {
    this.#life = life;
    this.#stream = stream;
  }

  float(): number {
    return this.#source().float();
  }

  integer(bound: number): number {
    return this.#source().integer(bound);
  }

  bytes(length: number): Uint8Array {
    return this.#source().bytes(length);
  }

  #source(): RandomStream {
    if (this.#life.alive) return this.#stream;
    this.#afterlife ??= new RandomStream('afterlife');
    return this.#afterlife;
  }
}
