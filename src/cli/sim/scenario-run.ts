import type { Scenario } from '../../../sim/scenario/scenario.ts';
import { simulate, type SimulationOptions, type SimulationReport } from '../../../sim/simulation.ts';
import { nodeEngine } from '../node-engine.ts';

/** A run is reported with the real time it took; everything else in the report follows from the seed. */
export type TimedReport = SimulationReport & { readonly realMillis: number };

/** One seed, timed. */
export async function timedSimulation(
  scenario: Scenario,
  options: Omit<SimulationOptions, 'engine'>,
): Promise<TimedReport> {
  const startedAt = performance.now();
  const report = await simulate(scenario, { ...options, engine: nodeEngine });
  return { ...report, realMillis: performance.now() - startedAt };
}
