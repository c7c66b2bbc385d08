import { Worker } from 'node:worker_threads';

import { SingleBar } from 'cli-progress';

import { faultKinds } from '../../../sim/fault-hits.ts';
import { probes } from '../../../sim/probes/registry.ts';
import type { Counts } from '../../../sim/simulation.ts';
import { crashPoints, rareBranches } from '../../platform/fault-points.ts';
import type { TimedReport } from './scenario-run.ts';
import { countOf, seedsIn, type Seeds } from './seeds.ts';
import type { ScenarioSource } from './source.ts';

export interface SweepOptions {
  readonly source: ScenarioSource;
  readonly seeds: Seeds;
  /** Threads, one seed at a time on each. */
  readonly jobs: number;
  /** No seed is begun after so long. */
  readonly millisMax: number | undefined;
}

/** How many runs came to something, and how often in all. */
export type Tallied = Readonly<Record<string, { readonly runs: number; readonly times: number }>>;

/** What many runs found, in the order of seeds, whatever the order in which they ended. */
export interface SweepReport {
  readonly seeds: number;
  readonly passed: number;
  /** The first of them in full; `passed` and `seeds` count all. */
  readonly failed: readonly TimedReport[];
  readonly simulatedMillis: number;
  readonly cpuMillis: number;
  readonly realMillis: number;
  readonly events: number;
  /** How many runs did a kind of step, and how many steps in all. */
  readonly steps: Tallied;
  /** As `steps`, and those that no run came to are there with 0: what faults really did. */
  readonly faults: Tallied;
  readonly points: Tallied;
  readonly branches: Tallied;
  readonly probes: Tallied;
}

/** Failures kept in full. */
const failedKeptMax = 100;
/** How often a sweep without a terminal says how far it is. */
const sayEveryMillis = 10_000;

/** Runs a scenario, or the swarm's, with many seeds. */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const totals = new Totals();
  const total = countOf(options.seeds);
  const progress = new Progress(total, options.millisMax);
  const remaining = seedsIn(options.seeds);
  const overdue = (): boolean => performance.now() - startedAt >= (options.millisMax ?? Infinity);
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./sim-worker.js', import.meta.url), { workerData: options.source });
    try {
      while (!overdue()) {
        const { value: seed, done } = remaining.next();
        if (done === true) return;
        totals.add(await runOn(worker, seed));
        progress.show(totals);
      }
    } finally {
      await worker.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.jobs, total) }, work));
  } finally {
    progress.stop();
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return totals.report((user + system) / 1000, performance.now() - startedAt);
}

class Totals {
  seeds = 0;
  failed: TimedReport[] = [];
  failures = 0;
  simulatedMillis = 0;
  #events = 0;
  readonly #steps: Tally = new Map();
  readonly #faults: Tally = tallyOf(faultKinds);
  readonly #points: Tally = tallyOf(crashPoints);
  readonly #branches: Tally = tallyOf(Object.keys(rareBranches));
  readonly #probes: Tally = tallyOf(probes.map(({ name }) => name));

  add(report: TimedReport): void {
    this.seeds++;
    this.simulatedMillis += report.simulatedMillis;
    this.#events += report.events;
    count(this.#steps, report.steps);
    count(this.#faults, report.faults);
    count(this.#points, report.points);
    count(this.#branches, report.branches);
    count(this.#probes, report.probes);
    if (report.verdict === 'passed') return;
    this.failures++;
    this.failed.push(report);
    this.failed = this.failed.toSorted((a, b) => a.seed - b.seed).slice(0, failedKeptMax);
  }

  report(cpuMillis: number, realMillis: number): SweepReport {
    return {
      seeds: this.seeds,
      passed: this.seeds - this.failures,
      failed: this.failed,
      simulatedMillis: this.simulatedMillis,
      cpuMillis,
      realMillis,
      events: this.#events,
      steps: Object.fromEntries(this.#steps),
      faults: Object.fromEntries(this.#faults),
      points: Object.fromEntries(this.#points),
      branches: Object.fromEntries(this.#branches),
      probes: Object.fromEntries(this.#probes),
    };
  }
}

type Tally = Map<string, { runs: number; times: number }>;

function tallyOf(names: readonly string[]): Tally {
  return new Map(names.map((name) => [name, { runs: 0, times: 0 }]));
}

function count(totals: Tally, counts: Counts): void {
  for (const [name, times] of Object.entries(counts)) {
    const total = totals.get(name) ?? { runs: 0, times: 0 };
    total.runs++;
    total.times += times;
    totals.set(name, total);
  }
}

/** A bar on a terminal, a line now and then elsewhere. */
class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #total: number;
  readonly #millisMax: number | undefined;
  readonly #startedAt = performance.now();
  #saidAt = performance.now();

  constructor(total: number, millisMax: number | undefined) {
    this.#total = total;
    this.#millisMax = millisMax;
    if (!process.stderr.isTTY) return;
    const format = Number.isFinite(total)
      ? '{bar} {value}/{total} seeds, {failed} failed, {rate} seeds/s, {eta} s left'
      : '{value} seeds, {failed} failed, {rate} seeds/s, {left} left';
    this.#bar = new SingleBar({ format, hideCursor: true });
    this.#bar.start(Number.isFinite(total) ? total : 1, 0, { failed: 0, rate: 0, left: '' });
  }

  show({ seeds, failures }: Totals): void {
    const elapsed = performance.now() - this.#startedAt;
    const rate = (seeds / (elapsed / 1000)).toFixed(1);
    const left =
      this.#millisMax === undefined ? '' : `${Math.max(0, (this.#millisMax - elapsed) / 1000).toFixed(0)} s`;
    if (this.#bar !== undefined) {
      this.#bar.update(seeds, { failed: failures, rate, left });
      return;
    }
    const now = performance.now();
    if (seeds !== this.#total && now - this.#saidAt < sayEveryMillis) return;
    this.#saidAt = now;
    const of = Number.isFinite(this.#total) ? `/${this.#total}` : '';
    process.stderr.write(
      `${seeds}${of} seeds, ${failures} failed, ${rate} seeds/s${left && `, ${left} left`}\n`,
    );
  }

  stop(): void {
    this.#bar?.stop();
  }
}

function runOn(worker: Worker, seed: number): Promise<TimedReport> {
  return new Promise((resolve, reject) => {
    worker.once('message', (report: TimedReport) => {
      worker.off('error', reject);
      resolve(report);
    });
    worker.once('error', reject);
    worker.postMessage(seed);
  });
}
