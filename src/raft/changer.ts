import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { compareMembers } from './types.ts';
import type { ConfChangeStep, ConfState, MemberId } from './types.ts';

/**
 * The arithmetic of membership changes (Raft §6, thesis §4): pure functions from one ConfState to the next. The
 * error texts are etcd's.
 */

/** Several steps that change at most one voter: old and new majorities overlap (thesis §4.1). */
export function simple(confState: ConfState, changes: readonly ConfChangeStep[]): Result<ConfState, string> {
  if (isJoint(confState)) return err("can't apply simple config change in joint config");
  const draft = new Draft(confState);
  draft.apply(changes);
  const finished = draft.finish();
  if (!finished.ok) return finished;
  const before = new Set(confState.voters);
  let changed = 0;
  for (const voter of draft.voters) if (!before.has(voter)) changed++;
  for (const voter of before) if (!draft.voters.has(voter)) changed++;
  if (changed > 1) return err('more than one voter changed without entering joint config');
  return finished;
}

/** Any change, through a time in which decisions need the majority before it and the one after it (Raft §6). */
export function enterJoint(
  confState: ConfState,
  autoLeave: boolean,
  changes: readonly ConfChangeStep[],
): Result<ConfState, string> {
  if (isJoint(confState)) return err('config is already joint');
  if (confState.voters.length === 0) return err("can't make a zero-voter config joint");
  const draft = new Draft(confState);
  for (const voter of confState.voters) draft.votersOutgoing.add(voter);
  draft.autoLeave = autoLeave;
  draft.apply(changes);
  return draft.finish();
}

/** Forgets the voters before the change. */
export function leaveJoint(confState: ConfState): Result<ConfState, string> {
  if (!isJoint(confState)) return err("can't leave a non-joint config");
  const draft = new Draft(confState);
  for (const learner of draft.learnersNext) draft.learners.add(learner);
  draft.learnersNext.clear();
  draft.votersOutgoing.clear();
  draft.autoLeave = false;
  return draft.finish();
}

export function isJoint(confState: ConfState): boolean {
  return confState.votersOutgoing !== undefined && confState.votersOutgoing.length > 0;
}

class Draft {
  readonly voters: Set<MemberId>;
  readonly votersOutgoing: Set<MemberId>;
  readonly learners: Set<MemberId>;
  readonly learnersNext: Set<MemberId>;
  autoLeave: boolean;

  constructor(confState: ConfState) {
    this.voters = new Set(confState.voters);
    this.votersOutgoing = new Set(confState.votersOutgoing);
    this.learners = new Set(confState.learners);
    this.learnersNext = new Set(confState.learnersNext);
    this.autoLeave = confState.autoLeave ?? false;
  }

  apply(changes: readonly ConfChangeStep[]): void {
    for (const { type, member } of changes) {
      this.voters.delete(member);
      this.learners.delete(member);
      this.learnersNext.delete(member);
      if (type === 'add-voter') this.voters.add(member);
      // A voter of the old majority votes until that is left; a learner that votes there is none yet.
      else if (type === 'add-learner' && this.votersOutgoing.has(member)) this.learnersNext.add(member);
      else if (type === 'add-learner') this.learners.add(member);
    }
  }

  finish(): Result<ConfState, string> {
    if (this.voters.size === 0) return err('removed all voters');
    return ok({
      voters: sorted(this.voters),
      learners: sorted(this.learners),
      ...(this.votersOutgoing.size > 0 && { votersOutgoing: sorted(this.votersOutgoing) }),
      ...(this.learnersNext.size > 0 && { learnersNext: sorted(this.learnersNext) }),
      ...(this.autoLeave && { autoLeave: true }),
    });
  }
}

function sorted(members: ReadonlySet<MemberId>): readonly MemberId[] {
  return [...members].toSorted(compareMembers);
}
