import { parseDocument } from 'yaml';

import { parseScenario } from '../scenario/parse-scenario.ts';
import { recordSimulation } from '../simulation.ts';
import type { Recording } from '../recording/recording.ts';
import { workerEngine } from './engine.ts';

/** What the page asks for: a scenario, a seed, and perhaps another future from a moment on. */
export interface RunRequest {
  readonly id: number;
  readonly scenario: string;
  /** Manifests that the scenario names, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly seed: number;
  /** Steps of the timeline that are left out. */
  readonly without: readonly number[];
  readonly fork?: { readonly atMillis: number; readonly seed: number };
}

export type RunAnswer =
  | { readonly id: number; readonly recording: Recording }
  | { readonly id: number; readonly error: string };

/** As much of a worker's scope as is used: the page is compiled for documents, not for workers. */
const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: RunRequest }) => void) | null;
  postMessage(answer: RunAnswer): void;
};

/** The steps go by their places in the file. */
function withoutSteps(text: string, without: readonly number[]): string {
  if (without.length === 0) return text;
  const document = parseDocument(text);
  for (const step of [...without].toSorted((a, b) => b - a)) document.deleteIn(['timeline', step]);
  return document.toString({ lineWidth: 0 });
}

async function run({ scenario, files, seed, without, fork }: RunRequest): Promise<Recording> {
  const text = withoutSteps(scenario, without);
  const parsed = parseScenario(text, 'scenario.yaml', (path) => {
    const found = files[path];
    if (found === undefined) throw new Error(`${path} did not come with the page`);
    return found;
  });
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return await recordSimulation(parsed.value, text, {
    seed,
    engine: workerEngine(),
    ...(fork === undefined ? {} : { reseed: fork }),
  });
}

scope.onmessage = ({ data }) => {
  run(data).then(
    (recording) => scope.postMessage({ id: data.id, recording }),
    (error: unknown) => {
      scope.postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) });
    },
  );
};
