import type { Store } from '../mvcc/store.ts';
import type { Revision } from '../mvcc/types.ts';
import type { Clock } from '../platform/clock.ts';
import { fromMvccError, stoppedError } from './errors.ts';
import type { StateMachine } from './state-machine.ts';

/** How much of the history is gone through before other work gets its turn. */
const recordsPerScrub = 2000;
const recordsPerHashStep = 5000;

/** What goes through a member's whole history, in slices: scrubbing it after a compaction, and hashing it. */
export class HistoryWork {
  readonly #clock: Clock;
  /** The state in force: a leader's snapshot may replace it between two slices. */
  readonly #state: () => StateMachine;
  #scrubbing: Promise<void> | undefined;
  #stopped = false;

  constructor(clock: Clock, state: () => StateMachine) {
    this.#clock = clock;
    this.#state = state;
  }

  /** Removes what the compactions so far have made unreadable. */
  scrub(): void {
    this.#scrubbing ??= this.#scrubAll().finally(() => {
      this.#scrubbing = undefined;
    });
  }

  /** Resolves when there is nothing to scrub. */
  scrubbed(): Promise<void> {
    return this.#scrubbing ?? Promise.resolve();
  }

  /** As EtcdServer.hashKv. @throws EtcdError */
  async hashKv(
    revision: number,
  ): Promise<{ readonly hash: number; readonly compactRevision: number; readonly hashRevision: Revision }> {
    for (;;) {
      const store = this.#store;
      const begun = store.hashKv(revision);
      if (!begun.ok) throw fromMvccError(begun.error.code);
      const run = begun.value;
      try {
        while (run.step(recordsPerHashStep)) {
          await this.#clock.sleep(0);
          if (this.#stopped) throw stoppedError();
        }
        // A compaction meanwhile, or another state altogether: what was in force cannot be told any more.
        if (store !== this.#store || Math.max(0, run.compactRevision) !== store.compactRevision) continue;
        return {
          hash: run.hash,
          compactRevision: run.compactRevision,
          hashRevision: run.revision as Revision,
        };
      } finally {
        run.close();
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  get #store(): Store {
    return this.#state().store;
  }

  async #scrubAll(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(0);
      if (this.#stopped) return;
      const more = this.#store.scrub(recordsPerScrub);
      this.#state().commit();
      if (!more) return;
      await this.#state().backend.drained();
    }
  }
}
