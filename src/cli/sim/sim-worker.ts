import { parentPort, workerData } from 'node:worker_threads';

import { must } from '../../base/assert.ts';
import { timedSimulation } from './scenario-run.ts';
import { scenarioOf, type ScenarioSource } from './source.ts';

/** One thread of a sweep: is sent a seed, answers with its TimedReport. */
const port = must(parentPort);
const source = workerData as ScenarioSource;

port.on('message', (seed: number) => {
  void timedSimulation(scenarioOf(source, seed), { seed }).then((report) => port.postMessage(report));
});
