import type { RawScenario } from '../scenario/parse-scenario.ts';
import { simplifications } from './simplifications.ts';

/** Whether a scenario still fails in the way that is looked for. */
export type StillFails = (candidate: RawScenario) => Promise<boolean>;

export interface ShrinkOptions {
  /** Most runs. */
  readonly runsMax: number;
  /** Told of every candidate that was tried. */
  readonly tried?: (smallest: RawScenario, runs: number, failed: boolean) => void;
}

export interface Shrunk {
  readonly scenario: RawScenario;
  readonly runs: number;
  /** Nothing that was tried makes it smaller; false: the runs were used up. */
  readonly minimal: boolean;
}

/**
 * The smallest scenario found that still fails: first the timeline by delta debugging (Zeller and Hildebrandt, 2002), then one
 * simplification after the other, until none of them keeps the failure.
 *
 * `failing` must fail. What is tried follows from it alone, so that shrinking twice gives the same.
 */
export async function shrink(
  failing: RawScenario,
  stillFails: StillFails,
  { runsMax, tried }: ShrinkOptions,
): Promise<Shrunk> {
  let smallest = failing;
  let runs = 0;
  const attempt = async (candidate: RawScenario): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs++;
    const failed = await stillFails(candidate);
    if (failed) smallest = candidate;
    tried?.(smallest, runs, failed);
    return failed;
  };
  for (;;) {
    const before = smallest;
    await dropSteps(() => smallest, attempt);
    for (const simplify of simplifications) {
      // A simplification that worked may work again: half the clients, half of those …
      for (let next = simplify(smallest); next !== undefined; next = simplify(smallest)) {
        if (!(await attempt(next))) break;
      }
    }
    if (smallest === before) break;
  }
  return { scenario: smallest, runs, minimal: runs < runsMax };
}

/** Takes out halves of the timeline, quarters, … single steps. */
async function dropSteps(
  current: () => RawScenario,
  attempt: (candidate: RawScenario) => Promise<boolean>,
): Promise<void> {
  for (
    let chunk = Math.ceil((current().timeline ?? []).length / 2);
    chunk >= 1;
    chunk = Math.floor(chunk / 2)
  ) {
    for (let from = 0; from < (current().timeline ?? []).length;) {
      const timeline = current().timeline ?? [];
      const without = [...timeline.slice(0, from), ...timeline.slice(from + chunk)];
      if (!(await attempt({ ...current(), timeline: without }))) from += chunk;
    }
  }
}
