import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { SingleBar } from 'cli-progress';

import { must } from '../base/assert.ts';
import type { TimedReport } from './scenario-run.ts';

/**
 * Runs a scenario with many seeds, one thread per core and one seed at a time on each. Reports come back in the
 * order of `seeds`, whatever the order in which they ended.
 */
export async function sweep(file: string, seeds: readonly number[]): Promise<readonly TimedReport[]> {
  const reports = new Map<number, TimedReport>();
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: '{bar} {value}/{total} seeds, {failed} failed, {eta} s left',
        hideCursor: true,
      })
    : undefined;
  bar?.start(seeds.length, 0, { failed: 0 });
  let next = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    if (next >= seeds.length) return;
    const worker = new Worker(new URL('./sim-worker.js', import.meta.url), { workerData: file });
    try {
      while (next < seeds.length) {
        const report = await runOn(worker, seeds[next++]!);
        reports.set(report.seed, report);
        if (report.verdict === 'failed') failed++;
        bar?.update(reports.size, { failed });
        const tenth = Math.ceil(seeds.length / 10);
        if (bar === undefined && reports.size % tenth === 0) {
          process.stderr.write(`${reports.size}/${seeds.length} seeds, ${failed} failed\n`);
        }
      }
    } finally {
      await worker.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), seeds.length) }, work));
  } finally {
    bar?.stop();
  }
  return seeds.map((seed) => must(reports.get(seed)));
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
