import type { Command } from 'commander';

import type { Scenario } from '../../sim/scenario/scenario.ts';
import { CliError } from './cli-error.ts';
import { stdoutColors } from './colors.ts';
import { integerOption } from './options.ts';
import { loadScenario, timedSimulation, type TimedReport } from './scenario-run.ts';
import { sweep } from './sweep.ts';

/** A sweep keeps the report of every seed. */
const sweepSeedsMax = 100_000;

interface SimOptions {
  readonly seed?: string;
  readonly seeds?: string;
  readonly json?: boolean;
  readonly log?: boolean;
}

/** `drydock sim`: the same cluster on a simulated network, disk and clock; one seed reproduces everything. */
export function addSimCommand(program: Command): void {
  program
    .command('sim')
    .description('run a scenario on a simulated network, disk and clock: one seed reproduces everything')
    .argument('<scenario>', 'a YAML file, such as scenarios/leader-crash.yaml')
    .option('--seed <n>', 'the seed of one run', '1')
    .option('--seeds <from..to>', 'run every seed of a range, on all cores')
    .option('--log', "print the cluster's own log, each line with its virtual time")
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Examples:
  drydock sim scenarios/leader-crash.yaml --seed 7
  drydock sim scenarios/leader-crash.yaml --seeds 1..100

Exit codes: 0 everything held; 1 an invariant was broken, and it is named with its virtual time; 2 the scenario
or a flag is wrong.`,
    )
    .action(async (file: string, options: SimOptions) => {
      const scenario = loadScenario(file);
      if (options.seeds === undefined) await runOne(scenario, options);
      else await runMany(scenario, options.seeds, options);
    });
}

async function runOne(scenario: Scenario, options: SimOptions): Promise<void> {
  const seed = integerOption('--seed', options.seed ?? '1', 0, Number.MAX_SAFE_INTEGER);
  const onLog = options.log === true ? (line: string) => void process.stderr.write(`${line}\n`) : undefined;
  const report = await timedSimulation(scenario, seed, onLog);
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${render(scenario, report)}\n`,
  );
  if (report.verdict === 'failed') process.exitCode = 1;
}

async function runMany(scenario: Scenario, range: string, options: SimOptions): Promise<void> {
  const match = /^(\d+)\.\.(\d+)$/.exec(range);
  const from = Number(match?.[1]);
  const count = Number(match?.[2]) - from + 1;
  if (!(count >= 1 && count <= sweepSeedsMax && Number.isSafeInteger(from + count))) {
    throw new CliError(
      `--seeds ${range} is not a range of at most ${sweepSeedsMax} seeds: write 1..100, for example`,
      { exitCode: 2 },
    );
  }
  const seeds = Array.from({ length: count }, (_, i) => from + i);
  const cpuBefore = process.cpuUsage();
  const reports = await sweep(scenario.file, seeds);
  const { user, system } = process.cpuUsage(cpuBefore);
  const failed = reports.filter((report) => report.verdict === 'failed');
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
  } else {
    const simulated = sum(reports.map((report) => report.simulatedMillis));
    process.stdout.write(
      `${failed.length === 0 ? stdoutColors.green('✔') : stdoutColors.red('✘')} ${scenario.name}: ${reports.length - failed.length} of ${reports.length} seeds passed; ` +
        `${(simulated / 1000).toFixed(0)} simulated seconds, ${(simulated / ((user + system) / 1000)).toFixed(1)} per CPU second\n`,
    );
    for (const report of failed) {
      process.stdout.write(
        `${render(scenario, report)}\n  replay: npx drydock sim ${scenario.file} --seed ${report.seed}\n`,
      );
    }
  }
  if (failed.length > 0) process.exitCode = 1;
}

function render(scenario: Scenario, report: TimedReport): string {
  const passed = report.verdict === 'passed';
  const speed = report.simulatedMillis / report.realMillis;
  const lines = [
    `${passed ? stdoutColors.green('✔ passed') : stdoutColors.red('✘ failed')}  ${scenario.name}, seed ${report.seed}`,
    `  simulated  ${(report.simulatedMillis / 1000).toFixed(3)} s in ${(report.realMillis / 1000).toFixed(3)} s real (${speed.toFixed(1)} ×)`,
    `  events     ${report.events} (${Math.round(report.events / (report.realMillis / 1000))} per second)`,
    `  trace      ${report.traceHash}`,
    `  held       ${scenario.expect.always.filter((name) => !report.violations.some((one) => one.checker === name)).join(', ')}`,
  ];
  for (const { checker, atMillis, where, message } of report.violations) {
    const place = where === undefined ? '' : ` on ${where}`;
    lines.push(
      stdoutColors.red(`  broken     ${checker} at ${(atMillis / 1000).toFixed(3)} s${place}: ${message}`),
    );
  }
  return lines.join('\n');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
