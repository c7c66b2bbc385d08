import { AssertionError, must } from '../src/base/assert.ts';
import type { Platform } from '../src/platform/platform.ts';
import { ScenarioError } from './actions/action.ts';
import { judgesOf } from './checkers/bounds.ts';
import { Converged } from './checkers/converged.ts';
import { PodsRunning } from './checkers/pods-running.ts';
import { ProcessesRunning } from './checkers/processes-running.ts';
import { checkers } from './checkers/registry.ts';
import { observeApiClient, observeProcesses } from './cluster-observations.ts';
import { Cluster } from './cluster.ts';
import type { Engine, RunFailure, RunResult } from './event-loop.ts';
import { withRaftTrace } from './history/raft-trace.ts';
import { awaitProgress, healCore, healEveryone, lookAfter } from './liveness.ts';
import { observeMembers } from './member-observations.ts';
import { ObservationBus, type Checker, type Violation } from './observations.ts';
import { Probes } from './probes/probes.ts';
import { Recorder } from './recording/recorder.ts';
import type { Recording } from './recording/recording.ts';
import { createObjects } from './scenario/create-objects.ts';
import type { Condition, FinalExpectation, Scenario } from './scenario/scenario.ts';
import { Timeline } from './timeline.ts';
import { bootWorkloads } from './workloads/boot-workloads.ts';
import { needsGrpc } from './workloads/registry.ts';
import type { StoreConnection } from './workloads/workload.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly engine: Engine;
  /** Told each line of the cluster's log, with its virtual time. */
  readonly onLog?: (line: string) => void;
  /** From this virtual time on, chance goes on as another seed's would. */
  readonly reseed?: { readonly atMillis: number; readonly seed: number };
  /** Stands between the workload's clients and the store: tests plant bugs here, to see that they are found. */
  readonly storeClient?: (etcd: StoreConnection) => StoreConnection;
  /** Look on and give no verdict: what writes the history down (sim/history). */
  readonly recorders?: readonly Checker[];
  /** Told each step of Raft that its TLA+ specification knows, as a line (sim/history/raft-trace.ts). */
  readonly raftTrace?: (line: string) => void;
}

/** How often each thing happened, by name. */
export type Counts = Readonly<Record<string, number>>;

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
  /** The timeline's steps that were done, by action. */
  readonly steps: Counts;
  /** What faults really did, by kind (sim/fault-hits.ts). */
  readonly faults: Counts;
  /** Crash points that code came by, and rare branches that it took (src/platform/fault-points.ts). */
  readonly points: Counts;
  readonly branches: Counts;
  /** What a sweep must come to see sometimes (sim/probes). */
  readonly probes: Counts;
}

/** How often the members' own invariants are checked: they read the whole store. */
const invariantsEveryMillis = 5000;

/** Plays a scenario with one seed and judges it. */
export async function simulate(scenario: Scenario, options: SimulationOptions): Promise<SimulationReport> {
  const simulation = new Simulation(scenario, options);
  return simulation.play();
}

/** Plays it and writes it down to be looked at. `text` is the scenario as a file. */
export async function recordSimulation(
  scenario: Scenario,
  text: string,
  options: SimulationOptions,
): Promise<Recording> {
  const simulation = new Simulation(scenario, options, text);
  const report = await simulation.play();
  return must(simulation.recorder).recording(report);
}

type Final = Checker & { readonly holds: boolean };

class Simulation {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #storeClient: (etcd: StoreConnection) => StoreConnection;
  readonly #world: World;
  readonly #bus: ObservationBus;
  readonly #cluster: Cluster;
  readonly recorder: Recorder | undefined;
  readonly #probes = new Probes();
  readonly #steps = new Map<string, number>();
  /** What is looked at while the run goes on: conditions of steps, and the final expectations. */
  readonly #conditions = new Map<Condition, PodsRunning>();
  readonly #finals: readonly Final[];
  /** What the core failed to do (liveness). */
  #stuck: Violation | undefined;
  /** Set when the timeline, the workload and the proof of liveness are over. */
  #playedAtMillis: number | undefined;

  constructor(
    scenario: Scenario,
    { seed, engine, onLog, reseed, storeClient, recorders = [], raftTrace }: SimulationOptions,
    recordedText?: string,
  ) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#storeClient = storeClient ?? ((etcd) => etcd);
    this.#world = new World({ seed, engine, ...(onLog === undefined ? {} : { onLog }) });
    if (reseed !== undefined) {
      this.#world.schedule(reseed.atMillis, 'reseed', () => this.#world.random.reseed(reseed.seed));
    }
    const always: Checker[] = [
      ...scenario.expect.always.map((name) => checkers[name]()),
      ...judgesOf(scenario.expect.bounds),
    ];
    for (const { moment } of scenario.timeline) {
      if (moment.type !== 'when' || moment.condition.type !== 'pods-running') continue;
      this.#conditions.set(moment.condition, new PodsRunning(moment.condition.options));
    }
    this.#finals = scenario.expect.finally.map((expected) => this.#finalOf(expected));
    const looking = [...this.#conditions.values(), ...this.#finals, this.#probes, ...recorders].map(
      onlyLooking,
    );
    if (recordedText !== undefined) {
      this.recorder = new Recorder(this.#world, () => this.#cluster.store, recordedText);
      looking.push(this.recorder);
    }
    this.#bus = new ObservationBus(() => this.#world.now, [...always, ...looking]);
    const observer = observeMembers(this.#bus);
    this.#cluster = new Cluster(this.#world, {
      ...scenario.cluster,
      grpc: needsGrpc(scenario.workload),
      observer: raftTrace === undefined ? observer : withRaftTrace(observer, raftTrace),
      observeClient: (client, user) => observeApiClient(client, this.#bus, user),
    });
    observeProcesses(this.#bus, this.#cluster.agents);
  }

  async play(): Promise<SimulationReport> {
    const world = this.#world;
    this.#cluster.boot();
    this.#bootWorkload();
    const operator = world.addHost('operator', {
      identity: { user: 'kubernetes-admin', groups: ['system:masters'] },
    });
    operator.boot((platform) => this.#operate(platform));
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
      steps: Object.fromEntries(this.#steps),
      faults: Object.fromEntries(world.hits.counts),
      points: Object.fromEntries(world.hits.points),
      branches: Object.fromEntries(world.hits.branches),
      probes: this.#probes.counts,
    };
  }

  /** The timeline, then the proof that a healthy majority gets on, then health for everyone. */
  async #operate(platform: Platform): Promise<void> {
    const scenario = this.#scenario;
    const world = this.#world;
    const { store } = this.#cluster;
    const api = this.#cluster.apiClient(platform, 'operator');
    const { objects } = scenario;
    const timeline = new Timeline(platform, {
      scenario,
      world,
      cluster: this.#cluster,
      perform: ({ action, value }, stage) => action.perform(value, { ...stage, world, api, objects }),
      conditions: this.#conditions,
      done: (action, hosts) => {
        world.trace('step', undefined, `${action} ${hosts.map(({ name }) => name).join(' ')}`);
        this.#steps.set(action, (this.#steps.get(action) ?? 0) + 1);
        this.recorder?.step(action, hosts);
      },
    });
    await createObjects(objects, { api, sleep: (millis) => platform.clock.sleep(millis) });
    await timeline.play();
    const { livenessMillis } = scenario.expect;
    if (livenessMillis !== undefined) {
      const core = healCore(world, store);
      let healthy = core;
      lookAfter(world, () => healthy);
      platform.logger.info('a core heals', { hosts: core.map(({ name }) => name).join(' ') });
      const message = await awaitProgress(platform, store, core, livenessMillis);
      if (message !== undefined) this.#stuck = { checker: 'liveness', atMillis: world.now, message };
      healEveryone(world, store);
      healthy = store.hosts;
    }
    this.#playedAtMillis = world.now;
  }

  /** All that was broken, in order of time. What a run that was cut short did not reach is no violation. */
  #violations(result: RunResult): readonly Violation[] {
    const cutShort = result.failure !== undefined || this.#bus.violations.length > 0;
    const found = [...this.#bus.finish()];
    if (result.failure !== undefined) found.push(violationOf(result.failure));
    if (this.#stuck !== undefined) found.push(this.#stuck);
    else if (!cutShort) found.push(...this.#finals.flatMap((final) => final.finish(result.nowMillis) ?? []));
    const { store } = this.#cluster;
    return found
      .map((violation) => ({
        ...violation,
        message: store.withNames(violation.message),
        ...(violation.where === undefined ? {} : { where: store.withNames(violation.where) }),
      }))
      .toSorted((a, b) => a.atMillis - b.atMillis);
  }

  #finalOf(expected: FinalExpectation): Final {
    switch (expected.type) {
      case 'pods-running':
        return new PodsRunning(expected.options);
      case 'processes-running':
        return new ProcessesRunning(expected.options, () =>
          this.#cluster.agents.reduce((sum, { processes }) => sum + processes.running.size, 0),
        );
      case 'converged':
        return new Converged(() => this.#cluster.store, this.#world.atlas.harmed);
    }
  }

  /** Over when all is played and every final expectation holds, or has had its time. */
  #isOver(): boolean {
    const playedAt = this.#playedAtMillis;
    if (playedAt === undefined) return false;
    const over =
      this.#stuck !== undefined ||
      this.#finals.every((checker) => checker.holds) ||
      this.#world.now >= playedAt + this.#scenario.expect.withinMillis;
    if (over) this.#cluster.store.checkInvariants();
    return over;
  }

  #bootWorkload(): void {
    const { store } = this.#cluster;
    bootWorkloads(this.#scenario.workload, {
      world: this.#world,
      bus: this.#bus,
      doors: {
        linkAddresses: () => store.hosts.map((host) => store.etcdAddress(host)),
        grpcAddresses: () => store.grpcAddresses,
        membership: store.changes ? store : undefined,
      },
      durationMillis: this.#scenario.durationMillis,
      storeClient: this.#storeClient,
    });
  }

  #scheduleInvariants(): void {
    this.#world.schedule(invariantsEveryMillis, 'invariants', () => {
      this.#cluster.store.checkInvariants();
      this.#scheduleInvariants();
    });
  }
}

/** Conditions of steps and probes give no verdict, and final expectations only on a run that came to its end. */
function onlyLooking(checker: Checker): Checker {
  return {
    name: checker.name,
    ...(checker.sees === undefined ? {} : { sees: checker.sees }),
    observe: (observation) => {
      checker.observe(observation);
      return undefined;
    },
    finish: () => undefined,
  };
}

function violationOf({ host, atMillis, error }: RunFailure): Violation {
  const at = { where: host, atMillis };
  if (error instanceof AssertionError) return { checker: 'assertion', ...at, message: error.message };
  if (error instanceof ScenarioError) return { checker: 'scenario', ...at, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: 'crash', ...at, message };
}
