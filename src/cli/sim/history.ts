import { writeFileSync } from 'node:fs';

import { Option, type Command } from 'commander';

import { HistoryRecorder } from '../../../sim/history/history-recorder.ts';
import { historyLines } from '../../../sim/history/history-lines.ts';
import { jepsenEdn } from '../../../sim/history/jepsen-edn.ts';
import { porcupineJson } from '../../../sim/history/porcupine-json.ts';
import { integerOption } from '../options.ts';
import { timedSimulation } from './scenario-run.ts';
import { scenarioOf, sourceOf } from './source.ts';

const formats = ['jsonl', 'edn', 'porcupine', 'raft'] as const;
type Format = (typeof formats)[number];

interface HistoryOptions {
  readonly swarm?: boolean;
  readonly seed: string;
  readonly format: Format;
  readonly out?: string;
}

/** `drydock sim history`: a run for the checkers of others. */
export function addHistoryCommand(sim: Command): void {
  sim
    .command('history')
    .description('write what happened in a run, for the checkers of others')
    .argument('[scenario]', 'a YAML file')
    .option('--swarm', 'the scenario that the seed draws')
    .option('--seed <n>', 'the seed', '1')
    .addOption(
      new Option(
        '--format <format>',
        "jsonl: a line for each call and return; edn: Jepsen's, for Knossos and Elle; porcupine: its operations; raft: the members' steps, for the TLA+ specification of etcd's raft",
      )
        .choices(formats)
        .default('jsonl'),
    )
    .option('--out <file>', 'where to write it (default: standard output)')
    .addHelpText(
      'after',
      `
Examples:
  drydock sim history scenarios/leader-crash.yaml --seed 7 --format edn --out history.edn
  drydock sim history --swarm --seed 11 --format raft --out trace.ndjson`,
    )
    .action(async (file: string | undefined, options: HistoryOptions) => {
      const seed = integerOption('--seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
      const recorder = new HistoryRecorder();
      const trace: string[] = [];
      await timedSimulation(scenarioOf(sourceOf(file, options.swarm), seed), {
        seed,
        ...(options.format === 'raft'
          ? { raftTrace: (line: string) => void trace.push(line) }
          : { recorders: [recorder] }),
      });
      const text =
        options.format === 'raft' ? `${trace.join('\n')}\n` : write[options.format](recorder.events);
      if (options.out === undefined) process.stdout.write(text);
      else writeFileSync(options.out, text);
    });
}

const write = { jsonl: historyLines, edn: jepsenEdn, porcupine: porcupineJson } as const;
