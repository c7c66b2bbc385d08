import { Ajv, type ErrorObject } from 'ajv';
import { LineCounter, parseDocument, type Document } from 'yaml';

import { parseManifests } from '../../src/api/manifest.ts';
import type { ApiObject, NewObject } from '../../src/api/types.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { durationMillis } from '../actions/action.ts';
import { actions } from '../actions/registry.ts';
import type { CheckerName } from '../checkers/registry.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';
import { scenarioSchema } from './scenario-schema.ts';
import type { FinalExpectation, Moment, Scenario, Step } from './scenario.ts';

const withinMillisDefault = 60_000;
const kvPauseMillisDefault = 20;

/** The file as YAML has it, once the schema has accepted it. */
interface Raw {
  readonly name: string;
  readonly about?: string;
  readonly cluster: Readonly<Record<'servers' | 'agents', number>> &
    Readonly<Partial<Record<'snapshot-entries' | 'catch-up-entries' | 'segment-bytes', number>>>;
  readonly objects?: readonly (RawFile | NewObject<ApiObject>)[];
  readonly workload?: { readonly kv?: RawKv };
  readonly timeline?: readonly RawStep[];
  readonly expect: {
    readonly always: readonly CheckerName[];
    readonly finally?: readonly RawFinal[];
    readonly within?: string;
  };
  readonly duration: string;
}

interface RawFile {
  readonly file: string;
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

interface RawStep {
  readonly at?: string;
  readonly when?: { readonly leader?: 'present'; readonly 'pods-running'?: PodsRunningOptions };
  readonly within?: string;
  readonly as?: string;
  readonly [action: string]: unknown;
}

/** Reads a file that a scenario names, by its path relative to the scenario. */
export type ReadFile = (path: string) => string;

/**
 * Reads a scenario. The errors are sentences, each with file and line, that say what is wrong and what would be
 * right.
 */
export function parseScenario(
  text: string,
  file: string,
  readFile: ReadFile,
): Result<Scenario, readonly string[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineOf = (path: readonly (string | number)[], key?: string): number =>
    findLine(document, lines, path, key);
  if (document.errors.length > 0) {
    return err(
      document.errors.map(
        (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`,
      ),
    );
  }
  const raw: unknown = document.toJS();
  const validate = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(scenarioSchema);
  if (!validate(raw)) {
    const errors = (validate.errors ?? []).filter(isTelling);
    return err([...new Set(errors.map((error) => sentence(error, file, lineOf)))]);
  }
  return build(raw as Raw, file, readFile, lineOf);
}

type LineOf = (path: readonly (string | number)[], key?: string) => number;

function build(
  raw: Raw,
  file: string,
  readFile: ReadFile,
  lineOf: LineOf,
): Result<Scenario, readonly string[]> {
  const problems: string[] = [];
  const objects: NewObject<ApiObject>[] = [];
  for (const [i, object] of (raw.objects ?? []).entries()) {
    if (!isFile(object)) {
      objects.push(object);
      continue;
    }
    const parsed = readManifests(object.file, readFile);
    if (parsed.ok) objects.push(...parsed.value);
    else problems.push(`${file}:${lineOf(['objects', i])}: ${parsed.error}`);
  }
  const timeline: Step[] = [];
  for (const [i, rawStep] of (raw.timeline ?? []).entries()) {
    const line = lineOf(['timeline', i]);
    const step = buildStep(rawStep, line);
    if (step.ok) timeline.push(step.value);
    else problems.push(`${file}:${line}: ${step.error}`);
  }
  if (problems.length > 0) return err(problems);
  const kv = raw.workload?.kv;
  return ok({
    name: raw.name,
    about: raw.about,
    file,
    cluster: {
      servers: raw.cluster.servers,
      agents: raw.cluster.agents,
      snapshotEntries: raw.cluster['snapshot-entries'],
      catchUpEntries: raw.cluster['catch-up-entries'],
      segmentBytes: raw.cluster['segment-bytes'],
    },
    objects,
    workload: {
      kv:
        kv === undefined
          ? undefined
          : {
              clients: kv.clients,
              keys: kv.keys,
              watchers: kv.watchers ?? 0,
              mix: { get: 5, put: 3, cas: 1, delete: 1, ...kv.mix },
              pauseMillis: kv.pause === undefined ? kvPauseMillisDefault : durationMillis(kv.pause),
            },
    },
    timeline,
    expect: {
      always: raw.expect.always,
      finally: (raw.expect.finally ?? []).map(buildFinal),
      withinMillis: raw.expect.within === undefined ? withinMillisDefault : durationMillis(raw.expect.within),
    },
    durationMillis: durationMillis(raw.duration),
  });
}

function buildFinal(raw: RawFinal): FinalExpectation {
  const processes = raw['processes-running'];
  return processes === undefined
    ? { type: 'pods-running', options: raw['pods-running'] ?? {} }
    : { type: 'processes-running', options: processes };
}

function buildStep(raw: RawStep, line: number): Result<Step, string> {
  const named = actions.filter(({ name }) => name in raw);
  const [action] = named;
  if (action === undefined || named.length > 1) {
    const found = named.length === 0 ? 'none' : named.map(({ name }) => name).join(' and ');
    return err(
      `a step does exactly one thing, this one has ${found}; choose of ${actions.map(({ name }) => name).join(', ')}`,
    );
  }
  const moment = buildMoment(raw);
  if (!moment.ok) return moment;
  return ok({ line, moment: moment.value, action, value: raw[action.name], as: raw.as });
}

function buildMoment({ at, when, within }: RawStep): Result<Moment, string> {
  if ((at === undefined) === (when === undefined)) {
    return err(
      'a step says when: with `at: 10s`, `at: +2s` after the step before, or `when: {leader: present}`',
    );
  }
  if (at !== undefined) {
    if (within !== undefined)
      return err('`within` bounds how long `when` is waited for; `at` has no use for it');
    return ok(
      at.startsWith('+')
        ? { type: 'after', millis: durationMillis(at.slice(1)) }
        : { type: 'at', millis: durationMillis(at) },
    );
  }
  const running = when?.['pods-running'];
  return ok({
    type: 'when',
    condition: running === undefined ? { type: 'leader' } : { type: 'pods-running', options: running },
    withinMillis: within === undefined ? withinMillisDefault : durationMillis(within),
  });
}

function readManifests(path: string, readFile: ReadFile): Result<NewObject<ApiObject>[], string> {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    return err(`cannot read ${path}: ${(error as Error).message}`);
  }
  return parseManifests(text, path);
}

function isFile(object: RawFile | NewObject<ApiObject>): object is RawFile {
  return 'file' in object;
}

/** A failed anyOf repeats the failures of its branches: those say more, except about the type. */
function isTelling(error: ErrorObject): boolean {
  return (
    error.keyword !== 'anyOf' || error.parentSchema?.['anyOf'] === undefined || typeof error.data !== 'object'
  );
}

function sentence(error: ErrorObject, file: string, lineOf: LineOf): string {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
  const where = path.length === 0 ? 'the scenario' : path.join('.').replace(/\.(\d+)/g, '[$1]');
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const allowed = Object.keys((error.parentSchema?.['properties'] ?? {}) as object).join(', ');
    return `${file}:${lineOf(path, key)}: unknown key ${key} in ${where}; allowed are ${allowed}`;
  }
  const place = `${file}:${lineOf(path)}: ${where}`;
  switch (error.keyword) {
    case 'required':
      return `${place} lacks the key ${String(params['missingProperty'])}`;
    case 'enum':
      return `${place} is ${JSON.stringify(error.data)}; allowed are ${(params['allowedValues'] as string[]).join(', ')}`;
    case 'pattern':
      return `${place} is ${JSON.stringify(error.data)}, which does not match ${String(params['pattern'])}`;
    default:
      return `${place} ${error.message ?? 'is wrong'}`;
  }
}

/** The line of the value at `path`, or of its key `key`; the nearest thing around it that has one. */
function findLine(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
  key?: string,
): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const keyNode = length === path.length && key !== undefined ? keyNodeOf(node, key) : undefined;
    const range = rangeOf(keyNode) ?? rangeOf(node);
    if (range !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}

function keyNodeOf(map: unknown, key: string): unknown {
  const items = (map as { items?: readonly { key?: unknown }[] } | undefined)?.items;
  return items?.find((pair) => (pair.key as { value?: unknown } | undefined)?.value === key)?.key;
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  const range = (node as { range?: readonly [number, number, number] | null } | undefined)?.range;
  return range ?? undefined;
}
