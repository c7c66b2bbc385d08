import { durationMillis, durationSchema, type Schema } from '../actions/action.ts';
import type { Checker } from '../observations.ts';
import { LeaderChanges } from './leader-changes.ts';
import { WriteGap } from './write-gap.ts';

interface Bound {
  readonly schema: Schema;
  judge(value: unknown): Checker;
}

/** What a scenario may bound in numbers: `expect: {bounds: {leader-changes: 2, write-gap: 5s}}`. */
export const bounds = {
  'leader-changes': {
    schema: { type: 'integer', minimum: 0 },
    judge: (value) => new LeaderChanges(value as number),
  },
  'write-gap': {
    schema: durationSchema,
    judge: (value) => new WriteGap(durationMillis(value as string)),
  },
} satisfies Readonly<Record<string, Bound>>;

export type Bounds = Readonly<Partial<Record<keyof typeof bounds, unknown>>>;

export function judgesOf(chosen: Bounds): readonly Checker[] {
  return Object.entries(chosen).map(([name, value]) => bounds[name as keyof typeof bounds].judge(value));
}
