import type { Clock } from '../platform/clock.ts';
import type { ConfChange } from '../raft/types.ts';
import { noLeaderError, timeoutError, tooManyRequestsError, type EtcdError } from './errors.ts';
import type { Done } from './etcd-server.ts';

export interface ConfChangesOptions {
  readonly clock: Clock;
  readonly timeoutMillis: number;
  readonly hasLeader: () => boolean;
  readonly propose: (change: ConfChange) => 'accepted' | 'dropped';
}

/** The membership changes of this member's clients between proposing and applying. */
export class ConfChanges {
  readonly #options: ConfChangesOptions;
  /** By what they do: the same change twice at once is one. */
  readonly #pending = new Map<string, Done<void>>();

  constructor(options: ConfChangesOptions) {
    this.#options = options;
  }

  /** Resolves when the change is applied here. @throws EtcdError */
  propose(change: ConfChange): Promise<void> {
    const { clock, hasLeader, propose, timeoutMillis } = this.#options;
    return new Promise((resolve, reject) => {
      const name = nameOf(change);
      const timer = clock.setTimer(timeoutMillis, () => {
        if (this.#pending.delete(name)) reject(timeoutError());
      });
      this.#pending.set(name, {
        ok: () => {
          timer.cancel();
          resolve();
        },
        failed: (error) => {
          timer.cancel();
          reject(error);
        },
      });
      if (propose(change) === 'accepted') return;
      // Dropped while another change is under way: etcd lets the client wait for its time-out; saying so at once is kinder.
      this.applied(change, hasLeader() ? tooManyRequestsError() : noLeaderError());
    });
  }

  /** The change was applied, or had become invalid when its turn came. */
  applied(change: ConfChange, refusal?: EtcdError): void {
    const name = nameOf(change);
    const done = this.#pending.get(name);
    if (done === undefined) return;
    this.#pending.delete(name);
    if (refusal === undefined) done.ok();
    else done.failed(refusal);
  }

  failAll(error: () => EtcdError): void {
    for (const done of this.#pending.values()) done.failed(error());
    this.#pending.clear();
  }
}

function nameOf({ type, member }: ConfChange): string {
  return `${type} ${member}`;
}
