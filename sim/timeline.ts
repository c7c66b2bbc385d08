import type { Platform } from '../src/platform/platform.ts';
import { ScenarioError, type GroundStage } from './actions/action.ts';
import type { Ground, GroundHost } from './actions/ground.ts';
import type { PodsRunning } from './checkers/pods-running.ts';
import type { Condition, Scenario, Step } from './scenario/scenario.ts';

/** How often a waiting step looks again. */
const lookMillis = 20;

/** Who is who in a cluster, now. */
export interface Roles<H> {
  readonly servers: readonly H[];
  readonly agents: readonly H[];
  readonly store: {
    readonly hosts: readonly H[];
    leader(): H | undefined;
    followers(): readonly H[];
  };
}

export interface TimelineOptions<H extends GroundHost> {
  readonly scenario: Scenario;
  readonly world: Ground<H>;
  readonly cluster: Roles<H>;
  /** Does a step, in a world that can. */
  readonly perform: (step: Step, stage: GroundStage<H>) => readonly H[] | Promise<readonly H[]>;
  /** Before anybody's role is looked at: finds out who leads, where that must be asked for. */
  readonly look?: () => Promise<void>;
  /** What steps wait for, looked at while the run goes on. */
  readonly conditions: ReadonlyMap<Condition, PodsRunning>;
  /** Told of each step that was done. */
  readonly done: (action: string, hosts: readonly H[]) => void;
}

/** Plays a scenario's steps, one after the other, from a host of its own: in either world. */
export class Timeline<H extends GroundHost> {
  readonly #options: TimelineOptions<H>;
  readonly #platform: Platform;
  readonly #stage: GroundStage<H>;
  readonly #named = new Map<string, readonly H[]>();

  constructor(platform: Platform, options: TimelineOptions<H>) {
    this.#options = options;
    this.#platform = platform;
    this.#stage = {
      world: options.world,
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
      this.#platform.logger.info('step', { action: step.action.name, hosts: names });
      done(step.action.name, hosts);
      if (step.as !== undefined) this.#named.set(step.as, hosts);
    }
    while (world.now < scenario.durationMillis)
      await this.#stage.sleep(Math.max(1, scenario.durationMillis - world.now));
  }

  /** undefined: the step was left out, as it allows. */
  async #perform(step: Step): Promise<readonly H[] | undefined> {
    const { action, line, optional } = step;
    const { look, perform } = this.#options;
    try {
      await look?.();
      return await perform(step, this.#stage);
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
        await this.#stage.sleep(moment.millis);
        return;
      case 'at':
        while (world.now < moment.millis) await this.#stage.sleep(Math.max(1, moment.millis - world.now));
        return;
      case 'when': {
        const deadline = world.now + moment.withinMillis;
        while (!(await this.#holds(moment.condition))) {
          if (world.now > deadline) {
            throw this.#errorAt(
              line,
              `what the step waits for did not come true within ${moment.withinMillis} ms; give it longer with \`within\`, or wait for something else`,
            );
          }
          await this.#stage.sleep(lookMillis);
        }
      }
    }
  }

  #errorAt(line: number, sentence: string, cause?: Error): ScenarioError {
    return new ScenarioError(`${this.#options.scenario.file}:${line}: ${sentence}`, { cause });
  }

  async #holds(condition: Condition): Promise<boolean> {
    await this.#options.look?.();
    switch (condition.type) {
      case 'leader':
        return this.#options.cluster.store.leader() !== undefined;
      case 'pods-running':
        return this.#options.conditions.get(condition)!.holds;
    }
  }

  #hosts(role: string): readonly H[] {
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

  #hostsOfRole(role: string): readonly H[] | undefined {
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
