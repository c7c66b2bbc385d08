import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import { machine } from '../machine.ts';
import { cases, preloadedStore, type Figures, type Fixture } from './cases.ts';
import { Workplace } from './processes.ts';
import { measuredRows, renderTable, type MeasuredRow } from './report.ts';
import { Store, type Contestant } from './store.ts';

/**
 * Measures drydock's store side by side with a real etcd: the same requests, the same disk, both with every fsync.
 *
 * This file chooses cases, runs their rounds and stores what they measured; cases.ts says what is measured, store.ts runs the
 * servers, connection.ts and h2load.ts are the clients. Benchmarks are never tests, so a missed target does not fail
 * the run. What must hold:
 *
 * 1. Both are measured in turn, round after round, and only medians of the rounds of one run are compared.
 * 2. Every response is checked to be OK; a figure of failed requests does not exist: the run fails.
 * 3. Each case is run once unmeasured before it counts: a JIT compiler, and a page cache, is warm in real life.
 * 4. No process and no data is left behind, however the run ends.
 */

interface Options {
  readonly etcd: string;
  readonly drydock: string;
  readonly h2load: string;
  readonly only: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly dataDir: string;
}

const names = cases.map(({ name }) => name);
const results = join(process.cwd(), 'bench/results');

const program = new Command('bench:etcd')
  .description(
    'compare drydock with a real etcd: throughput, latency, CPU and memory, in one run on one disk',
  )
  .option('--etcd <path>', 'the etcd to compare with', 'etcd')
  .option('--h2load <path>', "the load generator (Debian's nghttp2-client)", 'h2load')
  .option(
    '--drydock <path>',
    'the drydock.js to measure, or any program with the flags of etcd',
    join(import.meta.dirname, '../../src/cli/drydock.js'),
  )
  .option('--only <case>', `measure this case only, repeatable: ${names.join(', ')}`, chosenCase, [])
  .option('--rounds <n>', 'rounds per case', positive, 3)
  .option('--seconds <n>', 'how long each load lasts', positive, 4)
  .option('--quick', 'one round of a second, a tenth of the counted work: to see that it runs')
  .option('--data-dir <path>', 'where the data of both goes: decides the disk', results)
  .option('--json', 'print JSON instead of the table')
  .addHelpText('after', `\nThe figures are also stored in bench/results/etcd.json.`);

function chosenCase(name: string, before: readonly string[]): string[] {
  if (!names.includes(name)) throw new InvalidArgumentError(`choose from ${names.join(', ')}`);
  return [...before, name];
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a positive integer is needed');
  return value;
}

/** The file that runs when `program` is called, or undefined. */
function found(name: string): string | undefined {
  if (name.includes('/')) return existsSync(name) ? resolve(name) : undefined;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function required(name: string, remedy: string): string {
  const path = found(name);
  if (path === undefined) {
    process.stderr.write(`bench:etcd: ${name} is not there: ${remedy}\n`);
    process.exit(2);
  }
  return path;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** The stores that the rounds of several cases share. */
class Fixtures {
  #kind: Fixture = 'none';
  #stores = new Map<Contestant, Store>();
  readonly #workplace: Workplace;

  constructor(workplace: Workplace) {
    this.#workplace = workplace;
  }

  async use(kind: Fixture, contestants: readonly Contestant[]): Promise<ReadonlyMap<Contestant, Store>> {
    if (kind === this.#kind) return this.#stores;
    await Promise.all([...this.#stores.values()].map((store) => store.remove()));
    this.#stores = new Map();
    this.#kind = kind;
    if (kind === 'none') return this.#stores;
    for (const contestant of contestants) {
      const store = await preloadedStore(contestant, this.#workplace, kind === 'one' ? 1 : 3);
      this.#stores.set(contestant, store);
    }
    return this.#stores;
  }
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  const h2loadProgram = required(
    options.h2load,
    "install Debian's nghttp2-client, or name it: --h2load PATH",
  );
  const etcd: Contestant = {
    name: 'etcd',
    command: [required(options.etcd, "install Debian's etcd-server, or name it: --etcd PATH")],
  };
  const entry = required(options.drydock, 'npm run build');
  const drydock: Contestant = {
    name: 'drydock',
    command: entry.endsWith('.js') ? [process.execPath, entry, 'etcd'] : [entry],
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const workplace = new Workplace(resolve(options.dataDir));
  const fixtures = new Fixtures(workplace);
  const quick = options.quick === true;
  const seconds = quick ? 1 : options.seconds;
  const chosen = cases.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const rows: MeasuredRow[] = [];
  for (const benchCase of chosen) {
    const stores = await fixtures.use(benchCase.fixture, [etcd, drydock]);
    const rounds: { etcd: Figures[]; drydock: Figures[] } = { etcd: [], drydock: [] };
    const count = quick || benchCase.once === true ? 1 : options.rounds;
    // Round 0 is the warm-up; stores that live for one round only are cold in each.
    for (let round = stores.size > 0 ? 0 : 1; round <= count; round++) {
      for (const contestant of [etcd, drydock]) {
        progress(
          `${benchCase.name}: ${contestant.name}, ${round === 0 ? 'warm-up' : `round ${round} of ${count}`}`,
        );
        const context = { contestant, workplace, h2loadProgram, seconds, quick };
        const figures = await benchCase.measure(context, stores.get(contestant));
        if (round > 0) rounds[contestant.name].push(figures);
      }
    }
    rows.push(...measuredRows(benchCase, rounds));
  }
  progress('');
  await fixtures.use('none', []);
  const document = {
    machine: machine(),
    etcd: (await workplace.run(etcd.command[0], ['--version'])).split('\n')[0],
    at: new Date().toISOString(),
    seconds,
    rows,
  };
  mkdirSync(results, { recursive: true });
  const file = join(results, 'etcd.json');
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  if (options.json === true) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(`${renderTable(rows)}\nstored in ${file}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    progress('');
    process.stderr.write(`bench:etcd: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
