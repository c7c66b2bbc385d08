import { relative, resolve } from 'node:path';

import { mistakesText, parseScenario } from '../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../sim/scenario/scenario.ts';
import { simulate, type SimulationReport } from '../../sim/simulation.ts';
import { CliError } from './cli-error.ts';
import { readInput } from './input-file.ts';
import { nodeEngine } from './node-engine.ts';

/** A run is reported with the real time it took; everything else in the report follows from the seed. */
export type TimedReport = SimulationReport & { readonly realMillis: number };

/** @throws CliError with the first mistakes of the file, each with its line; exit code 2 */
export function loadScenario(file: string): Scenario {
  const path = resolve(file);
  const text = readInput(path);
  if (text === undefined) {
    throw new CliError(`${file} does not exist: name a scenario file, such as scenarios/leader-crash.yaml`, {
      exitCode: 2,
    });
  }
  const readFile = (name: string): string => {
    const found = readInput(resolve(path, '..', name));
    if (found === undefined) {
      throw new Error(
        `cannot read ${name}: it does not exist; name a manifest by its path from the scenario's folder`,
      );
    }
    return found;
  };
  const parsed = parseScenario(text, relative(process.cwd(), path), readFile);
  if (!parsed.ok) throw new CliError(mistakesText(parsed.error), { exitCode: 2 });
  return parsed.value;
}

/** One seed, timed. */
export async function timedSimulation(
  scenario: Scenario,
  seed: number,
  onLog?: (line: string) => void,
): Promise<TimedReport> {
  const startedAt = performance.now();
  const report = await simulate(scenario, {
    seed,
    engine: nodeEngine,
    ...(onLog === undefined ? {} : { onLog }),
  });
  return { ...report, realMillis: performance.now() - startedAt };
}
