import { assert, must } from '../../src/base/assert.ts';

/**
 * The judge of a soak: what clients were told, held to what the store says happened.
 *
 * The store numbers its changes, so nothing needs to be searched for: the events after a revision are its own account of the
 * order, and every answer names the revision it was given at. Pure: no clock, no I/O; times are given.
 *
 * What it holds the store to
 *   J1  An acknowledged write is in the account, at the revision of its answer, whole, and nowhere else.
 *   J2  A write of unknown outcome is in it at most once, whole. A refused one is not in it.
 *   J3  Whatever is in the account was asked for: by a write, or by the end of a lease that may end.
 *   J4  An answer is what is true at its revision: what was read, what a comparison found, what was there to delete.
 *   J5  No answer's revision is below one that anybody knew when its call began, and a change's is above it.
 *   J6  A lease lives as long as its holder was promised, and what was attached to it ends with it, in one revision.
 *   J7  What the account said once it says for ever.
 */

/** A change of one key, as a client asks for it. Values are unique: they say who wrote. */
export type Effect =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly lease: bigint }
  | { readonly type: 'delete'; readonly key: string };

/** A call that is under way, or was. */
export interface Call {
  /** Done, if `compare` holds. Empty for a read. */
  readonly effects: readonly Effect[];
  /** The key must have been changed last at this revision; 0: must not exist. */
  readonly compare?: { readonly key: string; readonly modRevision: number };
}

export type Outcome =
  /** `succeeded`: the effects were asked to be done; for a lone delete: something was there. */
  | { readonly type: 'written'; readonly revision: number; readonly succeeded: boolean }
  | { readonly type: 'read'; readonly revision: number; readonly key: string; readonly value?: string }
  | { readonly type: 'refused' }
  | { readonly type: 'unknown' };

/** A change as the store tells of it. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: string;
  readonly lease: bigint;
  readonly modRevision: number;
  readonly createRevision: number;
  readonly version: number;
}

/** A promise that was broken. The message says by which answer or event. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface BegunCall {
  readonly call: Call;
  /** The newest revision that anybody knew when it began. */
  readonly floor: number;
  outcome?: Outcome;
  /** Where the account has it. */
  foundAt?: number;
}

interface Lease {
  /** Milliseconds; on the clock of whoever calls. */
  promisedUntil: number;
  revoking: boolean;
  revoked: boolean;
}

/** Of changes that are compared with what members and watches tell again, so many are remembered. */
const rememberedRevisionsMax = 20_000;

export class History {
  /** All keys after revision `judged`. */
  readonly state = new Map<string, Change>();
  readonly #byRevision = new Map<number, string>();
  readonly #byValue = new Map<string, BegunCall>();
  /** Lone deletes of unknown outcome, by key, in the order they began. */
  readonly #doubtfulDeletes = new Map<string, BegunCall[]>();
  readonly #leases = new Map<bigint, Lease>();
  #open: BegunCall[] = [];
  #known = 1;
  #judged = 1;
  acknowledged = 0;
  unknown = 0;
  /** Of those, how many were found to have been done. */
  unknownDone = 0;
  refused = 0;
  leasesEnded = 0;

  /** Up to here everything is judged. A new store is at 1. */
  get judged(): number {
    return this.#judged;
  }

  /** Somebody was told of this revision. */
  know(revision: number): void {
    if (revision > this.#known) this.#known = revision;
  }

  begin(call: Call): (outcome: Outcome) => void {
    const begun: BegunCall = { call, floor: this.#known };
    for (const effect of call.effects) {
      if (effect.type !== 'put') continue;
      assert(!this.#byValue.has(effect.value), () => `${effect.value} is written twice`);
      this.#byValue.set(effect.value, begun);
    }
    return (outcome) => {
      begun.outcome = outcome;
      if ('revision' in outcome) this.know(outcome.revision);
      if (outcome.type === 'unknown') this.unknown++;
      else if (outcome.type === 'refused') this.refused++;
      else this.acknowledged++;
      if ('revision' in outcome) this.#open.push(begun);
      else if (outcome.type === 'unknown') this.#doubt(begun);
    };
  }

  #doubt(begun: BegunCall): void {
    const { effects } = begun.call;
    const [only] = effects;
    if (effects.length !== 1 || only?.type !== 'delete') return;
    const doubtful = this.#doubtfulDeletes.get(only.key) ?? [];
    doubtful.push(begun);
    this.#doubtfulDeletes.set(only.key, doubtful);
  }

  // ── Leases ──────────────────────────────────────────────────────────────────────────────────────

  /** Granted or renewed, by a call that began so long before the promised end. */
  promise(lease: bigint, untilMillis: number): void {
    const known = this.#leases.get(lease);
    if (known === undefined) {
      this.#leases.set(lease, { promisedUntil: untilMillis, revoking: false, revoked: false });
    } else known.promisedUntil = Math.max(known.promisedUntil, untilMillis);
  }

  revoking(lease: bigint): void {
    must(this.#leases.get(lease)).revoking = true;
  }

  revoked(lease: bigint): void {
    must(this.#leases.get(lease)).revoked = true;
  }

  /** The store says that the lease is not there, to a call that ended now. @throws Violation */
  leaseMissing(lease: bigint, nowMillis: number): void {
    const { revoking, promisedUntil } = must(this.#leases.get(lease));
    if (!revoking && nowMillis < promisedUntil) {
      throw new Violation(
        `lease ${lease.toString(16)} is not found ${Math.round(promisedUntil - nowMillis)} ms before its time`,
      );
    }
  }

  /** The store served it to a call that began after its end was acknowledged. @throws Violation */
  leaseAlive(lease: bigint): void {
    if (must(this.#leases.get(lease)).revoked) {
      throw new Violation(`lease ${lease.toString(16)} was revoked, which was acknowledged, and lives`);
    }
  }

  // ── Judging ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Goes on to `revision`, by the store's account of all changes after `judged` in order. No call may be under way.
   * `seenMillis` says when somebody first heard of a revision.
   *
   * @throws Violation
   */
  extend(changes: readonly Change[], revision: number, seenMillis: (revision: number) => number): void {
    const answers = groupByRevision(this.#open);
    this.#open = [];
    let at = 0;
    for (const [answered, [call]] of answers) {
      if (answered < this.#judged) {
        throw new Violation(
          `answered at revision ${answered}, when ${this.#judged} was known: ${describe(must(call))}`,
        );
      }
    }
    // At the revision that is judged already: reads, and writes that did nothing.
    this.#answersAt(this.#judged, answers, undefined);
    while (this.#judged < revision) {
      const next = this.#judged + 1;
      const begin = at;
      while (changes[at]?.modRevision === next) at++;
      const together = changes.slice(begin, at);
      if (together.length === 0) throw new Violation(`nothing is told of revision ${next}: it is lost`);
      const writer = this.#writer(next, together, answers.get(next) ?? [], seenMillis);
      this.#apply(next, together);
      this.#judged = next;
      this.#answersAt(next, answers, writer);
    }
    if (at < changes.length) {
      throw new Violation(`revision ${changes[at]!.modRevision} comes after ${this.#judged}`);
    }
    for (const [answered, [call]] of answers) {
      throw new Violation(
        `acknowledged at revision ${answered}, and the store is at ${revision}: ${describe(call!)}`,
      );
    }
    for (const [key, { lease }] of this.state) {
      if (lease !== 0n && this.#leases.get(lease)?.revoked === true) {
        throw new Violation(`${key} outlives its lease ${lease.toString(16)}, which was revoked`);
      }
    }
  }

  /** What else is told of revisions that are judged must be what was told first. @throws Violation */
  compare(who: string, changes: readonly Change[], after: number): void {
    let at = 0;
    for (let revision = after + 1; revision <= this.#judged; revision++) {
      const begin = at;
      while (changes[at]?.modRevision === revision) at++;
      const told = fingerprint(changes.slice(begin, at));
      const expected = must(this.#byRevision.get(revision), `revision ${revision} is forgotten`);
      if (told !== expected) {
        throw new Violation(`${who} tells of revision ${revision} "${told}", but it was "${expected}"`);
      }
    }
    const extra = changes[at];
    if (extra !== undefined) {
      throw new Violation(
        `${who} tells of revision ${extra.modRevision} again, out of order, or of the future`,
      );
    }
  }

  /** Revisions above this can be compared again. */
  get rememberedAfter(): number {
    return Math.max(1, this.#judged - rememberedRevisionsMax);
  }

  /** What a member holds, against what the account sums up to. @throws Violation */
  compareState(who: string, held: readonly Change[]): void {
    const told = fingerprint(held.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
    const expected = fingerprint([...this.state.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)));
    if (told !== expected) {
      throw new Violation(
        `${who} holds at revision ${this.#judged}\n  ${told}\nand the changes come to\n  ${expected}`,
      );
    }
  }

  /** Who made the changes of a revision; undefined for the end of a lease. */
  #writer(
    revision: number,
    changes: readonly Change[],
    answers: readonly BegunCall[],
    seenMillis: (revision: number) => number,
  ): BegunCall | undefined {
    const put = changes.find(({ type }) => type === 'put');
    const claims = answers.filter((answer) => changed(answer));
    if (claims.length > 1) {
      throw new Violation(
        `two writes were acknowledged at revision ${revision}: ${claims.map(describe).join('; ')}`,
      );
    }
    let writer = claims[0] ?? (put && this.#byValue.get(put.value));
    if (put !== undefined && writer === undefined) {
      throw new Violation(`nobody wrote ${fingerprint([put])}`);
    }
    if (writer === undefined) {
      if (this.#endsLease(revision, changes, seenMillis)) return undefined;
      const [only] = changes;
      const doubtful = this.#doubtfulDeletes.get(only!.key) ?? [];
      writer = doubtful.shift();
      if (changes.length > 1 || writer === undefined) {
        throw new Violation(`nobody deleted what revision ${revision} tells of: ${fingerprint(changes)}`);
      }
    }
    this.#found(writer, revision);
    const expected = writer.call.effects.filter(
      (effect) => effect.type === 'put' || this.state.has(effect.key),
    );
    const asked = expected.map(effectText).toSorted().join(', ');
    const told = changes.map(effectText).toSorted().join(', ');
    if (asked !== told) {
      throw new Violation(`revision ${revision} is "${told}", and was asked to be "${asked}"`);
    }
    this.#checkCompare(writer, revision, true);
    return writer;
  }

  #found(writer: BegunCall, revision: number): void {
    const { outcome, foundAt, floor } = writer;
    if (foundAt !== undefined) {
      throw new Violation(`done twice, at revisions ${foundAt} and ${revision}: ${describe(writer)}`);
    }
    writer.foundAt = revision;
    if (outcome?.type === 'unknown') this.unknownDone++;
    else if (outcome?.type !== 'written' || outcome.revision !== revision || !outcome.succeeded) {
      throw new Violation(`done at revision ${revision}: ${describe(writer)}`);
    }
    if (revision <= floor) {
      throw new Violation(
        `done at revision ${revision}, but begun when ${floor} was known: ${describe(writer)}`,
      );
    }
  }

  #endsLease(
    revision: number,
    changes: readonly Change[],
    seenMillis: (revision: number) => number,
  ): boolean {
    const id = this.state.get(changes[0]!.key)?.lease ?? 0n;
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    const attached = [...this.state.values()].filter((held) => held.lease === id).map(({ key }) => key);
    const ended = changes.map(({ key }) => key);
    if (attached.toSorted().join() !== ended.toSorted().join()) {
      throw new Violation(
        `lease ${id.toString(16)} has ${attached.join()}, and revision ${revision} ends ${ended.join()}`,
      );
    }
    const early = lease.promisedUntil - seenMillis(revision);
    if (!lease.revoking && early > 0) {
      throw new Violation(`lease ${id.toString(16)} ended ${Math.round(early)} ms before its time`);
    }
    this.leasesEnded++;
    return true;
  }

  #apply(revision: number, changes: readonly Change[]): void {
    for (const change of changes) {
      const before = this.state.get(change.key);
      if (change.type === 'delete') {
        if (before === undefined) {
          throw new Violation(`revision ${revision} deletes ${change.key}, which is not there`);
        }
        this.state.delete(change.key);
        continue;
      }
      const version = (before?.version ?? 0) + 1;
      const created = before?.createRevision ?? revision;
      if (change.version !== version || change.createRevision !== created) {
        throw new Violation(`${fingerprint([change])} should have version ${version}, created at ${created}`);
      }
      this.state.set(change.key, change);
    }
    this.#byRevision.set(revision, fingerprint(changes));
    this.#byRevision.delete(revision - rememberedRevisionsMax);
  }

  /** What was answered at a revision, with the state as it is after it. */
  #answersAt(revision: number, answers: Map<number, BegunCall[]>, writer: BegunCall | undefined): void {
    for (const answer of answers.get(revision) ?? []) {
      if (answer === writer) continue;
      const { outcome, floor } = answer;
      if (revision < floor) {
        throw new Violation(
          `answered at revision ${revision}, but begun when ${floor} was known: ${describe(answer)}`,
        );
      }
      if (changed(answer)) throw new Violation(`not done at revision ${revision}: ${describe(answer)}`);
      if (outcome?.type === 'read') {
        const held = this.state.get(outcome.key)?.value;
        if (held !== outcome.value) {
          throw new Violation(
            `at revision ${revision} ${outcome.key} is ${held ?? 'absent'}: ${describe(answer)}`,
          );
        }
      } else if (answer.call.compare === undefined) {
        const there = answer.call.effects.find(({ key }) => this.state.has(key));
        if (there !== undefined) {
          throw new Violation(`at revision ${revision} ${there.key} is there: ${describe(answer)}`);
        }
      } else this.#checkCompare(answer, revision, false);
    }
    answers.delete(revision);
  }

  #checkCompare({ call }: BegunCall, revision: number, succeeded: boolean): void {
    if (call.compare === undefined) return;
    const { key, modRevision } = call.compare;
    const held = this.state.get(key)?.modRevision ?? 0;
    if ((held === modRevision) !== succeeded) {
      throw new Violation(
        `the comparison of ${key} with ${modRevision} ${succeeded ? 'succeeded' : 'failed'} at revision ${revision}, ` +
          `where it was changed last at ${held}`,
      );
    }
  }
}

/** Whether it was answered that the call changed something. */
function changed({ outcome }: BegunCall): boolean {
  return outcome?.type === 'written' && outcome.succeeded;
}

function groupByRevision(calls: readonly BegunCall[]): Map<number, BegunCall[]> {
  const groups = new Map<number, BegunCall[]>();
  for (const call of calls) {
    const { outcome } = call;
    assert(outcome !== undefined && 'revision' in outcome, 'only answers have revisions');
    const group = groups.get(outcome.revision);
    if (group === undefined) groups.set(outcome.revision, [call]);
    else group.push(call);
  }
  return groups;
}

function effectText(effect: Effect): string {
  if (effect.type === 'delete') return `delete ${effect.key}`;
  const lease = effect.lease === 0n ? '' : ` lease ${effect.lease.toString(16)}`;
  return `put ${effect.key} ${effect.value}${lease}`;
}

function fingerprint(changes: readonly Change[]): string {
  return changes
    .map((change) =>
      change.type === 'delete'
        ? effectText(change)
        : `${effectText(change)} (created ${change.createRevision}, changed ${change.modRevision}, version ${change.version})`,
    )
    .join(', ');
}

function describe({ call, outcome, floor }: BegunCall): string {
  const effects = call.effects.map(effectText).join(', ') || 'a read';
  const compare = call.compare === undefined ? '' : ` if ${call.compare.key} @${call.compare.modRevision}`;
  const answer =
    outcome === undefined
      ? 'no answer'
      : JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? value.toString(16) : value));
  return `${effects}${compare}, begun at ${floor}, answered ${answer}`;
}
