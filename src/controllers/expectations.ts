import type { Clock } from '../platform/clock.ts';

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMillis: number;
}

/** After this a lost observation is assumed, and the controller trusts its cache again (upstream's value). */
export const expectationExpiryMillis = 5 * 60_000;

/**
 * What a controller has done and not yet seen in its cache (controller.UIDTrackingControllerExpectations).
 * Until it has, it must not count that cache: it would create or delete the same again.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expectCreations(key: string, count: number): void {
    this.#expected.set(key, {
      creations: count,
      deletions: new Set(),
      sinceMillis: this.#clock.monotonicMillis(),
    });
  }

  /** By uid: an object is seen to go twice, once terminating and once gone. */
  expectDeletions(key: string, uids: Iterable<string>): void {
    this.#expected.set(key, {
      creations: 0,
      deletions: new Set(uids),
      sinceMillis: this.#clock.monotonicMillis(),
    });
  }

  /** One was seen, or could not be made. */
  creationObserved(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined && expected.creations > 0) expected.creations--;
  }

  deletionObserved(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid);
  }

  /** Whether the cache shows all that was done, or it is too long ago to wait for. */
  satisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined || (expected.creations === 0 && expected.deletions.size === 0)) return true;
    return this.#clock.monotonicMillis() - expected.sinceMillis >= expectationExpiryMillis;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}
