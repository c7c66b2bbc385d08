import { Ajv, type ValidateFunction } from 'ajv';
import { LineCounter, parseDocument } from 'yaml';

import { lineOf, toPlain, yamlSentence, type YamlPath } from '../../src/api/yaml-places.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { durationMillis } from '../actions/action.ts';
import type { Bounds } from '../checkers/bounds.ts';
import type { CheckerName } from '../checkers/registry.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';
import type { FailoverProfile } from '../cluster.ts';
import { workloadProblems, type Workloads } from '../workloads/registry.ts';
import { labelsProblem, type Known } from './known.ts';
import { readObjects, type RawObject, type ReadFile } from './read-objects.ts';
import { scenarioSchema } from './scenario-schema.ts';
import { checkReal } from './real-mistakes.ts';
import type { FinalExpectation, Mode, Scenario, ScenarioCluster } from './scenario.ts';
import { placeText, schemaMistakes } from './schema-sentence.ts';
import { readTimeline, withinMillisDefault, type RawStep, type Report } from './read-timeline.ts';

/** A scenario as a file has it and the swarm draws it: plain data that the schema accepts. */
export interface RawScenario {
  readonly name: string;
  readonly about?: string;
  readonly modes?: readonly Mode[];
  readonly cluster: RawCluster;
  readonly objects?: readonly RawObject[];
  readonly workload?: Workloads;
  readonly timeline?: readonly RawStep[];
  readonly expect: {
    readonly always: readonly CheckerName[];
    readonly bounds?: Bounds;
    readonly liveness?: string;
    readonly finally?: readonly RawFinal[];
    readonly within?: string;
  };
  readonly duration: string;
}

type RawCluster = Readonly<
  Partial<
    Record<
      | 'store'
      | 'servers'
      | 'spares'
      | 'agents'
      | 'election-ticks'
      | 'snapshot-entries'
      | 'catch-up-entries'
      | 'segment-bytes'
      | 'quota-bytes',
      number
    > &
      Record<'tick' | 'request-timeout' | 'corrupt-check', string> & {
        readonly timing: FailoverProfile;
      }
  >
>;

interface RawFinal {
  readonly 'pods-running'?: PodsRunningOptions;
  readonly 'processes-running'?: { readonly count: number };
  readonly converged?: true;
}

/** A mistake: where the scenario has it decides the order, and the text tells it with file and line. */
interface Mistake {
  readonly line: number;
  readonly text: string;
}

/** Compiling the schema takes longer than most runs of the swarm: once is enough. */
let validate: ValidateFunction | undefined;

/** A person corrects a few at a time; the rest may follow from them. */
const mistakesShownMax = 5;

/**
 * Reads a scenario and finds every mistake that can be found without running it. The errors are sentences, each with
 * file and line, in the order of lines, that say what is wrong and what would be right.
 */
export function parseScenario(
  text: string,
  file: string,
  readFile: ReadFile,
): Result<Scenario, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const mistakes: Mistake[] = [];
  const mistakeAt = (line: number, sentence: string): void => {
    mistakes.push({ line, text: `${file}:${line}: ${sentence}` });
  };
  const refuse = (): Result<never, readonly string[]> =>
    err([...new Set(mistakes.toSorted((a, b) => a.line - b.line).map((one) => one.text))]);
  // What follows the first mistake in the syntax follows from it.
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    mistakeAt(lines.linePos(syntax.pos[0]).line, yamlSentence(syntax));
    return refuse();
  }
  const plain = toPlain(document);
  if (!plain.ok) {
    mistakeAt(lines.linePos(plain.error.offset).line, plain.error.sentence);
    return refuse();
  }
  validate ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(scenarioSchema);
  if (!validate(plain.value)) {
    for (const { path, key, sentence } of schemaMistakes(validate.errors ?? [])) {
      mistakeAt(lineOf(document, lines, path, key), sentence);
    }
    return refuse();
  }
  const raw = plain.value as RawScenario;
  const lineAt = (path: YamlPath, key?: string): number => lineOf(document, lines, path, key);
  const report = (path: YamlPath, sentence: string): void => {
    const last = path.at(-1);
    const line = typeof last === 'string' ? lineAt(path.slice(0, -1), last) : lineAt(path);
    mistakeAt(line, `${placeText(path)}${sentence}`);
  };
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const found = readObjects(raw.objects ?? [], folder, readFile, (path) => `${file}:${lineAt(path)}`);
  for (const { path, text: told } of found.mistakes) mistakes.push({ line: lineAt(path), text: told });
  // When some objects could not be read, nothing is known of what they lack.
  const objects = found.mistakes.length > 0 ? undefined : found.objects;
  const problem = clusterProblem(raw.cluster);
  if (problem !== undefined) {
    report(['cluster'], ` ${problem}`);
    return refuse();
  }
  const cluster = buildCluster(raw.cluster);
  const known: Known = { servers: cluster.servers, agents: cluster.agents ?? 0, names: new Map(), objects };
  const timeline = readTimeline(raw.timeline ?? [], known, lineAt, report);
  checkExpectations(raw, known, report);
  if (raw.modes?.includes('real') === true) checkReal(raw, timeline, report, mistakeAt);
  if (mistakes.length > 0) return refuse();
  return ok({
    name: raw.name,
    about: raw.about,
    file,
    modes: raw.modes ?? ['sim'],
    cluster,
    objects: found.objects,
    workload: raw.workload ?? {},
    timeline,
    expect: {
      always: raw.expect.always,
      bounds: raw.expect.bounds ?? {},
      livenessMillis: millisOf(raw.expect.liveness),
      finally: (raw.expect.finally ?? []).map(buildFinal),
      withinMillis: millisOf(raw.expect.within) ?? withinMillisDefault,
    },
    durationMillis: durationMillis(raw.duration),
  });
}

/** A scenario's mistakes, one per line; of many, the first. */
export function mistakesText(mistakes: readonly string[]): string {
  const more = mistakes.length - mistakesShownMax;
  return [...mistakes.slice(0, mistakesShownMax), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function checkExpectations({ cluster, expect, workload }: RawScenario, known: Known, report: Report): void {
  for (const [i, final] of (expect.finally ?? []).entries()) {
    const running = final['pods-running'];
    const problem = running === undefined ? undefined : labelsProblem(running, known);
    if (problem !== undefined) report(['expect', 'finally', i, 'pods-running'], `: ${problem}`);
  }
  if (expect.within !== undefined) {
    if (expect.finally === undefined) {
      report(['expect', 'within'], ' bounds how long `finally` is waited for; add `finally` or remove it');
    } else if (durationMillis(expect.within) === 0) {
      report(['expect', 'within'], ` is ${expect.within}, which is no time at all; write 60s, for example`);
    }
  }
  for (const { at, problem } of workloadProblems(workload ?? {})) report(['workload', ...at], problem);
  if (workload?.membership !== undefined && (cluster.spares ?? 0) === 0) {
    report(['workload', 'membership'], ' needs hosts for new members; write `spares: 1` in cluster');
  }
}

function clusterProblem({ store, servers, agents }: RawCluster): string | undefined {
  if (store === undefined && servers === undefined)
    return 'is of nobody; write `store: 3` for members of the store alone, or `servers: 3` and `agents: 2`';
  if (store !== undefined && (servers !== undefined || agents !== undefined))
    return 'has `store`, which is members of the store alone, besides servers or agents; leave one out';
  return store === undefined && agents === undefined
    ? 'lacks agents; write `agents: 2`, or `agents: 0`'
    : undefined;
}

function buildCluster(raw: RawCluster): ScenarioCluster {
  const settings = {
    tickMillis: millisOf(raw.tick),
    electionTicks: raw['election-ticks'],
    requestTimeoutMillis: millisOf(raw['request-timeout']),
    snapshotEntries: raw['snapshot-entries'],
    catchUpEntries: raw['catch-up-entries'],
    segmentBytes: raw['segment-bytes'],
    quotaBytes: raw['quota-bytes'],
    corruptCheckMillis: millisOf(raw['corrupt-check']),
  };
  return {
    servers: raw.store ?? raw.servers!,
    spares: raw.spares ?? 0,
    agents: raw.agents,
    timing: raw.timing ?? 'fast',
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  };
}

function millisOf(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMillis(duration);
}

function buildFinal(raw: RawFinal): FinalExpectation {
  if (raw.converged === true) return { type: 'converged' };
  const processes = raw['processes-running'];
  return processes === undefined
    ? { type: 'pods-running', options: raw['pods-running'] ?? {} }
    : { type: 'processes-running', options: processes };
}
