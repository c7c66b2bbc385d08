import { hashString, RollingHash } from './hash.ts';

/** Events between two checkpoints. */
export const checkpointEveryEvents = 1000;

/** The state of a run's hash after so many events. */
export interface Checkpoint {
  readonly events: number;
  readonly atMillis: number;
  readonly hash: string;
  /** Random numbers drawn so far. */
  readonly draws: number;
}

/** What a run leaves behind to be compared with another run of the same seed. */
export interface RunRecord {
  readonly checkpoints: readonly Checkpoint[];
  readonly hash: string;
  /** madsim's log: one byte per random draw, folded from the value. Empty unless it was asked for. */
  readonly draws: Uint8Array;
  /** Readable lines of the window that was asked for. */
  readonly lines: readonly string[];
}

export interface TraceOptions {
  /** Keep a byte per random draw. Default false. */
  readonly recordDraws?: boolean;
  /** Keep readable lines of the events [from, to). */
  readonly linesOfEvents?: { readonly from: number; readonly to: number };
}

/** Hashes everything that happens in a run: two runs of one seed must give the same hash, to the event. */
export class Trace {
  readonly #hash = new RollingHash();
  readonly #kinds = new Map<string, number>();
  readonly #options: TraceOptions;
  readonly #checkpoints: Checkpoint[] = [];
  readonly #lines: string[] = [];
  #draws = new Uint8Array(0);
  #drawCount = 0;
  #events = 0;

  constructor(options: TraceOptions = {}) {
    this.#options = options;
  }

  get events(): number {
    return this.#events;
  }

  /** One event of the loop. */
  event(atMillis: number, hostIndex: number, kind: string): void {
    this.#mix(atMillis, hostIndex, kind);
    this.#events++;
    if (this.#events % checkpointEveryEvents === 0) {
      const hash = this.#hash.digest();
      this.#checkpoints.push({ events: this.#events, atMillis, hash, draws: this.#drawCount });
    }
  }

  /** A detail within an event: what a digest of time, host and kind would not show. */
  detail(atMillis: number, hostIndex: number, kind: string, detail: string | number): void {
    this.#mix(atMillis, hostIndex, kind, detail);
    if (typeof detail === 'number') this.#hash.mixFloat(detail);
    else this.#hash.mix(hashString(detail));
  }

  /** One random draw, a float in [0, 1). */
  draw(value: number): void {
    const bits = (value * 0x1_0000_0000) | 0;
    this.#hash.mix(bits);
    if (this.#options.recordDraws === true) {
      if (this.#drawCount === this.#draws.length) {
        const grown = new Uint8Array(Math.max(4096, 2 * this.#draws.length));
        grown.set(this.#draws);
        this.#draws = grown;
      }
      this.#draws[this.#drawCount] = bits ^ (bits >>> 8) ^ (bits >>> 16) ^ (bits >>> 24);
    }
    this.#drawCount++;
  }

  hash(): string {
    return this.#hash.digest();
  }

  record(): RunRecord {
    const draws = this.#options.recordDraws === true ? this.#draws.slice(0, this.#drawCount) : this.#draws;
    return { checkpoints: [...this.#checkpoints], hash: this.hash(), draws, lines: [...this.#lines] };
  }

  #mix(atMillis: number, hostIndex: number, kind: string, detail?: string | number): void {
    let kindHash = this.#kinds.get(kind);
    if (kindHash === undefined) {
      kindHash = hashString(kind);
      this.#kinds.set(kind, kindHash);
    }
    this.#hash.mixFloat(atMillis);
    this.#hash.mix(hostIndex);
    this.#hash.mix(kindHash);
    const window = this.#options.linesOfEvents;
    if (window !== undefined && this.#events >= window.from && this.#events < window.to) {
      const tail = detail === undefined ? '' : ` ${detail}`;
      this.#lines.push(`#${this.#events} ${atMillis.toFixed(6)} host ${hostIndex} ${kind}${tail}`);
    }
  }
}

/** Where two runs of the same seed part. */
export interface Divergence {
  /** The first event that may differ, and the first that is known to come after the difference. */
  readonly fromEvents: number;
  readonly toEvents: number;
  readonly fromMillis: number;
  /** Index of the first random draw that differs, when both runs recorded theirs. */
  readonly draw?: number;
  /** The first pair of lines that differ, when both runs kept the window's lines. */
  readonly lines?: readonly [string | undefined, string | undefined];
}

/** Finds the first difference of two runs, or undefined when they are the same. */
export function compareRuns(a: RunRecord, b: RunRecord): Divergence | undefined {
  if (a.hash === b.hash) return undefined;
  const length = Math.min(a.checkpoints.length, b.checkpoints.length);
  let same = 0;
  while (same < length && a.checkpoints[same]!.hash === b.checkpoints[same]!.hash) same++;
  const before = a.checkpoints[same - 1];
  const draw = firstDifference(a.draws, b.draws);
  const line = firstDifference(a.lines, b.lines);
  return {
    fromEvents: before?.events ?? 0,
    toEvents: (before?.events ?? 0) + checkpointEveryEvents,
    fromMillis: before?.atMillis ?? 0,
    ...(draw === undefined ? {} : { draw }),
    ...(line === undefined ? {} : { lines: [a.lines[line], b.lines[line]] }),
  };
}

function firstDifference(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (i >= a.length || i >= b.length || a[i] !== b[i]) return i;
  }
  return undefined;
}
