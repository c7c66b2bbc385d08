import { compareMembers } from '../../src/raft/types.ts';
import type { ConfChangeStep, ConfState, MemberId } from '../../src/raft/types.ts';

/** What a change does, told by what each member is afterwards: the last step about it decides. */
export type Change =
  | { readonly kind: 'simple'; readonly steps: readonly ConfChangeStep[] }
  | { readonly kind: 'enter-joint'; readonly steps: readonly ConfChangeStep[]; readonly autoLeave: boolean }
  | { readonly kind: 'leave-joint' };

type Wish = 'voter' | 'learner' | 'nothing';

const wishes = { 'add-voter': 'voter', 'add-learner': 'learner', remove: 'nothing' } as const;

/** The membership afterwards, or etcd's words for why there is none. */
export function naiveChange(before: ConfState, change: Change): ConfState | string {
  const outgoingBefore = before.votersOutgoing ?? [];
  const joint = outgoingBefore.length > 0;
  const wished = new Map<MemberId, Wish>();
  for (const member of before.learners) wished.set(member, 'learner');
  for (const member of before.learnersNext ?? []) wished.set(member, 'learner');
  for (const member of before.voters) wished.set(member, 'voter');
  if (change.kind === 'leave-joint')
    return joint ? after(wished, [], false) : "can't leave a non-joint config";
  if (joint) {
    return change.kind === 'simple'
      ? "can't apply simple config change in joint config"
      : 'config is already joint';
  }
  if (change.kind === 'enter-joint' && before.voters.length === 0) {
    return "can't make a zero-voter config joint";
  }
  for (const { type, member } of change.steps) wished.set(member, wishes[type]);
  const next = after(
    wished,
    change.kind === 'simple' ? [] : before.voters,
    change.kind === 'enter-joint' && change.autoLeave,
  );
  if (next.voters.length === 0) return 'removed all voters';
  if (change.kind === 'simple') {
    const changed = [...wished.keys()].filter(
      (member) => before.voters.includes(member) !== next.voters.includes(member),
    );
    if (changed.length > 1) return 'more than one voter changed without entering joint config';
  }
  return next;
}

function after(
  wished: ReadonlyMap<MemberId, Wish>,
  outgoing: readonly MemberId[],
  autoLeave: boolean,
): ConfState {
  const having = (wish: Wish): MemberId[] =>
    [...wished.keys()].filter((member) => wished.get(member) === wish).toSorted(compareMembers);
  const learnersNext = having('learner').filter((member) => outgoing.includes(member));
  return {
    voters: having('voter'),
    learners: having('learner').filter((member) => !outgoing.includes(member)),
    ...(outgoing.length > 0 && { votersOutgoing: outgoing }),
    ...(learnersNext.length > 0 && { learnersNext }),
    ...(autoLeave && { autoLeave: true }),
  };
}
