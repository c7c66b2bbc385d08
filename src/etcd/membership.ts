import { assert, must } from '../base/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { compareStrings } from '../base/order.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Backend } from '../mvcc/backend.ts';
import type { ConfChange } from '../raft/types.ts';
import { compareMembers, memberId, type MemberId } from '../raft/types.ts';

/** A member of the cluster as everybody knows it (etcd's membership.Member). */
export interface ClusterMember {
  readonly id: MemberId;
  /** Empty until the member has started and said it. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until the member has started and said them. */
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
  /** The user its certificate names; a link that claims to be this member must show it. Absent: nobody is asked. */
  readonly user?: string;
}

/** Whether the cluster is on its way to an older version, and which. */
export interface Downgrade {
  readonly enabled: boolean;
  readonly targetVersion: string;
}

/** What a membership change carries besides its raft part: the context of a conf-change entry. */
interface ChangeContext {
  readonly peerUrls: readonly string[];
  readonly user?: string;
  /** A learner becomes a voter: nothing else of it changes. */
  readonly promote?: boolean;
}

/** Why a membership change is refused; etcd's sentences are in errors.ts. */
export type MembershipError =
  | 'member-exists'
  | 'peer-url-exists'
  | 'member-not-found'
  | 'member-removed'
  | 'not-a-learner'
  | 'too-many-learners';

const memberPrefix = 'member/';
const removedPrefix = 'removed/';
const versionName = 'cluster/version';
const downgradeName = 'cluster/downgrade';
const noDowngrade: Downgrade = { enabled: false, targetVersion: '' };

/**
 * Who is in the cluster, as of the applied index (etcd's RaftCluster). Part of the replicated state: it changes only
 * when an entry is applied, and is durable together with the applied index.
 */
export class Membership {
  readonly #backend: Backend;
  readonly #members = new Map<MemberId, ClusterMember>();
  readonly #removed = new Set<MemberId>();
  #version: string | undefined;
  #downgrade: Downgrade;

  constructor(backend: Backend) {
    this.#backend = backend;
    for (const [, value] of backend.values(memberPrefix)) {
      const member = JSON.parse(decodeUtf8(value)) as ClusterMember;
      this.#members.set(member.id, member);
    }
    for (const [name] of backend.values(removedPrefix)) {
      this.#removed.add(memberId(name.slice(removedPrefix.length)));
    }
    const version = backend.value(versionName);
    this.#version = version && decodeUtf8(version);
    const downgrade = backend.value(downgradeName);
    this.#downgrade =
      downgrade === undefined ? noDowngrade : (JSON.parse(decodeUtf8(downgrade)) as Downgrade);
  }

  /** In id order. */
  members(): readonly ClusterMember[] {
    return [...this.#members.values()].toSorted((a, b) => compareMembers(a.id, b.id));
  }

  get(id: MemberId): ClusterMember | undefined {
    return this.#members.get(id);
  }

  isRemoved(id: MemberId): boolean {
    return this.#removed.has(id);
  }

  /** The version that all members can speak; undefined while undecided. */
  get version(): string | undefined {
    return this.#version;
  }

  get downgrade(): Downgrade {
    return this.#downgrade;
  }

  /** The founders, before the first entry. */
  found(members: readonly ClusterMember[]): void {
    assert(this.#members.size === 0, 'a cluster is founded once');
    for (const member of members) this.#set(member);
  }

  /** Whether a change would be valid now; proposed ones are checked here first, and again when they are applied. */
  check(change: ConfChange): Result<void, MembershipError> {
    const { type, member: id } = change;
    const known = this.#members.get(id);
    if (this.#removed.has(id)) return err('member-removed');
    if (type === 'remove') return known === undefined ? err('member-not-found') : ok(undefined);
    const context = decodeContext(must(change.context));
    if (context.promote === true) {
      if (known === undefined) return err('member-not-found');
      return known.learner ? ok(undefined) : err('not-a-learner');
    }
    if (known !== undefined) return err('member-exists');
    if (this.#urlsTaken(context.peerUrls, id)) return err('peer-url-exists');
    return ok(undefined);
  }

  /** Applies a change that `check` found valid. */
  apply(change: ConfChange): void {
    const { type, member: id } = change;
    if (type === 'remove') {
      this.#members.delete(id);
      this.#removed.add(id);
      this.#backend.setValue(memberPrefix + id, undefined);
      this.#backend.setValue(removedPrefix + id, encodeUtf8('1'));
      return;
    }
    const { peerUrls, user, promote } = decodeContext(must(change.context));
    if (promote === true) this.#set({ ...must(this.#members.get(id)), learner: false });
    else {
      const learner = type === 'add-learner';
      this.#set({ id, name: '', peerUrls, clientUrls: [], learner, ...(user !== undefined && { user }) });
    }
  }

  /** Whether `peerUrls` could become those of `id`. */
  checkUpdate(id: MemberId, peerUrls: readonly string[]): Result<void, MembershipError> {
    if (this.#removed.has(id)) return err('member-removed');
    if (!this.#members.has(id)) return err('member-not-found');
    return this.#urlsTaken(peerUrls, id) ? err('peer-url-exists') : ok(undefined);
  }

  update(id: MemberId, peerUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member !== undefined) this.#set({ ...member, peerUrls });
  }

  /** What a member tells of itself; nothing when it was removed meanwhile. */
  setAttributes(id: MemberId, name: string, clientUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member !== undefined) this.#set({ ...member, name, clientUrls });
  }

  setVersion(version: string): void {
    this.#version = version;
    this.#backend.setValue(versionName, encodeUtf8(version));
  }

  setDowngrade(downgrade: Downgrade): void {
    this.#downgrade = downgrade;
    this.#backend.setValue(downgradeName, encodeUtf8(JSON.stringify(downgrade)));
  }

  #set(member: ClusterMember): void {
    this.#members.set(member.id, member);
    this.#backend.setValue(memberPrefix + member.id, encodeUtf8(JSON.stringify(member)));
  }

  #urlsTaken(peerUrls: readonly string[], by: MemberId): boolean {
    return this.members().some(
      ({ id, peerUrls: taken }) => id !== by && taken.some((url) => peerUrls.includes(url)),
    );
  }
}

/** The change that adds a member. */
export function addMember(
  id: MemberId,
  { peerUrls, learner, user }: { peerUrls: readonly string[]; learner: boolean; user?: string | undefined },
): ConfChange {
  const context: ChangeContext = {
    peerUrls: peerUrls.toSorted(compareStrings),
    ...(user !== undefined && { user }),
  };
  return change(learner ? 'add-learner' : 'add-voter', id, context);
}

export function removeMember(id: MemberId): ConfChange {
  return change('remove', id, { peerUrls: [] });
}

export function promoteMember(id: MemberId): ConfChange {
  return change('add-voter', id, { peerUrls: [], promote: true });
}

function change(
  type: 'add-voter' | 'add-learner' | 'remove',
  member: MemberId,
  context: ChangeContext,
): ConfChange {
  return { type, member, context: encodeUtf8(JSON.stringify(context)) };
}

function decodeContext(context: Uint8Array): ChangeContext {
  return JSON.parse(decodeUtf8(context)) as ChangeContext;
}
