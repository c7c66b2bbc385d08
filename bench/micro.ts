import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import benny from 'benny';

import { suites } from './suites.ts';

/** One measured operation as it is stored: bench/results/micro.json. */
interface Measured {
  readonly suite: string;
  readonly name: string;
  readonly opsPerSecond: number;
  readonly marginPercent: number;
  readonly samples: number;
}

/**
 * Times every micro-benchmark with benny and stores the figures as JSON. Benchmarks are never tests: they
 * say how fast, not whether it is right. Names given on the command line choose suites.
 */
const chosen = process.argv.slice(2);
const folder = join(process.cwd(), 'bench/results');
const measured: Measured[] = [];

for (const suite of suites) {
  if (chosen.length > 0 && !chosen.includes(suite.name)) continue;
  const summary = await benny.suite(
    suite.name,
    ...suite.cases().map(({ name, run }) => benny.add(name, run)),
    // Redrawing needs a terminal; a file gets the table at the end.
    ...(process.stdout.isTTY ? [benny.cycle()] : []),
  );
  for (const { name, ops, margin, samples } of summary.results) {
    measured.push({ suite: suite.name, name, opsPerSecond: ops, marginPercent: margin, samples });
  }
}

mkdirSync(folder, { recursive: true });
const file = join(folder, 'micro.json');
const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
writeFileSync(file, `${JSON.stringify({ machine, measured }, null, 2)}\n`);
for (const { suite, name, opsPerSecond } of measured) {
  const micros = opsPerSecond > 0 ? (1e6 / opsPerSecond).toFixed(2) : '-';
  console.log(`${suite.padEnd(10)} ${name.padEnd(56)} ${micros.padStart(12)} µs/op`);
}
console.log(`stored in ${file}`);
// Suites may hold temporary files and timers of their own.
process.exit(0);
