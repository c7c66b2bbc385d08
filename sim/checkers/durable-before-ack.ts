import type { MsgVoteResp } from '../../src/raft/messages.ts';
import { noMember, type ConfState, type Entry, type HardState, type MemberId } from '../../src/raft/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';
import { MemberLogs } from './member-log.ts';

/**
 * Nothing that a member says may depend on what its own disk can still lose (Raft, figure 2: "respond after flushing
 * to stable storage"):
 *   - it acknowledges entries that are durable on its disk;
 *   - it votes for a member when that vote and its term are durable;
 *   - it applies an entry, which is when a client is answered, when the entry is durable on its disk;
 *   - and only when it is durable on the disks of a majority: that is what "committed" says.
 */
export class DurableBeforeAck implements Checker {
  readonly name = 'durable-before-ack';
  readonly sees: readonly FactType[] = [
    ...MemberLogs.sees,
    'hard-state-saved',
    'message-sent',
    'entry-applied',
    'snapshot-installed',
  ];
  readonly #logs = new MemberLogs();
  readonly #hardStates = new Map<MemberId, HardState>();
  /** Who had a say before and after the newest change. */
  #before: ConfState | undefined;
  #now: ConfState | undefined;
  #newestApplied = 0;

  observe(seen: Observation): Violation | undefined {
    this.#logs.observe(seen);
    switch (seen.type) {
      case 'log-opened':
        if (seen.hardState === undefined) this.#hardStates.delete(seen.member);
        else this.#hardStates.set(seen.member, seen.hardState);
        this.#now ??= seen.snapshot.confState;
        return undefined;
      case 'hard-state-saved':
        this.#hardStates.set(seen.member, seen.hardState);
        return undefined;
      case 'message-sent': {
        const { message, member, atMillis } = seen;
        if (message.type === 'MsgAppResp' && !message.reject) {
          const { lastIndex } = this.#logs.of(member);
          if (message.index <= lastIndex) return undefined;
          return this.#violation(
            atMillis,
            `${member} acknowledged entries up to ${message.index} to ${message.to}, but its disk has them only up to ${lastIndex}`,
          );
        }
        if (message.type === 'MsgVoteResp' && !message.reject) {
          return this.#violation(atMillis, this.#judgeVote(member, message));
        }
        return undefined;
      }
      case 'entry-applied':
        return this.#violation(
          seen.atMillis,
          this.#judgeApplied(seen.member, seen.entry) ??
            this.#judgeCommit(seen.member, seen.entry, seen.confState),
        );
      default:
        return undefined;
    }
  }

  finish(): undefined {
    return undefined;
  }

  #judgeVote(member: MemberId, { term, to }: MsgVoteResp): string | undefined {
    const durable = this.#hardStates.get(member);
    if (durable?.term === term && durable.vote === to) return undefined;
    const instead =
      durable === undefined
        ? 'no vote at all'
        : `term ${durable.term} with ${durable.vote === noMember ? 'no vote' : `a vote for ${durable.vote}`}`;
    return `${member} gave ${to} its vote in term ${term}, but its disk has ${instead}`;
  }

  /** A client is answered when its entry is applied. */
  #judgeApplied(member: MemberId, { index, term }: Entry): string | undefined {
    const log = this.#logs.of(member);
    if (log.holds(index, term)) return undefined;
    const instead = log.at(index) === undefined ? 'nothing' : `an entry of term ${log.at(index)}`;
    return `${member} applied entry ${index} of term ${term}, and answers for it, but its own disk has ${instead} there`;
  }

  /** Asked of the first member to apply it. */
  #judgeCommit(member: MemberId, { index, term, type }: Entry, confState?: ConfState): string | undefined {
    if (index <= this.#newestApplied) return undefined;
    this.#newestApplied = index;
    // What stood before a change of members may still be committed by those who had a say then.
    const sayers = [this.#now, this.#before].filter((one) => one !== undefined);
    if (type === 'conf-change') {
      this.#before = this.#now;
      this.#now = confState;
    } else this.#now ??= confState;
    const ones = sayers.map((one) => missingMajority(one, (each) => this.#logs.of(each).holds(index, term)));
    if (ones.length === 0 || ones.some((one) => one === undefined)) return undefined;
    const { have, of } = ones[0]!;
    return `${member} applied entry ${index} of term ${term}, but of ${of} members only ${have.join(', ') || 'none'} had it on disk: no majority`;
  }

  #violation(atMillis: number, message: string | undefined): Violation | undefined {
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }
}

/** undefined: a majority has it; of both halves, while the membership is joint. */
function missingMajority(
  { voters, votersOutgoing = [] }: ConfState,
  has: (member: MemberId) => boolean,
): { readonly have: readonly MemberId[]; readonly of: number } | undefined {
  for (const half of [voters, votersOutgoing]) {
    const have = half.filter(has);
    if (half.length > 0 && have.length * 2 <= half.length) return { have, of: half.length };
  }
  return undefined;
}
