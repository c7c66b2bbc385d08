import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';

import { Violation } from './history.ts';
import { soak, type SoakFigures } from './soak.ts';

/** `npm run soak`: soak.ts says what is done to whom; this file reads options and tells how it goes. */

interface Options {
  readonly cycles: number;
  readonly members: string;
  readonly seed?: string;
  readonly workers: number;
  readonly drydock: string;
  readonly basePort: number;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const plainLineCycles = 10;

const program = new Command('soak')
  .description(
    'kill -9 members of a real cluster at random points while clients write, start them again, and check every promise',
  )
  .option('--cycles <n>', 'kills and restarts', positive, 200)
  .addOption(new Option('--members <n>', 'size of the cluster').choices(['1', '3']).default('1'))
  .option('--seed <text>', 'chooses what is called and when is killed (default: another one each time)')
  .option('--workers <n>', 'clients that call at the same time', positive, 12)
  .option(
    '--drydock <path>',
    'the drydock.js to soak, or any program with the flags of etcd',
    join(import.meta.dirname, '../../src/cli/drydock.js'),
  )
  .option('--base-port <n>', 'first of two ports per member', positive, 27_100)
  .option(
    '--data-dir <path>',
    'where data and logs go, and stay (default: a folder that only a failure keeps)',
  )
  .option('--json', 'print the figures as JSON')
  .addHelpText(
    'after',
    `
What is checked after every cycle: no acknowledged write is lost or done twice, one without an answer is there once or not at
all, every read and comparison was true at its revision, revisions never fall, watches tell each event once and in order, leases
live as long as promised, and all members hold the same (HashKV).

A run with the same seed calls and kills the same way; the machine decides where that hits. When a promise is broken the exit code is 1,
and the data, each member's log and soak.log stay. Wrong usage: 2.

Examples:
  npm run soak                                     200 cycles of one member
  npm run soak -- --members 3 --cycles 1000        an evening's worth
  npm run soak -- --drydock $(which etcd)          the same for etcd`,
  );

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a positive integer is needed');
  return value;
}

async function main(): Promise<number> {
  program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const options = program.parse().opts<Options>();
  const seed = options.seed ?? String(Date.now() % 1_000_000);
  const members = options.members === '3' ? 3 : 1;
  const directory = emptyFolder(options.dataDir);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const show = progress(options.cycles, `${members} ${members === 1 ? 'member' : 'members'}, seed ${seed}`);
  let done = 0;
  try {
    const figures = await soak({
      seed,
      cycles: options.cycles,
      members,
      workers: options.workers,
      directory,
      command: options.drydock.endsWith('.js')
        ? [process.execPath, options.drydock, 'etcd']
        : [options.drydock],
      basePort: options.basePort,
      onCycle: (each) => {
        done = each.cycles;
        show.update(each);
      },
    });
    show.stop();
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ok: true, seed, members, ...figures }, null, 2)}\n`
        : summary(seed, members, figures),
    );
    if (options.dataDir === undefined) rmSync(directory, { recursive: true, force: true });
    return 0;
  } catch (error) {
    show.stop();
    const reason =
      error instanceof Violation
        ? error.message
        : String(error instanceof Error ? (error.stack ?? error.message) : error);
    if (options.json === true) {
      const failure = { ok: false, seed, members, cycle: done + 1, directory, reason };
      process.stdout.write(`${JSON.stringify(failure, null, 2)}\n`);
    }
    process.stderr.write(`soak: cycle ${done + 1}, seed ${seed}: ${reason}\ndata and logs: ${directory}\n`);
    return 1;
  }
}

function emptyFolder(named: string | undefined): string {
  if (named === undefined) return mkdtempSync(join(tmpdir(), 'drydock-soak-'));
  const folder = resolve(named);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    process.stderr.write(`soak: --data-dir ${named} is not empty: name a new one\n`);
    process.exit(2);
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

function progress(
  cycles: number,
  title: string,
): { readonly update: (figures: SoakFigures) => void; readonly stop: () => void } {
  const line = (figures: SoakFigures): string =>
    `${figures.acknowledged} acknowledged, ${figures.kills} kills, revision ${figures.revision}`;
  if (!process.stderr.isTTY) {
    process.stderr.write(`soak: ${title}\n`);
    return {
      update: (figures) => {
        if (figures.cycles % plainLineCycles !== 0) return;
        process.stderr.write(`soak: ${figures.cycles} of ${cycles} cycles, ${line(figures)}\n`);
      },
      stop: () => {},
    };
  }
  const bar = new SingleBar({
    format: `${title} [{bar}] {value}/{total} {text}`,
    barsize: 20,
    stream: process.stderr,
  });
  bar.start(cycles, 0, { text: '' });
  return {
    update: (figures) => bar.update(figures.cycles, { text: line(figures) }),
    stop: () => bar.stop(),
  };
}

function summary(seed: string, members: number, figures: SoakFigures): string {
  const rows: readonly (readonly [string, string | number])[] = [
    ['members', members],
    ['seed', seed],
    ['cycles', figures.cycles],
    ['processes killed', figures.kills],
    ['calls acknowledged', figures.acknowledged],
    ['calls without an answer', `${figures.unknown}, of which ${figures.unknownDone} had been done`],
    ['calls refused', figures.refused],
    ['revision', figures.revision],
    ['events watched', figures.watchEvents],
    ['leases that ended with keys', figures.leasesEnded],
    ['compactions', figures.compactions],
    ['start to ready', `${figures.startMillisMean} ms on average, ${figures.startMillisMax} ms at most`],
    ['time', `${figures.seconds} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return `${lines.join('\n')}\nnothing acknowledged was lost, and every other promise was kept\n`;
}

process.exit(await main());
