import { must } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import type { ConfChange, MemberId } from '../raft/types.ts';
import { joiningMemberId } from './cluster.ts';
import { fromMembershipError, learnerNotReadyError, type EtcdError } from './errors.ts';
import type { EtcdServer } from './etcd-server.ts';
import { addMember, promoteMember, removeMember, type ClusterMember, type Membership } from './membership.ts';
import { checkAddition, checkPromotion, checkRemoval, type ClusterHealth } from './reconfiguration.ts';

/** A learner is promoted when it has this share of the leader's log (etcd's readyPercent). */
const readyShare = 0.9;

export interface ReconfigurerOptions {
  readonly member: EtcdServer;
  readonly membership: () => Membership;
  readonly learnersMax: number;
  readonly strict: boolean;
  readonly connectedSinceMillis: (member: MemberId) => number | undefined;
  /** How far a member's log is known to match; only the leader knows. */
  readonly matchOf: (member: MemberId) => number;
  /** Puts a change into the log; resolves when it is applied here. @throws EtcdError */
  readonly propose: (change: ConfChange) => Promise<void>;
}

/** Changes of who is in the cluster, as clients ask for them: looks at what is allowed, then proposes. All throw EtcdError. */
export class Reconfigurer {
  readonly #options: ReconfigurerOptions;

  constructor(options: ReconfigurerOptions) {
    this.#options = options;
  }

  async add(peerUrls: readonly string[], learner: boolean): Promise<ClusterMember> {
    const { member, membership, learnersMax } = this.#options;
    // The cluster's health comes first, before a quorum is asked that there may not be; etcd looks at the rest when it applies
    // the change.
    this.#check((health) => checkAddition(health, !learner));
    await member.linearizableRead();
    const id = joiningMemberId(peerUrls, toHex(member.platform.random.bytes(8)));
    const change = addMember(id, { peerUrls, learner });
    const checked = membership().check(change);
    if (!checked.ok) throw fromMembershipError(checked.error);
    const learners = member.members().filter((one) => one.learner).length;
    if (learner && learners >= learnersMax) throw fromMembershipError('too-many-learners');
    await this.#propose(change);
    return must(membership().get(id), 'a change that was applied shows');
  }

  async remove(id: MemberId): Promise<void> {
    const { member, membership } = this.#options;
    if (membership().get(id)?.learner !== true) this.#check((health) => checkRemoval(health, id));
    await member.linearizableRead();
    await this.#propose(removeMember(id));
  }

  /** At the leader, who knows how far the learner is. */
  async promote(id: MemberId): Promise<void> {
    const { member, matchOf, membership } = this.#options;
    const change = promoteMember(id);
    const checked = membership().check(change);
    if (!checked.ok) throw fromMembershipError(checked.error);
    if (matchOf(id) < matchOf(member.id) * readyShare) throw learnerNotReadyError();
    this.#check(checkPromotion);
    await this.#propose(change);
  }

  async #propose(change: ConfChange): Promise<void> {
    const checked = this.#options.membership().check(change);
    if (!checked.ok) throw fromMembershipError(checked.error);
    await this.#options.propose(change);
  }

  #check(check: (health: ClusterHealth) => EtcdError | undefined): void {
    const { member, strict, connectedSinceMillis } = this.#options;
    if (!strict) return;
    const refusal = check({
      voters: member.members().filter(({ learner }) => !learner),
      self: member.id,
      nowMillis: member.platform.clock.monotonicMillis(),
      connectedSinceMillis,
    });
    if (refusal !== undefined) throw refusal;
  }
}
