import type { RawScenario } from './parse-scenario.ts';
import type { Report } from './read-timeline.ts';
import type { Step } from './scenario.ts';

const remedy = 'or take `real` out of `modes`';

/** What keeps a scenario that says `modes: [sim, real]` from being played on real processes. */
export function checkReal(
  { cluster, workload = {} }: RawScenario,
  timeline: readonly Step[],
  report: Report,
  mistakeAt: (line: number, sentence: string) => void,
): void {
  if (cluster.store === undefined) {
    report(
      ['cluster'],
      ` has API servers, and real processes play members of the store alone; write \`store: 3\`, ${remedy}`,
    );
  }
  if ((cluster.spares ?? 0) > 0) {
    report(
      ['cluster', 'spares'],
      ` are hosts for new members, which real processes do not get; remove it, ${remedy}`,
    );
  }
  if (workload.membership !== undefined) {
    report(
      ['workload', 'membership'],
      ` changes who is in the cluster, which real processes do not; remove it, ${remedy}`,
    );
  }
  for (const { line, action, value } of timeline) {
    const problem =
      action.real === undefined ? 'is done in a simulated world only; remove it' : action.real.problem(value);
    if (problem !== undefined) mistakeAt(line, `${action.name} ${problem}, ${remedy}`);
  }
}
