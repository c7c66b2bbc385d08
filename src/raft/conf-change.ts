import { assert } from '../base/assert.ts';
import { concatBytes, decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { enterJoint, leaveJoint, simple } from './changer.ts';
import { memberId } from './types.ts';
import type { ConfChange, ConfChangeStep, ConfChangeV2, ConfState } from './types.ts';

const newline = encodeUtf8('\n');

/** The data of a conf-change entry: `add-voter 1f`, and a line below it the context. Text, so that a log dump can be read. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  return withContext(`${change.type} ${change.member}`, change.context);
}

/** The reverse. Entries are ours alone, so a malformed one is a bug. @throws AssertionError */
export function decodeConfChange(data: Uint8Array): ConfChange {
  const { line, context } = splitContext(data);
  return { ...decodeStep(line), ...(context !== undefined && { context }) };
}

/** The same for many steps: `joint-explicit add-voter 1f, remove 2`, and the context likewise. */
export function encodeConfChangeV2(change: ConfChangeV2): Uint8Array {
  const steps = change.changes.map(({ type, member }) => `${type} ${member}`).join(', ');
  return withContext(`${change.transition} ${steps}`.trimEnd(), change.context);
}

/** The reverse of both. @throws AssertionError */
export function decodeConfChangeV2(data: Uint8Array): ConfChangeV2 {
  const { line, context } = splitContext(data);
  const optional = context === undefined ? {} : { context };
  if (!/^(auto|joint-)/.test(line)) return { transition: 'auto', changes: [decodeStep(line)], ...optional };
  const space = line.indexOf(' ');
  const transition = space < 0 ? line : line.slice(0, space);
  assert(
    transition === 'auto' || transition === 'joint-implicit' || transition === 'joint-explicit',
    () => `conf change transition ${transition}`,
  );
  const changes =
    space < 0
      ? []
      : line
          .slice(space + 1)
          .split(', ')
          .map(decodeStep);
  return { transition, changes, ...optional };
}

/** What leaves a joint membership. */
export const leaveJointChange: ConfChangeV2 = { transition: 'auto', changes: [] };

export function isV2(change: ConfChange | ConfChangeV2): change is ConfChangeV2 {
  return 'changes' in change;
}

function withContext(line: string, context: Uint8Array | undefined): Uint8Array {
  const head = encodeUtf8(line);
  return context === undefined ? head : concatBytes([head, newline, context]);
}

function splitContext(data: Uint8Array): { readonly line: string; readonly context: Uint8Array | undefined } {
  const end = data.indexOf(newline[0]!);
  if (end < 0) return { line: decodeUtf8(data), context: undefined };
  return { line: decodeUtf8(data.subarray(0, end)), context: data.subarray(end + 1) };
}

function decodeStep(text: string): ConfChangeStep {
  const [type, member, ...rest] = text.split(' ');
  assert(rest.length === 0 && member !== undefined, 'malformed conf change');
  assert(type === 'add-voter' || type === 'add-learner' || type === 'remove', () => `conf change ${type}`);
  return { type, member: memberId(member) };
}

/**
 * The membership after `change`. Total and deterministic, for it runs on every member: a change that is not
 * possible (it would leave no voter, or the membership is joint already) changes nothing.
 */
export function applyToConfState(confState: ConfState, change: ConfChange | ConfChangeV2): ConfState {
  const changed = !isV2(change)
    ? simple(confState, [change])
    : change.changes.length === 0 && change.transition === 'auto'
      ? leaveJoint(confState)
      : change.changes.length > 1 || change.transition !== 'auto'
        ? enterJoint(confState, change.transition !== 'joint-explicit', change.changes)
        : simple(confState, change.changes);
  return changed.ok ? changed.value : confState;
}
