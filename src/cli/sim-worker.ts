import { parentPort, workerData } from 'node:worker_threads';

import { parseScenario } from '../../sim/scenario/scenario.ts';
import { simulate, type SimulationReport } from '../../sim/simulation.ts';
import { must } from '../base/assert.ts';
import { CliError } from './cli-error.ts';
import { nodeEngine } from './node-engine.ts';

/** What a sweep's worker is given: a scenario as text, which each worker parses for itself. */
export interface SimWorkerData {
  readonly file: string;
  readonly text: string;
  readonly manifests: Readonly<Record<string, string>>;
}

/** A seed to run; the answer is its SimulationReport. */
export type SimWorkerRequest = number;
export type SimWorkerAnswer = SimulationReport;

/** One of the threads of a sweep: runs a seed at a time. */
const port = must(parentPort);
const { file, text, manifests } = workerData as SimWorkerData;
const parsed = parseScenario(text, file, manifests);
if (!parsed.ok) throw new CliError(parsed.error);
const scenario = parsed.value;

port.on('message', (seed: SimWorkerRequest) => {
  void simulate(scenario, { seed, engine: nodeEngine }).then((report) =>
    port.postMessage(report satisfies SimWorkerAnswer),
  );
});
