import { assert } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { compareMembers, memberId } from './types.ts';
import type { ConfChange, ConfState, MemberId } from './types.ts';

/** The data of a conf-change entry: `add-voter 1f`. Text, so that a log dump can be read. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  return encodeUtf8(`${change.type} ${change.member}`);
}

/** The reverse. Entries are ours alone, so a malformed one is a bug. @throws AssertionError */
export function decodeConfChange(data: Uint8Array): ConfChange {
  const [type, member, ...rest] = decodeUtf8(data).split(' ');
  assert(rest.length === 0 && member !== undefined, 'malformed conf change');
  assert(type === 'add-voter' || type === 'add-learner' || type === 'remove', () => `conf change ${type}`);
  return { type, member: memberId(member) };
}

/**
 * The membership after `change` (thesis §4.1: one member at a time, so old and new majorities overlap).
 * Total and deterministic, for it runs on every member: a change that would leave no voter changes nothing.
 */
export function applyToConfState(confState: ConfState, change: ConfChange): ConfState {
  const others = (members: readonly MemberId[]): MemberId[] => members.filter((id) => id !== change.member);
  const voters = others(confState.voters);
  const learners = others(confState.learners);
  if (change.type === 'add-voter') voters.push(change.member);
  if (change.type === 'add-learner') learners.push(change.member);
  if (voters.length === 0) return confState;
  return { voters: voters.toSorted(compareMembers), learners: learners.toSorted(compareMembers) };
}
