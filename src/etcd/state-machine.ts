import { assert } from '../base/assert.ts';
import { AuthStore } from '../mvcc/auth/auth-store.ts';
import type { Backend } from '../mvcc/backend.ts';
import { Store } from '../mvcc/store.ts';
import type { ConfState, Entry, SnapshotMetadata } from '../raft/types.ts';
import { Alarms } from './alarms.ts';
import { readApplied, writeApplied } from './applied-state.ts';
import { must } from '../base/assert.ts';
import { Membership } from './membership.ts';

/**
 * What the log drives: data, users, members and alarms, all in one backend, and how far it has come. Everything in it is a
 * function of the applied entries, and becomes durable together with their index.
 */
export class StateMachine {
  readonly backend: Backend;
  readonly store: Store;
  readonly auth: AuthStore;
  readonly membership: Membership;
  readonly alarms: Alarms;
  #applied: SnapshotMetadata;

  /** The state that `backend` holds. */
  constructor(backend: Backend) {
    this.backend = backend;
    this.store = new Store(backend);
    this.auth = new AuthStore(backend);
    this.membership = new Membership(backend);
    this.alarms = new Alarms(backend);
    this.#applied = must(readApplied(backend), 'a state machine starts where a backend was begun');
  }

  /** Up to where the log is applied, and Raft's membership then. */
  get applied(): SnapshotMetadata {
    return this.#applied;
  }

  /** `entry` was applied, and these are the members now. Durable with the next `commit`. */
  advance(entry: Entry, confState: ConfState): void {
    assert(entry.index === this.#applied.index + 1, 'entries are applied in order, each once');
    this.#applied = { index: entry.index, term: entry.term, confState };
  }

  /** Ends a batch of applied entries: from here on they are durable together, or not at all. */
  commit(): void {
    writeApplied(this.backend, this.#applied);
    this.backend.commit();
  }
}
