import type { Config } from './config.ts';
import type { RaftLog } from './log.ts';
import { entryBytes } from './storage.ts';
import type { Entry } from './types.ts';

/** Committed entries on their way to the state machine, bounded by committedBytesMax. */
export class Applying {
  readonly #log: RaftLog;
  readonly #bytesMax: number;
  /** The synchronous driver writes before it applies; a thread of its own for each waits for the write's answer. */
  readonly #allowUnstable: boolean;
  /** Handed out and not applied. */
  #bytes = 0;

  constructor(log: RaftLog, config: Config) {
    this.#log = log;
    this.#bytesMax = config.committedBytesMax ?? config.maxSizePerMessageBytes;
    this.#allowUnstable = config.asyncStorageWrites !== true;
  }

  get hasNext(): boolean {
    const room = this.#bytes === 0 || this.#bytes < this.#bytesMax;
    return room && this.#log.hasNextCommitted(this.#allowUnstable);
  }

  /** What is to be applied next, which counts as handed out. */
  take(): readonly Entry[] {
    if (!this.hasNext) return [];
    const room = Math.max(0, this.#bytesMax - this.#bytes);
    const entries = this.#log.nextCommitted(room, this.#allowUnstable);
    const last = entries.at(-1);
    if (last === undefined) return entries;
    for (const entry of entries) this.#bytes += entryBytes(entry);
    this.#log.acceptApplying(last.index);
    return entries;
  }

  /** These were applied. */
  release(entries: readonly Entry[]): void {
    for (const entry of entries) this.#bytes -= entryBytes(entry);
  }
}
