import type { Checker } from '../observations.ts';
import { ElectionSafety } from './election-safety.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { Linearizable } from './linearizable.ts';
import { LogMatching } from './log-matching.ts';
import { NoDoubleBind } from './no-double-bind.ts';
import { NoHotLoop } from './no-hot-loop.ts';
import { NoLostAck } from './no-lost-ack.ts';
import { StateMachineSafety } from './state-machine-safety.ts';
import { WatchGapFree } from './watch-gap-free.ts';

/** Checkers that hold at all times, by the name that scenarios use. */
export const checkers = {
  'election-safety': () => new ElectionSafety(),
  'log-matching': () => new LogMatching(),
  'state-machine-safety': () => new StateMachineSafety(),
  'leader-completeness': () => new LeaderCompleteness(),
  'no-lost-ack': () => new NoLostAck(),
  linearizable: () => new Linearizable(),
  'watch-gap-free': () => new WatchGapFree(),
  'no-double-bind': () => new NoDoubleBind(),
  'no-hot-loop': () => new NoHotLoop(),
} satisfies Readonly<Record<string, () => Checker>>;

export type CheckerName = keyof typeof checkers;
