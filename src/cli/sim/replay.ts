import type { Command } from 'commander';

import { durationMillis } from '../../../sim/actions/action.ts';
import { integerOption } from '../options.ts';
import { renderRun } from './render.ts';
import { timedSimulation, type TimedReport } from './scenario-run.ts';
import { scenarioOf, sourceOf } from './source.ts';

interface ReplayOptions {
  readonly swarm?: boolean;
  readonly seed: string;
  readonly from?: string;
  readonly futures?: string;
  readonly points: string;
  readonly json?: boolean;
}

const barLength = 40;

/** `drydock sim replay`: a seed again, with its log from a moment on, or with other futures. */
export function addReplayCommand(sim: Command): void {
  sim
    .command('replay')
    .description('play a seed again: with the log from a moment on, or with many other futures')
    .argument('[scenario]', 'a YAML file')
    .option('--swarm', 'the scenario that the seed draws')
    .requiredOption('--seed <n>', 'the seed')
    .option('--from <t>', 'print the log from this virtual time on, such as 8s')
    .option('--futures <n>', 'leave the past as it was up to a moment, and play n other futures from there')
    .option('--points <n>', 'how many moments to try, evenly spread up to the failure', '10')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
With --futures the chance of failing is drawn over the moment at which the future becomes another one: where it rises
is where the failure became certain (what happened there is its cause).

Examples:
  drydock sim replay --swarm --seed 4711 --from 8s
  drydock sim replay --swarm --seed 4711 --futures 20`,
    )
    .action(async (file: string | undefined, options: ReplayOptions) => {
      const source = sourceOf(file, options.swarm);
      const seed = integerOption('--seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
      const scenario = scenarioOf(source, seed);
      if (options.futures !== undefined) {
        await showFutures(scenario, seed, options);
        return;
      }
      const fromMillis = options.from === undefined ? 0 : durationMillis(options.from);
      const onLog = (line: string): void => {
        if (Number.parseFloat(line) * 1000 >= fromMillis) process.stderr.write(`${line}\n`);
      };
      const report = await timedSimulation(scenario, { seed, onLog });
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${renderRun(scenario, report)}\n`,
      );
      if (report.verdict === 'failed') process.exitCode = 1;
    });
}

/** One moment, and how many of the other futures from there fail like the one that happened. */
interface Point {
  readonly atMillis: number;
  readonly failed: number;
  readonly of: number;
}

async function showFutures(
  scenario: ReturnType<typeof scenarioOf>,
  seed: number,
  options: ReplayOptions,
): Promise<void> {
  const futures = integerOption('--futures', options.futures!, 1, 10_000);
  const points = integerOption('--points', options.points, 1, 1000);
  const happened = await timedSimulation(scenario, { seed });
  const checker = happened.violations[0]?.checker;
  const endMillis = happened.violations[0]?.atMillis ?? happened.simulatedMillis;
  if (checker === undefined && happened.verdict === 'passed')
    process.stderr.write(`seed ${seed} passes; looking for futures that do not\n`);
  const found: Point[] = [];
  for (let i = 0; i <= points; i++) {
    const atMillis = (endMillis * i) / points;
    let failed = 0;
    for (let future = 1; future <= futures; future++) {
      const report = await timedSimulation(scenario, {
        seed,
        reseed: { atMillis, seed: seed * 1_000_003 + future },
      });
      if (failsLike(report, checker)) failed++;
    }
    found.push({ atMillis, failed, of: futures });
    if (options.json !== true) process.stdout.write(`${pointLine(found.at(-1)!)}\n`);
  }
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ seed, checker, points: found }, null, 2)}\n`);
}

function failsLike({ violations }: TimedReport, checker: string | undefined): boolean {
  return checker === undefined ? violations.length > 0 : violations.some((one) => one.checker === checker);
}

function pointLine({ atMillis, failed, of }: Point): string {
  const share = failed / of;
  const bar = '█'.repeat(Math.round(share * barLength)).padEnd(barLength, '·');
  return `${(atMillis / 1000).toFixed(3).padStart(9)} s ${bar} ${(100 * share).toFixed(0).padStart(3)} %`;
}
