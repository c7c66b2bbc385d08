import { writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

import type { Command } from 'commander';

import type { RawScenario } from '../../../sim/scenario/parse-scenario.ts';
import { shrink } from '../../../sim/shrink/shrink.ts';
import { scenarioText } from '../../../sim/swarm/draw-scenario.ts';
import { CliError } from '../cli-error.ts';
import { stdoutColors } from '../colors.ts';
import { integerOption } from '../options.ts';
import { brokenLines } from './render.ts';
import { timedSimulation, type TimedReport } from './scenario-run.ts';
import { rawScenarioOf, readScenario, sourceOf, type ScenarioSource } from './source.ts';

interface ShrinkOptions {
  readonly swarm?: boolean;
  readonly seed: string;
  readonly runs: string;
  readonly out?: string;
}

/** `drydock sim shrink`: a failing seed becomes the smallest scenario that still fails in the same way. */
export function addShrinkCommand(sim: Command): void {
  sim
    .command('shrink')
    .description('make a failing seed the smallest scenario that still fails in the same way, as a file')
    .argument('[scenario]', 'a YAML file')
    .option('--swarm', 'the scenario that the seed draws')
    .requiredOption('--seed <n>', 'the seed that fails')
    .option('--runs <n>', 'most runs to try', '500')
    .option('--out <file>', 'where to write it (default: beside the scenario, or here)')
    .action(async (file: string | undefined, options: ShrinkOptions) => {
      await run(sourceOf(file, options.swarm), options);
    });
}

async function run(source: ScenarioSource, options: ShrinkOptions): Promise<void> {
  const seed = integerOption('--seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  const runsMax = integerOption('--runs', options.runs, 1, 1_000_000);
  const folder = source.type === 'file' ? dirname(resolve(source.file)) : process.cwd();
  const name = source.type === 'file' ? basename(source.file).replace(/\.ya?ml$/, '') : 'swarm';
  const out = options.out ?? resolve(folder, `${name}-${seed}-min.yaml`);
  const play = async (raw: RawScenario): Promise<TimedReport> => {
    const scenario = readScenario(scenarioText(raw), out, folder);
    return await timedSimulation(scenario, { seed });
  };
  const original = rawScenarioOf(source, seed);
  const first = await play(original);
  const wanted = first.violations[0]?.checker;
  if (wanted === undefined) {
    throw new CliError(
      `seed ${seed} passes: there is nothing to make smaller; find one that fails with --seeds`,
    );
  }
  process.stderr.write(`seed ${seed} breaks ${wanted}; looking for less that does\n`);
  const { scenario, runs, minimal } = await shrink(
    original,
    async (candidate) => {
      try {
        return (await play(candidate)).violations[0]?.checker === wanted;
      } catch (error) {
        // What is left out may be what another part needs.
        if (error instanceof CliError) return false;
        throw error;
      }
    },
    {
      runsMax,
      tried: (smallest, done, failed) => {
        const steps = (smallest.timeline ?? []).length;
        if (failed) process.stderr.write(`run ${done}: ${steps} steps, ${smallest.duration}\n`);
      },
    },
  );
  const last = await play(scenario);
  const comment = `Seed ${seed} breaks ${wanted}: npx drydock sim ${basename(out)} --seed ${seed}`;
  writeFileSync(out, `# ${comment}\n${scenarioText(scenario)}`);
  const before = (original.timeline ?? []).length;
  process.stdout.write(
    `${stdoutColors.green('✔')} ${out}: ${(scenario.timeline ?? []).length} of ${before} steps are left after ${runs} runs${minimal ? '' : ' (more runs may find less)'}\n${brokenLines(last).join('\n')}\n`,
  );
}
