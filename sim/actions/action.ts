import type { ApiObject, NewObject } from '../../src/api/types.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import type { Host } from '../host.ts';
import type { Known } from '../scenario/known.ts';
import type { World } from '../world.ts';
import type { Ground, GroundHost } from './ground.ts';

/** A piece of JSON Schema (draft 7). Its `description` is what a sentence about a mistake tells to write. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where a scenario plays, in either world: hosts by role. */
export interface GroundStage<H extends GroundHost = GroundHost> {
  readonly world: Ground<H>;
  /**
   * The hosts of a role, now: `leader`, `follower[0]`, `followers`, `servers`, `agents`, `server-2`, `agent-1`, or a
   * name given by an earlier step's `as`. @throws ScenarioError when there are none
   */
  hosts(role: string): readonly H[];
  /** Waits in the run's time. */
  sleep(millis: number): Promise<void>;
}

/** A simulated world, and an operator with a client of the API. */
export interface Stage extends GroundStage<Host> {
  readonly world: World;
  /** The operator's own. Calls may fail like anyone's; actions retry. */
  readonly api: ApiClient;
  /** The scenario's objects, as they were made. */
  readonly objects: readonly NewObject<ApiObject>[];
}

/** One word of the timeline's vocabulary: a file here and a line in registry.ts. */
export type Action = SimulatedAction | GroundAction;

interface Word {
  readonly name: string;
  /** Says what its value may be. */
  readonly schema: Schema;
  /** The roles in a value that has passed the schema; none when it is done to no hosts. */
  roles(value: unknown): readonly string[];
  /** Words that stand for something else than hosts where a role could be. */
  readonly words?: readonly string[];
  /** What else can be known to be wrong before anything runs, as the end of a sentence that began with the place. */
  check?(value: unknown, known: Known): string | undefined;
}

/** What only a simulated world can do to its hosts. */
export interface SimulatedAction extends Word {
  readonly real?: undefined;
  /** Does it. Returns the hosts it was done to, for the step's `as`. Resolves when it is done. */
  perform(value: unknown, stage: Stage): readonly Host[] | Promise<readonly Host[]>;
}

/** What can be done to real processes and the connections between them, too. */
export interface GroundAction extends Word {
  readonly real: {
    /** What of a value is possible in a simulated world only, as the end of a sentence; undefined when nothing is. */
    problem(value: unknown): string | undefined;
  };
  perform<H extends GroundHost>(value: unknown, stage: GroundStage<H>): readonly H[] | Promise<readonly H[]>;
}

/** `real` of an action whose every value can be done to real processes. */
export const everywhere: GroundAction['real'] = { problem: () => undefined };

/** The scenario cannot go on as written: not a bug of the cluster. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

export const roleSchema: Schema = {
  type: 'string',
  description:
    "a role such as leader, follower[0], servers or agents, a host's name or a name given with `as`",
};

export const rolesSchema: Schema = either(
  { type: 'array' },
  { type: 'array', items: roleSchema, minItems: 1, description: 'one role or more' },
  roleSchema,
);

/** `yes` for what passes `test`, `no` for the rest: unlike `anyOf`, it says of a mistake only what is to the point. */
export function either(test: Schema, yes: Schema, no: Schema): Schema {
  const branches = [
    { if: test, else: no },
    { if: { not: test }, else: yes },
  ];
  return { allOf: branches, description: no['description'] };
}

/** `10s`, `250ms`, `1.5m`. */
export const durationSchema: Schema = {
  type: 'string',
  pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m)$',
  description: 'a duration such as 250ms, 10s or 1.5m',
};

const millisPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

export function durationMillis(text: string): number {
  const [, amount, unit] = /^([0-9.]+)(ms|s|m)$/.exec(text) ?? [];
  const perUnit = millisPerUnit[unit ?? ''];
  if (perUnit === undefined) throw new ScenarioError(`not a duration: ${text}; write 250ms, 10s or 1.5m`);
  return Number(amount) * perUnit;
}

/** One role or several. */
export function rolesOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]) as readonly string[];
}

/** Hosts of one role or several. */
export function hostsOf<H extends GroundHost>(
  value: unknown,
  stage: Pick<GroundStage<H>, 'hosts'>,
): readonly H[] {
  return rolesOf(value).flatMap((role) => stage.hosts(role));
}
