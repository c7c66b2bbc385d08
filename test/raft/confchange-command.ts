import { expect } from 'vitest';

import { emptyBytes } from '../../src/base/bytes.ts';
import { enterJoint, leaveJoint, simple } from '../../src/raft/changer.ts';
import { Membership } from '../../src/raft/membership.ts';
import { ProgressTracker } from '../../src/raft/progress-tracker.ts';
import { RaftState } from '../../src/raft/raft-state.ts';
import { MemoryStorage } from '../../src/raft/storage.ts';
import { index, term } from '../../src/raft/types.ts';
import { parseSteps } from './data-driven.ts';
import type { Command } from './data-driven.ts';
import { describeConfState, describeProgress } from './describe.ts';
import { naiveChange } from './naive-changer.ts';
import type { Change } from './naive-changer.ts';
import { id } from './network.ts';

/**
 * The commands of etcd's raft's confchange/testdata: `simple`, `enter-joint autoleave=true` with steps below, and
 * `leave-joint`. They show the membership and what a leader knows of everybody. Each command finds the log one entry
 * longer, so that `next` tells when a member's progress began.
 */
export class ConfChanges {
  readonly #state: RaftState;
  readonly #tracker: ProgressTracker;

  constructor() {
    this.#state = new RaftState({
      id: id(1),
      electionTicks: 10,
      heartbeatTicks: 1,
      preVote: false,
      checkQuorum: false,
      maxSizePerMessageBytes: 0,
      inflightMessagesMax: 10,
      uncommittedBytesMax: 1,
      storage: new MemoryStorage(),
      applied: index(0),
      randomInteger: () => 0,
    });
    this.#tracker = new ProgressTracker(this.#state);
  }

  run(command: Command): readonly string[] {
    const shown = this.#change(changeOf(command));
    const { log } = this.#state;
    log.append([{ index: index(log.lastIndex + 1), term: term(1), type: 'normal', data: emptyBytes }]);
    return shown;
  }

  #change(change: Change): readonly string[] {
    const before = this.#state.confState;
    const changed = apply(before, change);
    expect(changed.ok ? changed.value : changed.error).toEqual(naiveChange(before, change));
    if (!changed.ok) return [changed.error];
    this.#state.membership = new Membership(changed.value);
    this.#tracker.followMembership();
    return [describeConfState(changed.value), ...this.#tracker.status().map(describeProgress)];
  }
}

function apply(before: RaftState['confState'], change: Change) {
  switch (change.kind) {
    case 'simple':
      return simple(before, change.steps);
    case 'enter-joint':
      return enterJoint(before, change.autoLeave, change.steps);
    case 'leave-joint':
      return leaveJoint(before);
  }
}

function changeOf({ name, options, input }: Command): Change {
  // etcd writes 0 for a change that its driver refused, and u for one that is none: they have no step here.
  const words = input.join(' ').split(/\s+/);
  const steps = parseSteps(words.filter((word) => !/^(u\d+|.0)$/.test(word)).join(' '));
  if (name === 'simple') return { kind: name, steps };
  if (name === 'enter-joint') {
    return { kind: name, steps, autoLeave: options.get('autoleave')?.[0] === 'true' };
  }
  if (name !== 'leave-joint' || steps.length > 0) throw new Error(`unknown command ${name}`);
  return { kind: name };
}
