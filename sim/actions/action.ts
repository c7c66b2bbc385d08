import type { ApiClient } from '../../src/client/api-client.ts';
import type { Host } from '../host.ts';
import type { World } from '../world.ts';

/** A piece of JSON Schema (draft 7). */
export type Schema = Readonly<Record<string, unknown>>;

/** Where a scenario plays: the world, its hosts by role, and an operator with a client of the API. */
export interface Stage {
  readonly world: World;
  /** The operator's own. Calls may fail like anyone's; actions retry. */
  readonly api: ApiClient;
  /**
   * The hosts of a role, now: `leader`, `follower[0]`, `followers`, `servers`, `agents`, `server-2`, `agent-1`, or a
   * name given by an earlier step's `as`. @throws ScenarioError when there are none
   */
  hosts(role: string): readonly Host[];
  /** Waits in virtual time. */
  sleep(millis: number): Promise<void>;
}

/** One word of the timeline's vocabulary: a file here and a line in registry.ts. */
export interface Action {
  readonly name: string;
  /** Says what its value may be. */
  readonly schema: Schema;
  /** Does it. Returns the hosts it was done to, for the step's `as`. Resolves when it is done. */
  perform(value: unknown, stage: Stage): readonly Host[] | Promise<readonly Host[]>;
}

/** The scenario cannot go on as written: not a bug of the cluster. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

export const roleSchema: Schema = {
  type: 'string',
  pattern: '^[a-z][a-z0-9-]*(\\[[0-9]+\\])?$',
};

export const rolesSchema: Schema = { anyOf: [roleSchema, { type: 'array', items: roleSchema, minItems: 1 }] };

/** `10s`, `250ms`, `1.5m`. */
export const durationSchema: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m)$' };

const millisPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

export function durationMillis(text: string): number {
  const [, amount, unit] = /^([0-9.]+)(ms|s|m)$/.exec(text) ?? [];
  const perUnit = millisPerUnit[unit ?? ''];
  if (perUnit === undefined) throw new ScenarioError(`not a duration: ${text}; write 250ms, 10s or 1.5m`);
  return Number(amount) * perUnit;
}

/** Hosts of one role or several. */
export function hostsOf(value: unknown, stage: Stage): readonly Host[] {
  const roles = (Array.isArray(value) ? value : [value]) as readonly string[];
  return roles.flatMap((role) => stage.hosts(role));
}
