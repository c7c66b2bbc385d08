import type { ApiClient } from '../src/client/api-client.ts';
import type { Platform } from '../src/platform/platform.ts';
import { ScenarioError, type Stage } from './actions/action.ts';
import type { PodsRunning } from './checkers/pods-running.ts';
import type { Cluster } from './cluster.ts';
import type { Host } from './host.ts';
import type { Condition, Scenario, Step } from './scenario/scenario.ts';
import type { World } from './world.ts';

/** How often a waiting step looks again. */
const lookMillis = 20;

export interface TimelineOptions {
  readonly scenario: Scenario;
  readonly world: World;
  readonly cluster: Cluster;
  /** What steps wait for, looked at while the run goes on. */
  readonly conditions: ReadonlyMap<Condition, PodsRunning>;
  /** Told of each step that was done. */
  readonly done: (action: string, hosts: readonly Host[]) => void;
}

/** Plays a scenario's steps, one after the other, from a host of its own. */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #platform: Platform;
  readonly stage: Stage;
  readonly #named = new Map<string, readonly Host[]>();

  constructor(platform: Platform, api: ApiClient, options: TimelineOptions) {
    this.#options = options;
    this.#platform = platform;
    this.stage = {
      world: options.world,
      objects: options.scenario.objects,
      api,
      hosts: (role) => this.#hosts(role),
      sleep: async (millis) => {
        await platform.clock.sleep(millis);
      },
    };
  }

  async play(): Promise<void> {
    const { world, scenario, done } = this.#options;
    for (const step of scenario.timeline) {
      await this.#awaitMoment(step);
      const hosts = await this.#perform(step);
      if (hosts === undefined) continue;
      const names = hosts.map(({ name }) => name).join(' ');
      world.trace('step', undefined, `${step.action.name} ${names}`);
      this.#platform.logger.info('step', { action: step.action.name, hosts: names });
      done(step.action.name, hosts);
      if (step.as !== undefined) this.#named.set(step.as, hosts);
    }
    while (world.now < scenario.durationMillis)
      await this.stage.sleep(Math.max(1, scenario.durationMillis - world.now));
  }

  /** undefined: the step was left out, as it allows. */
  async #perform({ action, value, line, optional }: Step): Promise<readonly Host[] | undefined> {
    try {
      return await action.perform(value, this.stage);
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      if (optional) return undefined;
      throw this.#errorAt(line, `${action.name}: ${error.message}`, error);
    }
  }

  async #awaitMoment({ moment, line }: Step): Promise<void> {
    const { world } = this.#options;
    switch (moment.type) {
      case 'after':
        await this.stage.sleep(moment.millis);
        return;
      case 'at':
        while (world.now < moment.millis) await this.stage.sleep(Math.max(1, moment.millis - world.now));
        return;
      case 'when': {
        const deadline = world.now + moment.withinMillis;
        while (!this.#holds(moment.condition)) {
          if (world.now > deadline) {
            throw this.#errorAt(
              line,
              `what the step waits for did not come true within ${moment.withinMillis} ms; give it longer with \`within\`, or wait for something else`,
            );
          }
          await this.stage.sleep(lookMillis);
        }
      }
    }
  }

  #errorAt(line: number, sentence: string, cause?: Error): ScenarioError {
    return new ScenarioError(`${this.#options.scenario.file}:${line}: ${sentence}`, { cause });
  }

  #holds(condition: Condition): boolean {
    switch (condition.type) {
      case 'leader':
        return this.#options.cluster.store.leader() !== undefined;
      case 'pods-running':
        return this.#options.conditions.get(condition)!.holds;
    }
  }

  #hosts(role: string): readonly Host[] {
    const { servers, agents } = this.#options.cluster;
    const hosts =
      this.#named.get(role) ??
      this.#hostsOfRole(role) ??
      [...servers, ...agents].filter((host) => host.name === role);
    if (hosts.length === 0) {
      throw new ScenarioError(
        `there is no ${role} at this moment; let the step wait for one with \`when: {leader: present}\`, name a host, or leave the step out then with \`else: skip\``,
      );
    }
    return hosts;
  }

  #hostsOfRole(role: string): readonly Host[] | undefined {
    const { store, agents } = this.#options.cluster;
    switch (role) {
      case 'servers':
        return store.hosts;
      case 'agents':
        return agents;
      case 'followers':
        return store.followers();
      case 'leader': {
        const leader = store.leader();
        return leader === undefined ? [] : [leader];
      }
      default: {
        const match = /^follower\[(\d+)\]$/.exec(role);
        if (match === null) return undefined;
        const follower = store.followers()[Number(match[1])];
        return follower === undefined ? [] : [follower];
      }
    }
  }
}
