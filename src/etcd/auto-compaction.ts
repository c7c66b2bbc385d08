import type { Clock, Timer } from '../platform/clock.ts';

/** etcd's --auto-compaction-mode and --auto-compaction-retention. */
export type AutoCompaction =
  | { readonly mode: 'periodic'; readonly retentionMillis: number }
  | { readonly mode: 'revision'; readonly retentionRevisions: number };

const revisionCheckMillis = 5 * 60_000;
const hourMillis = 60 * 60_000;

export interface AutoCompactorOptions {
  readonly clock: Clock;
  readonly compaction: AutoCompaction;
  readonly revision: () => number;
  /** Only the leader compacts; the others keep looking, so that a new leader knows what was when. */
  readonly leading: () => boolean;
  /** Never rejects. */
  readonly compact: (revision: number) => Promise<void>;
}

/**
 * Compacts by itself (etcd's v3compactor). Periodic: looks at the revision ten times per retention (at least every hour) and
 * compacts to what was newest one retention ago. By revision: every five minutes, to all but the newest so many.
 */
export class AutoCompactor {
  readonly #options: AutoCompactorOptions;
  readonly #checkMillis: number;
  /** Revisions as they were, oldest first; as many as make up one retention. */
  #seen: number[] = [];
  #compacted = 0;
  #timer: Timer | undefined;

  constructor(options: AutoCompactorOptions) {
    this.#options = options;
    const { compaction } = options;
    this.#checkMillis =
      compaction.mode === 'revision'
        ? revisionCheckMillis
        : Math.min(compaction.retentionMillis, hourMillis) / 10;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(this.#checkMillis, () => {
      void this.#check();
      this.#schedule();
    });
  }

  async #check(): Promise<void> {
    const target = this.#target();
    if (target === undefined || target <= this.#compacted || !this.#options.leading()) return;
    this.#compacted = target;
    await this.#options.compact(target);
  }

  #target(): number | undefined {
    const { compaction, revision } = this.#options;
    if (compaction.mode === 'revision') {
      const target = revision() - compaction.retentionRevisions;
      return target > 0 ? target : undefined;
    }
    const kept = Math.ceil(compaction.retentionMillis / this.#checkMillis);
    this.#seen.push(revision());
    if (this.#seen.length <= kept) return undefined;
    return this.#seen.shift();
  }
}
