import type { YamlPath } from '../../src/api/yaml-places.ts';
import { durationMillis, type Action } from '../actions/action.ts';
import { actions } from '../actions/registry.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';
import { labelsProblem, roleProblem, rolesIn, type Known } from './known.ts';
import type { Moment, Step } from './scenario.ts';

/** How long what a scenario waits for may take when it does not say. */
export const withinMillisDefault = 60_000;

/** Takes a mistake at a path, as the end of a sentence that begins with that place. */
export type Report = (path: YamlPath, sentence: string) => void;

/** A step as YAML has it, once the schema has accepted it. */
export interface RawStep {
  readonly at?: string;
  readonly when?: { readonly leader?: 'present'; readonly 'pods-running'?: PodsRunningOptions };
  readonly within?: string;
  readonly as?: string;
  readonly else?: 'skip';
  readonly [action: string]: unknown;
}

/** The steps that are as they should be; `report` is told of the others. */
export function readTimeline(
  steps: readonly RawStep[],
  start: Known,
  lineAt: (path: YamlPath) => number,
  report: Report,
): readonly Step[] {
  const names = new Map<string, number>();
  const known: Known = { ...start, names };
  const timeline: Step[] = [];
  /** When the steps so far will be over at the earliest. */
  let reachedMillis = 0;
  for (const [i, raw] of steps.entries()) {
    const path = ['timeline', i];
    const line = lineAt(path);
    const moment = readMoment(raw, path, known, report);
    if (moment?.type === 'at' && moment.millis < reachedMillis) {
      const remedy = 'move it up, or write a moment after the step before, such as +2s';
      report(
        [...path, 'at'],
        ` is ${raw.at}, but the steps before it take until ${reachedMillis / 1000}s; ${remedy}`,
      );
    }
    if (moment?.type === 'at') reachedMillis = Math.max(reachedMillis, moment.millis);
    if (moment?.type === 'after') reachedMillis += moment.millis;
    const action = readAction(raw, path, known, report);
    if (raw.as !== undefined) {
      checkName(raw.as, [...path, 'as'], known, report);
      if (!names.has(raw.as)) names.set(raw.as, line);
    }
    if (moment !== undefined && action !== undefined) {
      const optional = raw.else === 'skip';
      timeline.push({ line, moment, action, value: raw[action.name], as: raw.as, optional });
    }
  }
  return timeline;
}

function readAction(raw: RawStep, path: YamlPath, known: Known, report: Report): Action | undefined {
  const named = actions.filter(({ name }) => name in raw);
  const [action] = named;
  if (action === undefined || named.length > 1) {
    const found = named.length === 0 ? 'none' : named.map(({ name }) => name).join(' and ');
    const choice = actions.map(({ name }) => name).join(', ');
    report(path, ` has ${found}, but a step does exactly one thing; choose of ${choice}`);
    return undefined;
  }
  const value = raw[action.name];
  const place = [...path, action.name];
  const roles = action.roles(value);
  for (const role of roles) {
    const problem = roleProblem(role, known, action.words);
    if (problem !== undefined) report(place, `: ${problem}`);
  }
  const problem = action.check?.(value, known);
  if (problem !== undefined) report(place, ` ${problem}`);
  if (raw.as !== undefined && roles.length === 0) {
    report(
      [...path, 'as'],
      ` is ${raw.as}, but this ${action.name} is done to no host that it could name; remove it`,
    );
  }
  return action;
}

function checkName(name: string, path: YamlPath, known: Known, report: Report): void {
  const line = known.names.get(name);
  if (line !== undefined) {
    report(path, ` is ${name}, a name that line ${line} gives already; choose another`);
  } else if (name === 'all' || rolesIn(known).includes(name)) {
    report(path, ` is ${name}, which means something already; choose another name`);
  }
}

function readMoment(
  { at, when, within }: RawStep,
  path: YamlPath,
  known: Known,
  report: Report,
): Moment | undefined {
  if ((at === undefined) === (when === undefined)) {
    const found = at === undefined ? 'neither `at` nor `when`' : 'both `at` and `when`';
    const remedy = '`at: 10s`, `at: +2s` after the step before, or `when: {leader: present}`';
    report(path, ` has ${found}; say when it happens with one: ${remedy}`);
    return undefined;
  }
  if (at !== undefined) {
    if (within !== undefined) {
      report([...path, 'within'], ' bounds how long `when` is waited for, and `at` does not wait; remove it');
    }
    return at.startsWith('+')
      ? { type: 'after', millis: durationMillis(at.slice(1)) }
      : { type: 'at', millis: durationMillis(at) };
  }
  const withinMillis = within === undefined ? withinMillisDefault : durationMillis(within);
  if (withinMillis === 0) {
    report([...path, 'within'], ` is ${within}, which is no time at all; write 60s, for example`);
  }
  const running = when?.['pods-running'];
  if (running === undefined) return { type: 'when', condition: { type: 'leader' }, withinMillis };
  const problem = labelsProblem(running, known);
  if (problem !== undefined) report([...path, 'when', 'pods-running'], `: ${problem}`);
  return { type: 'when', condition: { type: 'pods-running', options: running }, withinMillis };
}
