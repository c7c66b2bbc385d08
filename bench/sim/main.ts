import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import { machine } from '../machine.ts';
import { cases } from './cases.ts';
import { measuredRows, renderTable, type MeasuredRow } from './report.ts';

/**
 * Measures how fast the dock is: simulated seconds per second of CPU, for a store, the whole stack, and a large cluster.
 *
 * This file chooses cases and stores what they measured; cases.ts says what is measured, scenarios.ts what is played. Benchmarks
 * are never tests, so a missed target does not fail the run. What must hold:
 *
 * 1. CPU time counts, of all threads of the process, and not the time that goes by: the machine may be busy.
 * 2. Every run is judged by every judge of its kind, and one that failed makes no figure better: it ends the bench, or is a seed
 *    of the swarm that counts for nothing.
 * 3. Short runs are played unmeasured before they count: in a sweep the compiler is warm.
 */

interface Options {
  readonly only: readonly string[];
  readonly quick?: boolean;
  readonly json?: boolean;
}

const names = cases.map(({ name }) => name);
const results = join(process.cwd(), 'bench/results');

const program = new Command('bench:sim')
  .description('measure the simulator: how much simulated time a second of CPU plays')
  .option('--only <case>', `measure this case only, repeatable: ${names.join(', ')}`, chosenCase, [])
  .option('--quick', 'a part of the work: to see that it runs')
  .option('--json', 'print JSON instead of the table')
  .addHelpText('after', `\nThe figures are also stored in bench/results/sim.json.`);

function chosenCase(name: string, before: readonly string[]): string[] {
  if (!names.includes(name)) throw new InvalidArgumentError(`choose from ${names.join(', ')}`);
  return [...before, name];
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function main(): Promise<void> {
  const { only, quick = false, json = false } = program.parse().opts<Options>();
  const rows: MeasuredRow[] = [];
  for (const benchCase of cases) {
    if (only.length > 0 && !only.includes(benchCase.name)) continue;
    progress(benchCase.name);
    rows.push(...measuredRows(benchCase, await benchCase.measure(quick)));
  }
  progress('');
  const document = { machine: machine(), at: new Date().toISOString(), quick, rows };
  mkdirSync(results, { recursive: true });
  const file = join(results, 'sim.json');
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(`${renderTable(rows)}\nstored in ${file}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    progress('');
    process.stderr.write(`bench:sim: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
