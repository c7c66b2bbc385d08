import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';

import { replay, type ReplayReport } from '../../bench/scheduling/replay.ts';
import { syntheticWorkload } from '../../bench/scheduling/workload.ts';
import { must } from '../base/assert.ts';
import type { Profile } from '../scheduler/framework.ts';
import { profiles } from '../scheduler/plugins/registry.ts';
import { CliError } from './cli-error.ts';
import { integerOption } from './options.ts';
import { textTable } from './tables.ts';

interface SchedulerBenchOptions {
  readonly policies: string;
  readonly seed: string;
  readonly nodes: string;
  readonly pods: string;
  readonly json?: boolean;
}

/** `drydock bench`: experiments; `scheduler` compares scheduling policies on one workload. */
export function addBenchCommand(program: Command): void {
  const bench = program.command('bench').description('experiments on parts of the cluster');
  const known = Object.keys(profiles).join(',');
  bench
    .command('scheduler')
    .description('replay one synthetic workload with several scheduling policies and compare them')
    .option('--policies <names>', `which policies, of ${known}`, known)
    .option('--seed <n>', 'makes the workload; the same seed gives the same decisions', '1')
    .option('--nodes <n>', 'nodes of the cluster', '200')
    .option('--pods <n>', 'pods that arrive', '5000')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The workload: nodes of three shapes, some tainted; small, medium and large pods that come and leave, and
together ask for 110 % of the CPU. Every policy gets the same. Only decisions/s depends on this machine.

Examples:
  drydock bench scheduler
  drydock bench scheduler --policies most-allocated --seed 7
  drydock bench scheduler --nodes 1000 --pods 20000 --json`,
    )
    .action((options: SchedulerBenchOptions) => {
      const chosen = options.policies.split(',').map((name) => policyOf(name.trim()));
      const workloadOptions = {
        seed: integerOption('--seed', options.seed, 0, Number.MAX_SAFE_INTEGER),
        nodeCount: integerOption('--nodes', options.nodes, 1, 10_000),
        podCount: integerOption('--pods', options.pods, 1, 1_000_000),
      };
      const workload = syntheticWorkload(workloadOptions);
      const bar = process.stderr.isTTY
        ? new SingleBar({ format: '{policy} {bar} {percentage} %', hideCursor: true, clearOnComplete: true })
        : undefined;
      const total = chosen.length * workload.events.length;
      bar?.start(total, 0, { policy: must(chosen[0]).name });
      const reports: ReplayReport[] = [];
      try {
        for (const [i, profile] of chosen.entries()) {
          const before = i * workload.events.length;
          reports.push(
            replay(workload, profile, (done) => bar?.update(before + done, { policy: profile.name })),
          );
        }
      } finally {
        bar?.stop();
      }
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ workload: workloadOptions, policies: reports }, null, 2)}\n`
          : `${render(reports)}\n`,
      );
    });
}

function policyOf(name: string): Profile {
  const profile = new Map<string, Profile>(Object.entries(profiles)).get(name);
  if (profile === undefined) {
    throw new CliError(
      `there is no scheduling policy ${JSON.stringify(name)}: choose from ${Object.keys(profiles).join(', ')}`,
      { exitCode: 2 },
    );
  }
  return profile;
}

function render(reports: readonly ReplayReport[]): string {
  const percent = ({ meanPercent, atEndPercent }: ReplayReport['cpu']): string =>
    `${meanPercent.toFixed(2)} % (${atEndPercent.toFixed(2)} %)`;
  return textTable(
    [
      'POLICY',
      'CPU (AT END)',
      'MEMORY (AT END)',
      'PLACED',
      'PENDING (AT END)',
      'DECISIONS/S',
      'DECISION HASH',
    ],
    reports.map((report) => [
      report.policy,
      percent(report.cpu),
      percent(report.memory),
      `${report.podsPlaced} of ${report.podsPlaced + report.pending.neverPlaced}`,
      `${report.pending.mean.toFixed(1)} (${report.pending.atEnd})`,
      Math.round(report.decisionsPerSecond),
      report.decisionHash.slice(0, 12),
    ]),
  );
}
