import { Ajv } from 'ajv';
import { LineCounter, parseDocument } from 'yaml';

import { lineOf, toPlain, yamlSentence, type YamlPath } from '../../src/api/yaml-places.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { durationMillis } from '../actions/action.ts';
import type { CheckerName } from '../checkers/registry.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';
import type { KvWorkload } from '../workloads/kv-workload.ts';
import { labelsProblem, type Known } from './known.ts';
import { readObjects, type RawObject, type ReadFile } from './read-objects.ts';
import { scenarioSchema } from './scenario-schema.ts';
import type { FinalExpectation, Scenario } from './scenario.ts';
import { placeText, schemaMistakes } from './schema-sentence.ts';
import { readTimeline, withinMillisDefault, type RawStep, type Report } from './read-timeline.ts';

const kvPauseMillisDefault = 20;
const kvMixDefault = { get: 5, put: 3, cas: 1, delete: 1 };

/** The file as YAML has it, once the schema has accepted it. */
interface Raw {
  readonly name: string;
  readonly about?: string;
  readonly cluster: Readonly<Record<'servers' | 'agents', number>> &
    Readonly<Partial<Record<'snapshot-entries' | 'catch-up-entries' | 'segment-bytes', number>>>;
  readonly objects?: readonly RawObject[];
  readonly workload?: { readonly kv?: RawKv };
  readonly timeline?: readonly RawStep[];
  readonly expect: {
    readonly always: readonly CheckerName[];
    readonly finally?: readonly RawFinal[];
    readonly within?: string;
  };
  readonly duration: string;
}

interface RawKv {
  readonly clients: number;
  readonly keys: number;
  readonly watchers?: number;
  readonly mix?: Partial<Record<'get' | 'put' | 'cas' | 'delete', number>>;
  readonly pause?: string;
}

interface RawFinal {
  readonly 'pods-running'?: PodsRunningOptions;
  readonly 'processes-running'?: { readonly count: number };
}

/** A mistake: where the scenario has it decides the order, and the text tells it with file and line. */
interface Mistake {
  readonly line: number;
  readonly text: string;
}

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
  const validate = new Ajv({ allErrors: true, verbose: true }).compile(scenarioSchema);
  if (!validate(plain.value)) {
    for (const { path, key, sentence } of schemaMistakes(validate.errors ?? [])) {
      mistakeAt(lineOf(document, lines, path, key), sentence);
    }
    return refuse();
  }
  const raw = plain.value as Raw;
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
  const { servers, agents } = raw.cluster;
  const known: Known = { servers, agents, names: new Map(), objects };
  const timeline = readTimeline(raw.timeline ?? [], known, lineAt, report);
  checkExpectations(raw, known, report);
  if (mistakes.length > 0) return refuse();
  return ok({
    name: raw.name,
    about: raw.about,
    file,
    cluster: {
      servers,
      agents,
      snapshotEntries: raw.cluster['snapshot-entries'],
      catchUpEntries: raw.cluster['catch-up-entries'],
      segmentBytes: raw.cluster['segment-bytes'],
    },
    objects: found.objects,
    workload: { kv: raw.workload?.kv && kvWorkload(raw.workload.kv) },
    timeline,
    expect: {
      always: raw.expect.always,
      finally: (raw.expect.finally ?? []).map(buildFinal),
      withinMillis: raw.expect.within === undefined ? withinMillisDefault : durationMillis(raw.expect.within),
    },
    durationMillis: durationMillis(raw.duration),
  });
}

/** A scenario's mistakes, one per line; of many, the first. */
export function mistakesText(mistakes: readonly string[]): string {
  const more = mistakes.length - mistakesShownMax;
  return [...mistakes.slice(0, mistakesShownMax), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function checkExpectations({ expect, workload }: Raw, known: Known, report: Report): void {
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
  const mix = workload?.kv?.mix;
  if (mix !== undefined && Object.values({ ...kvMixDefault, ...mix }).every((share) => share === 0)) {
    report(
      ['workload', 'kv', 'mix'],
      ' leaves nothing to do; give at least one of get, put, cas, delete a share',
    );
  }
}

function kvWorkload({ clients, keys, watchers, mix, pause }: RawKv): KvWorkload {
  return {
    clients,
    keys,
    watchers: watchers ?? 0,
    mix: { ...kvMixDefault, ...mix },
    pauseMillis: pause === undefined ? kvPauseMillisDefault : durationMillis(pause),
  };
}

function buildFinal(raw: RawFinal): FinalExpectation {
  const processes = raw['processes-running'];
  return processes === undefined
    ? { type: 'pods-running', options: raw['pods-running'] ?? {} }
    : { type: 'processes-running', options: processes };
}
