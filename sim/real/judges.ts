import type { CheckerName } from '../checkers/registry.ts';
import { checkers } from '../checkers/registry.ts';
import { LeaseRules } from '../checkers/lease-rules.ts';
import type { Checker } from '../observations.ts';

const {
  'election-safety': electionSafety,
  'hash-kv-equal': hashKvEqual,
  'no-lost-ack': noLostAck,
  linearizable,
  'no-time-travel': noTimeTravel,
  'watch-guarantees': watchGuarantees,
  'watch-gap-free': watchGapFree,
  'mutual-exclusion': mutualExclusion,
  'snapshots-true': snapshotsTrue,
} = checkers;

/** The judges for which it is enough to see what members tell their clients. */
const judges: Partial<Record<CheckerName, () => Checker>> = {
  'election-safety': electionSafety,
  'hash-kv-equal': hashKvEqual,
  'no-lost-ack': noLostAck,
  linearizable,
  'no-time-travel': noTimeTravel,
  'watch-guarantees': watchGuarantees,
  'watch-gap-free': watchGapFree,
  'lease-rules': () => new LeaseRules({ ends: 'told' }),
  'mutual-exclusion': mutualExclusion,
  'snapshots-true': snapshotsTrue,
};

/** Of those that a scenario asks for: who judges, and which would have to look inside members. */
export function judgesForReal(names: readonly CheckerName[]): {
  readonly judges: readonly Checker[];
  readonly notJudged: readonly CheckerName[];
} {
  return {
    judges: names.flatMap((name) => judges[name]?.() ?? []),
    notJudged: names.filter((name) => judges[name] === undefined),
  };
}
