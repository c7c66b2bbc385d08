import { AssertionError } from '../src/base/assert.ts';
import { connectEtcd } from '../src/etcd/link-client.ts';
import type { Platform } from '../src/platform/platform.ts';
import { ScenarioError, type Stage } from './actions/action.ts';
import { PodsRunning } from './checkers/pods-running.ts';
import { ProcessesRunning } from './checkers/processes-running.ts';
import { checkers } from './checkers/registry.ts';
import { Cluster } from './cluster.ts';
import type { Engine, RunFailure, RunResult } from './event-loop.ts';
import type { Host } from './host.ts';
import { observeMembers } from './member-observations.ts';
import { ObservationBus, type Checker, type Violation } from './observations.ts';
import { createObjects } from './scenario/create-objects.ts';
import type { Condition, FinalExpectation, Scenario, Step } from './scenario/scenario.ts';
import { runKvClient, runKvWatcher, type KvRun, type StoreConnection } from './workloads/kv-workload.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly engine: Engine;
  /** Told each line of the cluster's log, with its virtual time. */
  readonly onLog?: (line: string) => void;
  /** Stands between the workload's clients and the store: tests plant bugs here, to see that they are found. */
  readonly storeClient?: (etcd: StoreConnection) => StoreConnection;
}

/** What a run found. Everything in it follows from the scenario and the seed. */
export interface SimulationReport {
  readonly scenario: string;
  readonly seed: number;
  readonly verdict: 'passed' | 'failed';
  /** What was broken, in order of virtual time. */
  readonly violations: readonly Violation[];
  readonly simulatedMillis: number;
  readonly events: number;
  readonly traceHash: string;
}

/** How often the members' own invariants are checked: they read the whole store. */
const invariantsEveryMillis = 1000;
/** How often a waiting step looks again. */
const lookMillis = 20;

/** Plays a scenario with one seed and judges it. */
export async function simulate(scenario: Scenario, options: SimulationOptions): Promise<SimulationReport> {
  const simulation = new Simulation(scenario, options);
  return simulation.play();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #storeClient: (etcd: StoreConnection) => StoreConnection;
  readonly #world: World;
  readonly #bus: ObservationBus;
  readonly #cluster: Cluster;
  /** What is looked at while the run goes on: conditions of steps, and the final expectations. */
  readonly #conditions = new Map<Condition, PodsRunning>();
  readonly #finals: readonly (Checker & { readonly holds: boolean })[];
  readonly #named = new Map<string, readonly Host[]>();
  /** Set when the timeline and the workload are over. */
  #playedAtMillis: number | undefined;

  constructor(scenario: Scenario, { seed, engine, onLog, storeClient }: SimulationOptions) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#storeClient = storeClient ?? ((etcd) => etcd);
    this.#world = new World({ seed, engine, ...(onLog === undefined ? {} : { onLog }) });
    this.#finals = scenario.expect.finally.map((expected) => this.#finalOf(expected));
    const always: Checker[] = scenario.expect.always.map((name) => checkers[name]());
    for (const { moment } of scenario.timeline) {
      if (moment.type !== 'when' || moment.condition.type !== 'pods-running') continue;
      this.#conditions.set(moment.condition, new PodsRunning(moment.condition.options));
    }
    // These only look: conditions of steps give no verdict, and final expectations only on a run that came to its end.
    const looking = [...this.#conditions.values(), ...this.#finals].map((checker): Checker => ({
      name: checker.name,
      observe: (observation) => checker.observe(observation),
      finish: () => undefined,
    }));
    this.#bus = new ObservationBus(() => this.#world.now, [...always, ...looking]);
    this.#cluster = new Cluster(this.#world, {
      servers: scenario.cluster.servers,
      agents: scenario.cluster.agents,
      observer: observeMembers(this.#bus),
      ...(scenario.cluster.snapshotEntries === undefined
        ? {}
        : { snapshotEntries: scenario.cluster.snapshotEntries }),
      ...(scenario.cluster.catchUpEntries === undefined
        ? {}
        : { catchUpEntries: scenario.cluster.catchUpEntries }),
      ...(scenario.cluster.segmentBytes === undefined ? {} : { segmentBytes: scenario.cluster.segmentBytes }),
    });
  }

  async play(): Promise<SimulationReport> {
    const world = this.#world;
    this.#cluster.boot();
    this.#bootWorkload();
    const operator = world.addHost('operator', {
      identity: { user: 'kubernetes-admin', groups: ['system:masters'] },
    });
    operator.boot((platform) => this.#runTimeline(platform));
    this.#scheduleInvariants();
    const result = await world.run({ until: () => this.#bus.violations.length > 0 || this.#isOver() });
    const violations = this.#violations(result);
    return {
      scenario: this.#scenario.name,
      seed: this.#seed,
      verdict: violations.length === 0 ? 'passed' : 'failed',
      violations,
      simulatedMillis: result.nowMillis,
      events: result.events,
      traceHash: result.traceHash,
    };
  }

  /** All that was broken, in order of time. What a run that was cut short did not reach is no violation. */
  #violations(result: RunResult): readonly Violation[] {
    const cutShort = result.failure !== undefined || this.#bus.violations.length > 0;
    const found = [...this.#bus.finish()];
    if (result.failure !== undefined) found.push(violationOf(result.failure));
    if (!cutShort) found.push(...this.#finals.flatMap((final) => final.finish(result.nowMillis) ?? []));
    return found
      .map((violation) => ({
        ...violation,
        message: this.#cluster.withNames(violation.message),
        ...(violation.where === undefined ? {} : { where: this.#cluster.withNames(violation.where) }),
      }))
      .toSorted((a, b) => a.atMillis - b.atMillis);
  }

  #finalOf(expected: FinalExpectation): Checker & { readonly holds: boolean } {
    switch (expected.type) {
      case 'pods-running':
        return new PodsRunning(expected.options);
      case 'processes-running':
        return new ProcessesRunning(expected.options, () =>
          this.#cluster.agents.reduce((sum, { processes }) => sum + processes.running.size, 0),
        );
    }
  }

  /** Over when all is played and every final expectation holds, or has had its time. */
  #isOver(): boolean {
    const playedAt = this.#playedAtMillis;
    if (playedAt === undefined) return false;
    const over =
      this.#finals.every((checker) => checker.holds) ||
      this.#world.now >= playedAt + this.#scenario.expect.withinMillis;
    if (over) this.#cluster.checkInvariants();
    return over;
  }

  #bootWorkload(): void {
    const { kv } = this.#scenario.workload;
    if (kv === undefined) return;
    const start = (
      name: string,
      index: number,
      run: (platform: Platform, kvRun: KvRun) => Promise<void>,
    ): void => {
      const host = this.#world.addHost(name, { identity: { user: name, groups: [] } });
      // Each begins at a member of its own, so that all members serve clients, and goes on to the next.
      let next = index;
      host.boot((platform) =>
        run(platform, {
          bus: this.#bus,
          connect: async () => {
            const { servers } = this.#cluster;
            const server = servers[next++ % servers.length]!;
            const etcd = await connectEtcd(platform.network.links, this.#cluster.etcdAddress(server));
            return this.#storeClient(etcd);
          },
          stopped: () => this.#world.now >= this.#scenario.durationMillis,
        }),
      );
    };
    for (let i = 0; i < kv.clients; i++)
      start(`client-${i + 1}`, i, (platform, run) => runKvClient(platform, kv, run));
    for (let i = 0; i < kv.watchers; i++)
      start(`watcher-${i + 1}`, i, (platform, run) => runKvWatcher(platform, run));
  }

  async #runTimeline(platform: Platform): Promise<void> {
    const { clock } = platform;
    const stage: Stage = {
      world: this.#world,
      api: this.#cluster.apiClient(platform, 'operator'),
      hosts: (role) => this.#hosts(role),
      sleep: async (millis) => {
        await clock.sleep(millis);
      },
    };
    await createObjects(this.#scenario.objects, stage);
    for (const step of this.#scenario.timeline) {
      await this.#awaitMoment(step, stage);
      const hosts = await this.#perform(step, stage);
      this.#world.trace('step', undefined, `${step.action.name} ${hosts.map(({ name }) => name).join(' ')}`);
      platform.logger.info('step', {
        action: step.action.name,
        hosts: hosts.map(({ name }) => name).join(' '),
      });
      if (step.as !== undefined) this.#named.set(step.as, hosts);
    }
    while (this.#world.now < this.#scenario.durationMillis) {
      await clock.sleep(Math.max(1, this.#scenario.durationMillis - this.#world.now));
    }
    this.#playedAtMillis = this.#world.now;
  }

  async #perform({ action, value, line }: Step, stage: Stage): Promise<readonly Host[]> {
    try {
      return await action.perform(value, stage);
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      const message = `${this.#scenario.file}:${line}: ${action.name}: ${error.message}`;
      throw new ScenarioError(message, { cause: error });
    }
  }

  async #awaitMoment({ moment, line }: Step, stage: Stage): Promise<void> {
    switch (moment.type) {
      case 'after':
        await stage.sleep(moment.millis);
        return;
      case 'at':
        while (this.#world.now < moment.millis)
          await stage.sleep(Math.max(1, moment.millis - this.#world.now));
        return;
      case 'when': {
        const deadline = this.#world.now + moment.withinMillis;
        while (!this.#holds(moment.condition)) {
          if (this.#world.now > deadline) {
            throw new ScenarioError(
              `${this.#scenario.file}:${line}: what the step waits for did not come true within ${moment.withinMillis} ms; give it longer with \`within\`, or wait for something else`,
            );
          }
          await stage.sleep(lookMillis);
        }
      }
    }
  }

  #holds(condition: Condition): boolean {
    switch (condition.type) {
      case 'leader':
        return this.#cluster.leader() !== undefined;
      case 'pods-running':
        return this.#conditions.get(condition)!.holds;
    }
  }

  #hosts(role: string): readonly Host[] {
    const { servers, agents } = this.#cluster;
    const hosts =
      this.#named.get(role) ??
      this.#hostsOfRole(role) ??
      [...servers, ...agents].filter((host) => host.name === role);
    if (hosts.length === 0) {
      throw new ScenarioError(
        `there is no ${role} at this moment; let the step wait for one with \`when: {leader: present}\`, or name a host`,
      );
    }
    return hosts;
  }

  #hostsOfRole(role: string): readonly Host[] | undefined {
    const followers = this.#cluster.followers();
    switch (role) {
      case 'servers':
        return this.#cluster.servers;
      case 'agents':
        return this.#cluster.agents;
      case 'followers':
        return followers;
      case 'leader': {
        const leader = this.#cluster.leader();
        return leader === undefined ? [] : [leader];
      }
      default: {
        const match = /^follower\[(\d+)\]$/.exec(role);
        if (match === null) return undefined;
        const follower = followers[Number(match[1])];
        return follower === undefined ? [] : [follower];
      }
    }
  }

  #scheduleInvariants(): void {
    this.#world.schedule(invariantsEveryMillis, 'invariants', () => {
      this.#cluster.checkInvariants();
      this.#scheduleInvariants();
    });
  }
}

function violationOf({ host, atMillis, error }: RunFailure): Violation {
  const at = { where: host, atMillis };
  if (error instanceof AssertionError) return { checker: 'assertion', ...at, message: error.message };
  if (error instanceof ScenarioError) return { checker: 'scenario', ...at, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: 'crash', ...at, message };
}
