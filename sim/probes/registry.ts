import type { MemberId } from '../../src/raft/types.ts';
import type { FactType, Observation } from '../observations.ts';
import type { Probe } from './probe.ts';

/** A probe that needs no memory: it is after one kind of fact, all of them or some. */
function fact<T extends FactType>(
  type: T,
  name: string,
  about: string,
  isMeant: (seen: Observation & { readonly type: T }) => boolean = () => true,
): Probe {
  return {
    name,
    about,
    sees: [type],
    begin: () => (seen) => seen.type === type && isMeant(seen as Observation & { readonly type: T }),
  };
}

const leaderChangedDuringInstall: Probe = {
  name: 'leader-changed-around-snapshot',
  about: 'a member installed a snapshot within a second of another member becoming leader',
  sees: ['role-changed', 'snapshot-installed'],
  begin: () => {
    let electedAt = -Infinity;
    return (seen) => {
      if (seen.type === 'role-changed' && seen.role === 'leader') electedAt = seen.atMillis;
      return seen.type === 'snapshot-installed' && seen.atMillis - electedAt < 1000;
    };
  },
};

const tailReplaced: Probe = {
  name: 'log-tail-replaced',
  about: 'a follower wrote other entries over ones that it had made durable before',
  sees: ['log-opened', 'snapshot-saved', 'entries-saved'],
  begin: () => {
    const last = new Map<MemberId, number>();
    return (seen) => {
      if (seen.type === 'log-opened')
        last.set(seen.member, seen.entries.at(-1)?.index ?? seen.snapshot.index);
      if (seen.type === 'snapshot-saved') last.set(seen.member, seen.metadata.index);
      if (seen.type !== 'entries-saved') return false;
      const replaced = seen.entries[0]!.index <= (last.get(seen.member) ?? 0);
      last.set(seen.member, seen.entries.at(-1)!.index);
      return replaced;
    };
  },
};

const watchResumed: Probe = {
  name: 'watch-resumed',
  about: 'a watch went on from the revision where an earlier one had ended',
  sees: ['watch-ended', 'watch-started'],
  begin: () => {
    let ended = false;
    return (seen) => {
      if (seen.type === 'watch-ended') ended = true;
      return ended && seen.type === 'watch-started' && seen.afterRevision > 1;
    };
  },
};

const steppedDown: Probe = {
  name: 'leader-stepped-down',
  about: 'a leader became a follower without having died',
  sees: ['log-opened', 'role-changed'],
  begin: () => {
    const leading = new Set<MemberId>();
    return (seen) => {
      if (seen.type === 'log-opened') leading.delete(seen.member);
      if (seen.type !== 'role-changed') return false;
      if (seen.role === 'leader') leading.add(seen.member);
      return seen.role !== 'leader' && leading.delete(seen.member);
    };
  },
};

/** What every sweep of the store must see. */
export const probes: readonly Probe[] = [
  fact('role-changed', 'leader-elected', 'a leader was elected', ({ role }) => role === 'leader'),
  steppedDown,
  fact('snapshot-installed', 'snapshot-installed', 'a member installed a snapshot'),
  fact(
    'log-opened',
    'restarted-from-log',
    'a member came back with entries in its log',
    ({ entries }) => entries.length > 0,
  ),
  fact(
    'client-return',
    'write-outcome-unknown',
    'a client never learned what came of its call',
    ({ outcome }) => outcome.type === 'unknown',
  ),
  fact(
    'client-return',
    'cas-lost',
    'a client found another value than it had seen',
    ({ outcome }) => outcome.type === 'cas' && !outcome.succeeded,
  ),
  leaderChangedDuringInstall,
  tailReplaced,
  watchResumed,
];
