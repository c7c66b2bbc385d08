import { availableParallelism } from 'node:os';

import type { Command } from 'commander';

import type { Scenario } from '../../../sim/scenario/scenario.ts';
import { scenarioText } from '../../../sim/swarm/draw-scenario.ts';
import { CliError } from '../cli-error.ts';
import { integerOption } from '../options.ts';
import { addHistoryCommand } from './history.ts';
import { addReplayCommand } from './replay.ts';
import { playForReal } from './real/play-for-real.ts';
import { missedProbes, renderReal, renderRun, renderSweep } from './render.ts';
import { timedSimulation } from './scenario-run.ts';
import { addSchemaCommand } from './schema.ts';
import { parseSeeds } from './seeds.ts';
import { addShrinkCommand } from './shrink.ts';
import { rawScenarioOf, scenarioOf, sourceOf, type ScenarioSource } from './source.ts';
import { sweep } from './sweep.ts';
import { addViewCommand } from './view.ts';

interface SimOptions {
  readonly swarm?: boolean;
  readonly seed?: string;
  readonly seeds?: string;
  readonly minutes?: string;
  readonly jobs?: string;
  readonly shard?: string;
  readonly json?: boolean;
  readonly log?: boolean;
  readonly print?: boolean;
  readonly real?: boolean;
}

/** `drydock sim`: the same cluster on a simulated network, disk and clock; one seed reproduces everything. */
export function addSimCommand(program: Command): void {
  const sim = program
    .command('sim')
    // What follows `shrink` or `replay` is theirs.
    .enablePositionalOptions()
    .description('run a scenario on a simulated network, disk and clock: one seed reproduces everything')
    .argument('[scenario]', 'a YAML file, such as scenarios/leader-crash.yaml')
    .option('--swarm', 'let each seed draw a scenario of its own: faults, sizes and clients of a store')
    .option('--seed <n>', 'the seed of one run (default: 1)')
    .option('--seeds <from..to>', 'run every seed of a range')
    .option('--minutes <m>', 'run seeds until so many minutes are over')
    .option('--jobs <n>', 'threads of a sweep (default: one per core)')
    .option('--shard <i/n>', 'of the seeds, run every nth, beginning with the ith (from 0)')
    .option('--log', "print the cluster's own log, each line with its virtual time")
    .option('--print', 'print the scenario instead of running it')
    .option('--real', 'play it on real processes of this machine, in real time, with the same judges')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Examples:
  drydock sim scenarios/leader-crash.yaml --seed 7
  drydock sim scenarios/leader-crash.yaml --seeds 1..100
  drydock sim scenarios/byzantine-switch.yaml --real
  drydock sim --swarm --minutes 10
  drydock sim --swarm --seed 4711 --print
  drydock sim shrink --swarm --seed 4711
  drydock sim replay --swarm --seed 4711 --from 8s
  drydock sim view --swarm --seed 4711
  drydock sim history --swarm --seed 4711 --format edn

Exit codes: 0 everything held; 1 an invariant was broken, and it is named with its virtual time, or a sweep of the
swarm missed what it must come to see; 2 the scenario or a flag is wrong.`,
    )
    .action(async (file: string | undefined, options: SimOptions) => {
      const source = sourceOf(file, options.swarm);
      if (options.seeds !== undefined || options.minutes !== undefined) await runMany(source, options);
      else await runOne(source, options);
    });
  addShrinkCommand(sim);
  addReplayCommand(sim);
  addViewCommand(sim);
  addHistoryCommand(sim);
  addSchemaCommand(sim);
}

async function runOne(source: ScenarioSource, options: SimOptions): Promise<void> {
  const seed = integerOption('--seed', options.seed ?? '1', 0, Number.MAX_SAFE_INTEGER);
  if (options.print === true) {
    process.stdout.write(scenarioText(rawScenarioOf(source, seed)));
    return;
  }
  const scenario = scenarioOf(source, seed);
  const mode = options.real === true ? 'real' : 'sim';
  if (!scenario.modes.includes(mode)) {
    throw new CliError(
      mode === 'real'
        ? `${scenario.file} is for the simulator: add \`modes: [sim, real]\` to play it on real processes, and be told what of it they cannot do`
        : `${scenario.file} is for real processes: play it with --real, or add sim to its \`modes\``,
      { exitCode: 2 },
    );
  }
  if (mode === 'real') {
    await runReal(scenario, seed, options);
    return;
  }
  const onLog = options.log === true ? (line: string) => void process.stderr.write(`${line}\n`) : undefined;
  const report = await timedSimulation(scenario, { seed, ...(onLog === undefined ? {} : { onLog }) });
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${renderRun(scenario, report)}\n`,
  );
  if (report.verdict === 'failed') process.exitCode = 1;
}

async function runReal(scenario: Scenario, seed: number, options: SimOptions): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const report = await playForReal(scenario, {
    seed,
    onProgress: say,
    ...(options.log === true ? { onLog: say } : {}),
  });
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${renderReal(scenario, report)}\n`,
  );
  // Connections of the run that are under way end with the process.
  process.exit(report.verdict === 'failed' ? 1 : 0);
}

async function runMany(source: ScenarioSource, options: SimOptions): Promise<void> {
  for (const flag of ['seed', 'print', 'log', 'real'] as const) {
    if (options[flag] !== undefined)
      throw new CliError(`--${flag} is for one run: leave it out, or --seeds and --minutes`, { exitCode: 2 });
  }
  const seeds = parseSeeds(options.seeds, options.shard);
  const minutes = options.minutes === undefined ? undefined : minutesOption(options.minutes);
  const jobs = integerOption('--jobs', options.jobs ?? String(availableParallelism()), 1, 1024);
  // A mistake in the file is told before any thread begins.
  scenarioOf(source, seeds.from);
  const report = await sweep({ source, seeds, jobs, millisMax: minutes && minutes * 60_000 });
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : renderSweep(source, report),
  );
  if (report.failed.length > 0 || missedProbes(source, report).length > 0) process.exitCode = 1;
}

function minutesOption(text: string): number {
  const minutes = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (minutes > 0) return minutes;
  throw new CliError(`--minutes ${text} is no time: write 10 or 0.5, for example`, { exitCode: 2 });
}
