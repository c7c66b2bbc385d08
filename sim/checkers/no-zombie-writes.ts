import type { Lease } from '../../src/api/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Write {
  readonly revision: number;
  readonly what: string;
}

/** One candidate's turn as the leader: from when the lease says so. */
interface Turn {
  readonly holder: string;
  readonly since: number;
  first: Write | undefined;
}

/**
 * Once a new leader of an election has written, no write of an earlier one takes effect: else two controllers undo each
 * other's work. Turns are read off the Lease objects, by the store's revisions.
 */
export class NoZombieWrites implements Checker {
  readonly name = 'no-zombie-writes';
  readonly sees: readonly FactType[] = ['object-changed', 'controller-wrote'];
  readonly #turns = new Map<string, Turn[]>();
  readonly #last = new Map<string, Write>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type === 'object-changed') {
      if (seen.object.kind === 'Lease' && seen.change !== 'DELETED') {
        this.#held(seen.object as Lease, seen.revision);
      }
      return undefined;
    }
    if (seen.type !== 'controller-wrote') return undefined;
    const message = this.#wrote(seen.election, seen.identity, seen);
    return message === undefined ? undefined : { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #held({ metadata, spec }: Lease, revision: number): void {
    const holder = spec?.holderIdentity ?? '';
    const turns = this.#turnsOf(metadata.name);
    if (holder === '' || turns.at(-1)?.holder === holder) return;
    turns.push({ holder, since: revision, first: undefined });
  }

  /** Answers come late and in any order, so both sides are looked at. */
  #wrote(election: string, identity: string, write: Write): string | undefined {
    const turns = this.#turnsOf(election);
    const place = turns.findLastIndex(
      ({ holder, since }) => isOf(holder, identity) && since < write.revision,
    );
    const turn = turns[place];
    if (turn === undefined) return undefined;
    if (turn.first === undefined || write.revision < turn.first.revision) turn.first = write;
    const name = `${election} ${place}`;
    const last = this.#last.get(name);
    if (last === undefined || write.revision > last.revision) this.#last.set(name, write);
    for (const [i, other] of turns.entries()) {
      if (isOf(other.holder, identity)) continue;
      const newer = i > place ? other.first : write;
      const older = i > place ? write : this.#last.get(`${election} ${i}`);
      if (newer === undefined || older === undefined || older.revision < newer.revision) continue;
      const [late, successor] = i > place ? [turn.holder, other.holder] : [other.holder, turn.holder];
      return `the ${older.what} by ${late} took effect at revision ${older.revision}, but ${successor} leads ${election} since revision ${Math.max(turn.since, other.since)} and had written at revision ${newer.revision}: ${newer.what}`;
    }
    return undefined;
  }

  #turnsOf(election: string): Turn[] {
    let turns = this.#turns.get(election);
    if (turns === undefined) {
      turns = [];
      this.#turns.set(election, turns);
    }
    return turns;
  }
}

/** A candidate's identity is its host's name and a mark of its life. */
function isOf(holder: string, host: string): boolean {
  return holder.startsWith(`${host}_`) || holder === host;
}
