import { parentPort, workerData } from 'node:worker_threads';

import { must } from '../base/assert.ts';
import { loadScenario, timedSimulation } from './scenario-run.ts';

/** One thread of a sweep: is sent a seed, answers with its TimedReport. */
const port = must(parentPort);
const scenario = loadScenario(workerData as string);

port.on('message', (seed: number) => {
  void timedSimulation(scenario, seed).then((report) => port.postMessage(report));
});
