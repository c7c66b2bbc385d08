import Table from 'cli-table3';

import { probes } from '../../../sim/probes/registry.ts';
import type { Scenario } from '../../../sim/scenario/scenario.ts';
import { stdoutColors } from '../colors.ts';
import type { RealReport } from './real/play-for-real.ts';
import type { TimedReport } from './scenario-run.ts';
import { sourceText, type ScenarioSource } from './source.ts';
import type { SweepReport, Tallied } from './sweep.ts';

/** Fewer runs of the swarm may miss something by chance. */
const seedsThatSeeAll = 200;
/** Failures told in full; the rest by their seeds. */
const failuresShownMax = 5;

export function renderRun(scenario: Scenario, report: TimedReport): string {
  const speed = report.simulatedMillis / report.realMillis;
  const lines = [
    `${verdictText(report)}  ${scenario.name}, seed ${report.seed}`,
    `  simulated  ${(report.simulatedMillis / 1000).toFixed(3)} s in ${(report.realMillis / 1000).toFixed(3)} s real (${speed.toFixed(1)} ×)`,
    `  events     ${report.events} (${Math.round(report.events / (report.realMillis / 1000))} per second)`,
    `  trace      ${report.traceHash}`,
    `  held       ${scenario.expect.always.filter((name) => !report.violations.some((one) => one.checker === name)).join(', ')}`,
    ...brokenLines(report),
  ];
  return lines.join('\n');
}

/** A run on real processes. */
export function renderReal(scenario: Scenario, report: RealReport): string {
  const { violations, notJudged, notes, folder, faults, events, simulatedMillis, realMillis } = report;
  const judged = scenario.expect.always.filter((name) => !notJudged.includes(name));
  const counted = Object.entries(faults).map(([name, times]) => `${name} ${times}`);
  const rows: readonly (readonly [string, string])[] = [
    ['played', `${(simulatedMillis / 1000).toFixed(1)} s of ${(realMillis / 1000).toFixed(1)} s in all`],
    ['observed', `${events} calls, answers and changes`],
    ['faults', counted.join(', ') || 'none'],
    ['held', judged.filter((name) => !violations.some((one) => one.checker === name)).join(', ')],
    ['not judged', notJudged.length === 0 ? 'nothing' : `${notJudged.join(', ')} (they look inside members)`],
    ...notes.map((note): [string, string] => ['note', note]),
    ...(folder === undefined ? [] : [['data', folder] as const]),
  ];
  return [
    `${verdictText(report)}  ${scenario.name} on real processes, seed ${report.seed}`,
    ...rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`),
    ...brokenLines(report),
  ].join('\n');
}

function verdictText({ verdict }: TimedReport): string {
  return verdict === 'passed' ? stdoutColors.green('✔ passed') : stdoutColors.red('✘ failed');
}

export function renderSweep(source: ScenarioSource, report: SweepReport): string {
  const { seeds, passed, failed, simulatedMillis, cpuMillis, realMillis } = report;
  const missed = missedProbes(source, report);
  const mark = passed === seeds && missed.length === 0 ? stdoutColors.green('✔') : stdoutColors.red('✘');
  const name = source.type === 'file' ? source.file : 'swarm';
  const lines = [
    `${mark} ${name}: ${passed} of ${seeds} seeds passed; ${(simulatedMillis / 1000).toFixed(0)} simulated seconds, ` +
      `${(simulatedMillis / cpuMillis).toFixed(1)} per CPU second; ${(seeds / (realMillis / 1000)).toFixed(2)} seeds per second`,
    table(['step', 'runs', 'times'], report.steps),
    table(['fault', 'runs', 'times'], report.faults),
    table(['seen', 'runs', 'times'], report.probes),
    reachedLine('crash points', report.points),
    reachedLine('rare branches', report.branches),
  ];
  for (const { name: probe, about } of missed)
    lines.push(stdoutColors.red(`✘ never seen in ${seeds} seeds: ${probe}: ${about}`));
  for (const run of failed.slice(0, failuresShownMax)) {
    const where = `${sourceText(source)} --seed ${run.seed}`;
    lines.push(
      stdoutColors.red(`✘ seed ${run.seed}`),
      ...brokenLines(run),
      `  again: npx drydock sim ${where}; smaller: npx drydock sim shrink ${where}`,
    );
  }
  if (failed.length > failuresShownMax) {
    const more = failed.slice(failuresShownMax).map(({ seed }) => seed);
    lines.push(`and ${seeds - passed - failuresShownMax} more, such as ${more.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What a sweep of the swarm should have come to see and did not: it proves less than it seems to. */
export function missedProbes(source: ScenarioSource, { seeds, probes: seen }: SweepReport): typeof probes {
  if (source.type !== 'swarm' || seeds < seedsThatSeeAll) return [];
  return probes.filter(({ name }) => seen[name]!.runs === 0);
}

export function brokenLines({ violations }: TimedReport): readonly string[] {
  return violations.map(({ checker, atMillis, where, message }) => {
    const place = where === undefined ? '' : ` on ${where}`;
    return stdoutColors.red(
      `  broken     ${checker} at ${(atMillis / 1000).toFixed(3)} s${place}: ${message}`,
    );
  });
}

/** How many of all there are were come by, and which were not. */
function reachedLine(what: string, counts: Tallied): string {
  const never = Object.entries(counts).flatMap(([name, { runs }]) => (runs === 0 ? [name] : []));
  const all = Object.keys(counts).length;
  return `${what}: ${all - never.length} of ${all} reached${never.length === 0 ? '' : `; never: ${never.join(', ')}`}`;
}

function table(head: string[], counts: Tallied): string {
  const rows = Object.entries(counts).toSorted((a, b) => b[1].runs - a[1].runs);
  if (rows.length === 0) return '';
  const drawn = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const [name, { runs, times }] of rows) drawn.push([name, runs, times]);
  return drawn.toString();
}
