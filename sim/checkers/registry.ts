import type { Checker } from '../observations.ts';
import { AtMostOneRunning } from './at-most-one-running.ts';
import { AuthRules } from './auth-rules.ts';
import { CachesForward } from './caches-forward.ts';
import { DurableBeforeAck } from './durable-before-ack.ts';
import { ElectionSafety } from './election-safety.ts';
import { HashKvEqual } from './hash-kv-equal.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { LeaseRules } from './lease-rules.ts';
import { Linearizable } from './linearizable.ts';
import { LogMatching } from './log-matching.ts';
import { Monotonic } from './monotonic.ts';
import { MutualExclusion } from './mutual-exclusion.ts';
import { NoDoubleBind } from './no-double-bind.ts';
import { NoHotLoop } from './no-hot-loop.ts';
import { NoLostAck } from './no-lost-ack.ts';
import { NoOvercommit } from './no-overcommit.ts';
import { NoTimeTravel } from './no-time-travel.ts';
import { NoZombieWrites } from './no-zombie-writes.ts';
import { SnapshotsTrue } from './snapshots-true.ts';
import { StateMachineSafety } from './state-machine-safety.ts';
import { WatchGuarantees } from './watch-guarantees.ts';

/** Checkers that hold at all times, by the name that scenarios use. */
export const checkers = {
  'election-safety': () => new ElectionSafety(),
  'log-matching': () => new LogMatching(),
  'state-machine-safety': () => new StateMachineSafety(),
  'leader-completeness': () => new LeaderCompleteness(),
  'durable-before-ack': () => new DurableBeforeAck(),
  monotonic: () => new Monotonic(),
  'hash-kv-equal': () => new HashKvEqual(),
  'no-lost-ack': () => new NoLostAck(),
  linearizable: () => new Linearizable(),
  'no-time-travel': () => new NoTimeTravel(),
  'watch-guarantees': () => new WatchGuarantees(),
  /** The name that scenarios used before there were nine. */
  'watch-gap-free': () => new WatchGuarantees('watch-gap-free'),
  'lease-rules': () => new LeaseRules(),
  'auth-rules': () => new AuthRules(),
  'mutual-exclusion': () => new MutualExclusion(),
  'snapshots-true': () => new SnapshotsTrue(),
  'no-double-bind': () => new NoDoubleBind(),
  'no-hot-loop': () => new NoHotLoop(),
  'no-overcommit': () => new NoOvercommit(),
  'at-most-one-running': () => new AtMostOneRunning(),
  'no-zombie-writes': () => new NoZombieWrites(),
  'caches-forward': () => new CachesForward(),
} satisfies Readonly<Record<string, () => Checker>>;

export type CheckerName = keyof typeof checkers;

/** Everything that looks at a store. */
export const storeJudges: readonly CheckerName[] = [
  'election-safety',
  'log-matching',
  'state-machine-safety',
  'leader-completeness',
  'durable-before-ack',
  'monotonic',
  'hash-kv-equal',
  'no-lost-ack',
  'linearizable',
  'no-time-travel',
  'watch-guarantees',
  'lease-rules',
  'auth-rules',
  'mutual-exclusion',
  'snapshots-true',
];
