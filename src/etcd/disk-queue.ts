import { DiskError } from '../platform/errors.ts';
import type { MsgStorageAppend } from '../raft/messages.ts';
import type { Ready } from '../raft/ready.ts';
import type { Snapshot } from '../raft/types.ts';
import { WalError } from '../wal/wal.ts';
import type { DurableLog } from './durable-log.ts';

export interface DiskQueueOptions {
  readonly log: DurableLog;
  /** Puts a leader's snapshot in the place of the log and the state. */
  readonly install: (snapshot: Snapshot, ready: Ready) => Promise<void>;
  /** A Ready's append is durable: in the order in which they were written. */
  readonly written: (ready: Ready, append: MsgStorageAppend) => void;
  /** The disk has failed. What was not acknowledged never is: nothing is tried again. */
  readonly failed: (error: WalError | DiskError) => void;
}

/**
 * The appends of Raft's Readys on their way to the disk. Entries begin to be written at once, several Readys share a sync, and
 * each is told of in its turn. Only a snapshot holds up what follows it.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #installing = false;
  #truncating: Promise<void> | undefined;
  #closed = false;

  constructor(options: DiskQueueOptions) {
    this.#options = options;
  }

  /** A snapshot is in the queue: the log is about to be another one. */
  get installing(): boolean {
    return this.#installing;
  }

  write(ready: Ready, append: MsgStorageAppend): void {
    const { log, install, written } = this.#options;
    const { entries, hardState, snapshot, mustSync } = ready;
    if (snapshot === undefined && this.#waiting === 0 && !mustSync) {
      // Nothing to wait for: a heartbeat's answer does not take a turn of the event loop.
      void log.append(entries, hardState, false);
      written(ready, append);
      return;
    }
    this.#waiting++;
    let write: Promise<void>;
    if (snapshot !== undefined) {
      this.#installing = true;
      write = this.#last.then(() => install(snapshot, ready));
    } else if (this.#installing) {
      write = this.#last.then(() => log.append(entries, hardState, mustSync));
    } else {
      const durable = log.append(entries, hardState, mustSync);
      // Its failure is looked at when it is its turn.
      durable.catch(() => {});
      write = this.#last.then(() => durable);
    }
    this.#last = write.then(
      () => {
        this.#waiting--;
        if (snapshot !== undefined) this.#installing = false;
        if (!this.#closed) written(ready, append);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Runs `truncate` unless an earlier one is still at it. */
  truncate(truncate: () => Promise<void>): void {
    this.#truncating ??= truncate()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#truncating = undefined;
      });
  }

  get truncating(): boolean {
    return this.#truncating !== undefined;
  }

  /** Nothing is told of any more. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when what was begun has ended. */
  async idle(): Promise<void> {
    await this.#last;
    await this.#truncating;
  }

  /** Only the disk may fail; anything else is a bug and stops the process. */
  #fail(error: unknown): void {
    if (!(error instanceof WalError || error instanceof DiskError)) throw error;
    this.#options.failed(error);
  }
}
