import type { ApiObject, NewObject } from '../../src/api/types.ts';
import type { Action } from '../actions/action.ts';
import type { Bounds } from '../checkers/bounds.ts';
import type { CheckerName } from '../checkers/registry.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';
import type { FailoverProfile } from '../cluster.ts';
import type { StoreSettings } from '../store-hosts.ts';
import type { Workloads } from '../workloads/registry.ts';

/** Where a scenario can be played: in the simulator, or on real processes of this machine as well. */
export const modes = ['sim', 'real'] as const;
export type Mode = (typeof modes)[number];

/** A story: a cluster, what runs on it, what goes wrong with it, and what must hold all the same. */
export interface Scenario {
  readonly name: string;
  readonly about: string | undefined;
  /** The file it came from. */
  readonly file: string;
  readonly modes: readonly Mode[];
  readonly cluster: ScenarioCluster;
  /** Created by an operator as soon as the API answers, in order. */
  readonly objects: readonly NewObject<ApiObject>[];
  readonly workload: Workloads;
  readonly timeline: readonly Step[];
  readonly expect: Expectations;
  /** The workload runs at least so long; the timeline is always played to its end. */
  readonly durationMillis: number;
}

export interface ScenarioCluster {
  readonly servers: number;
  /** Hosts that members may move to. */
  readonly spares: number;
  /** None: the store alone, without API servers. */
  readonly agents: number | undefined;
  /** How soon agents and controllers give up on each other. Default: the fast profile. */
  readonly timing: FailoverProfile;
  readonly settings: StoreSettings;
}

/** One moment of the timeline. Steps come in order: each waits for the one before. */
export interface Step {
  readonly line: number;
  readonly moment: Moment;
  readonly action: Action;
  readonly value: unknown;
  /** A name for the hosts it was done to. */
  readonly as: string | undefined;
  /** Left out when it cannot be done at its moment: there is no leader, say. */
  readonly optional: boolean;
}

export type Moment =
  | { readonly type: 'at'; readonly millis: number }
  | { readonly type: 'after'; readonly millis: number }
  | { readonly type: 'when'; readonly condition: Condition; readonly withinMillis: number };

export type Condition =
  | { readonly type: 'leader' }
  | { readonly type: 'pods-running'; readonly options: PodsRunningOptions };

export interface Expectations {
  readonly always: readonly CheckerName[];
  readonly bounds: Bounds;
  /**
   * After the timeline and the workload a random majority of the members heals, and must make progress within so long
   * while the rest stays as it is. Then the rest heals too.
   */
  readonly livenessMillis: number | undefined;
  readonly finally: readonly FinalExpectation[];
  /** After the timeline and the workload: how long the final expectations may take to come true. */
  readonly withinMillis: number;
}

export type FinalExpectation =
  | { readonly type: 'pods-running'; readonly options: PodsRunningOptions }
  /** Of containers, on all agents together. */
  | { readonly type: 'processes-running'; readonly options: { readonly count: number } }
  /** All members are up, have applied the same, and hash to the same. */
  | { readonly type: 'converged' };
