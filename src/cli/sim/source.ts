import { relative, resolve } from 'node:path';

import { parse as parseYaml } from 'yaml';

import { mistakesText, parseScenario, type RawScenario } from '../../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../../sim/scenario/scenario.ts';
import { drawScenario, scenarioText } from '../../../sim/swarm/draw-scenario.ts';
import { CliError } from '../cli-error.ts';
import { readInput } from '../input-file.ts';

/** Where the scenario of a seed comes from: a file for all of them, or the seed itself. Crosses to worker threads as it is. */
export type ScenarioSource = { readonly type: 'file'; readonly file: string } | { readonly type: 'swarm' };

/** @throws CliError, exit code 2, unless exactly one of the two is given */
export function sourceOf(file: string | undefined, swarm: boolean | undefined): ScenarioSource {
  if ((file === undefined) !== (swarm === true)) {
    throw new CliError(
      'name one scenario file, such as scenarios/leader-crash.yaml, or let each seed draw its own with --swarm',
      { exitCode: 2 },
    );
  }
  return file === undefined ? { type: 'swarm' } : { type: 'file', file };
}

/** How a person says it: in a sentence, and as arguments of a command. */
export function sourceText(source: ScenarioSource): string {
  return source.type === 'file' ? source.file : '--swarm';
}

/** @throws CliError with the first mistakes, each with its line; exit code 2 */
export function scenarioOf(source: ScenarioSource, seed: number): Scenario {
  if (source.type === 'file') return loadScenario(source.file);
  return readScenario(scenarioText(drawScenario(seed)), `swarm-${seed}.yaml`, process.cwd());
}

/** The scenario as plain data, to be made smaller. @throws CliError as `scenarioOf` */
export function rawScenarioOf(source: ScenarioSource, seed: number): RawScenario {
  if (source.type === 'swarm') return drawScenario(seed);
  loadScenario(source.file);
  return parseYaml(textOf(source.file)) as RawScenario;
}

/** @throws CliError */
export function readScenario(text: string, file: string, folder: string): Scenario {
  const readFile = (name: string): string => {
    const found = readInput(resolve(folder, name));
    if (found === undefined) {
      throw new Error(
        `cannot read ${name}: it does not exist; name a manifest by its path from the scenario's folder`,
      );
    }
    return found;
  };
  const parsed = parseScenario(text, file, readFile);
  if (!parsed.ok) throw new CliError(mistakesText(parsed.error), { exitCode: 2 });
  return parsed.value;
}

function loadScenario(file: string): Scenario {
  const path = resolve(file);
  return readScenario(textOf(file), relative(process.cwd(), path), resolve(path, '..'));
}

function textOf(file: string): string {
  const text = readInput(resolve(file));
  if (text !== undefined) return text;
  throw new CliError(`${file} does not exist: name a scenario file, such as scenarios/leader-crash.yaml`, {
    exitCode: 2,
  });
}
