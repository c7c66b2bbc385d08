import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ScenarioError } from '../../../../sim/actions/action.ts';
import type { GroundHost } from '../../../../sim/actions/ground.ts';
import { judgesOf } from '../../../../sim/checkers/bounds.ts';
import type { CheckerName } from '../../../../sim/checkers/registry.ts';
import type { Checker, Violation } from '../../../../sim/observations.ts';
import { Hindsight } from '../../../../sim/real/hindsight.ts';
import { judgesForReal } from '../../../../sim/real/judges.ts';
import { TrueRevisions } from '../../../../sim/real/true-revisions.ts';
import type { Scenario } from '../../../../sim/scenario/scenario.ts';
import type { SimulationReport } from '../../../../sim/simulation.ts';
import { Timeline } from '../../../../sim/timeline.ts';
import { auditor } from '../../../../sim/workloads/auth-workload.ts';
import type { StoreConnection } from '../../../../sim/workloads/workload.ts';
import { AssertionError, must } from '../../../base/assert.ts';
import { GrpcEtcdClient } from '../../../etcd/grpc-client.ts';
import { ConsoleLogger } from '../../../platform/os/console-logger.ts';
import { createOsPlatform } from '../../../platform/os/os-platform.ts';
import type { Platform } from '../../../platform/platform.ts';
import { memberFlags } from './member-flags.ts';
import type { MemberProcess } from './member-process.ts';
import { ActorError, RealActors } from './real-actors.ts';
import { RealGround } from './real-ground.ts';
import { awaitConverged, awaitProgress, healCore, healEveryone } from './real-liveness.ts';

export interface RealOptions {
  readonly seed: number;
  /** What takes etcd's flags: program and first arguments. Default: this build's `drydock etcd`. */
  readonly command?: readonly string[];
  /** Told each line of every process's log. */
  readonly onLog?: (line: string) => void;
  /** Told how far it is. */
  readonly onProgress?: (line: string) => void;
  /** Stands between the workload's clients and the store: tests plant bugs here, to see that they are found. */
  readonly storeClient?: (etcd: StoreConnection) => StoreConnection;
}

/**
 * As of a simulated run, with what a real one cannot tell left empty: `traceHash`, `points`, `branches`, `probes`. `simulatedMillis` is
 * wall time, `events` what was observed.
 */
export interface RealReport extends SimulationReport {
  readonly mode: 'real';
  readonly realMillis: number;
  /** Judges that would have to look inside members. */
  readonly notJudged: readonly CheckerName[];
  /** What of the scenario means nothing to real processes. */
  readonly notes: readonly string[];
  /** Data and logs of a run that failed. */
  readonly folder?: string;
}

const startMillisMax = 60_000;
const lookEveryMillis = 100;
const findLeaderMillisMax = 2000;
const readUpMillisMax = 20_000;
const pollMillis = 50;

/** Plays a scenario on real processes of this machine, in real time, and judges it. */
export async function playForReal(scenario: Scenario, options: RealOptions): Promise<RealReport> {
  const run = new RealRun(scenario, options);
  return run.play();
}

class RealRun {
  readonly #scenario: Scenario;
  readonly #options: RealOptions;
  readonly #platform: Platform;
  readonly #folder = mkdtempSync(join(tmpdir(), 'drydock-real-'));
  readonly #violations: Violation[] = [];
  readonly #steps = new Map<string, number>();
  readonly #elected = new Set<string>();
  readonly #hindsight = new Hindsight(() => this.#ground?.now ?? 0);
  readonly #truth: TrueRevisions;
  readonly #readers: GrpcEtcdClient[] = [];
  readonly #ended: Promise<void>;
  #endEarly: () => void = () => {};
  #ground: RealGround | undefined;
  #over = false;

  constructor(scenario: Scenario, options: RealOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#platform = createOsPlatform({
      hostname: 'operator',
      logger: new ConsoleLogger({ level: 'warn', write: (line) => options.onLog?.(line.trimEnd()) }),
    });
    this.#ended = new Promise((resolve) => {
      this.#endEarly = resolve;
    });
    this.#truth = new TrueRevisions(this.#platform.clock, (message) => this.#found('no-lost-ack', message));
  }

  async play(): Promise<RealReport> {
    const { seed, command, onLog } = this.#options;
    const { cluster, expect } = this.#scenario;
    const startedAt = performance.now();
    const { flags, notes } = memberFlags(cluster.settings);
    const ground = await RealGround.prepare(this.#platform, {
      seed,
      members: cluster.servers,
      command: command ?? [process.execPath, join(import.meta.dirname, '../../drydock.js'), 'etcd'],
      flags,
      folder: this.#folder,
      onLog: onLog ?? (() => {}),
      onEnded: (member, how) => {
        this.#found('crash', `${member} ended by itself: ${how}`, member);
        this.#endEarly();
      },
    });
    this.#ground = ground;
    // However this process ends, what it started ends with it.
    const killAll = (): void => void ground.close();
    process.once('exit', killAll);
    const { judges, notJudged } = judgesForReal(expect.always);
    let playedMillis = 0;
    try {
      await Promise.race([this.#run(ground), this.#ended]);
      playedMillis = ground.now;
    } catch (error) {
      this.#violations.push(violationOf(error, ground.now));
    } finally {
      this.#over = true;
      this.#hindsight.close();
      this.#truth.close();
      for (const reader of this.#readers) reader.close();
      await ground.close();
      process.off('exit', killAll);
    }
    this.#say('judging');
    this.#judge([...judges, ...judgesOf(expect.bounds)]);
    const violations = this.#violations
      .map((violation) => ({ ...violation, message: ground.withNames(violation.message) }))
      .toSorted((a, b) => a.atMillis - b.atMillis);
    const passed = violations.length === 0;
    if (passed) rmSync(this.#folder, { recursive: true, force: true });
    return {
      mode: 'real',
      scenario: this.#scenario.name,
      seed,
      verdict: passed ? 'passed' : 'failed',
      violations,
      simulatedMillis: playedMillis || ground.now,
      events: this.#hindsight.count,
      traceHash: '',
      steps: Object.fromEntries(this.#steps),
      faults: Object.fromEntries(ground.hits.counts),
      points: {},
      branches: {},
      probes: {},
      realMillis: performance.now() - startedAt,
      notJudged,
      notes,
      ...(passed ? {} : { folder: this.#folder }),
    };
  }

  /** The timeline, then the proof that a healthy majority gets on, then health for everyone, as in the simulator. */
  async #run(ground: RealGround): Promise<void> {
    const scenario = this.#scenario;
    const { livenessMillis, finally: finals, withinMillis } = scenario.expect;
    await this.#start(ground);
    if (this.#over) return;
    const actors = new RealActors(ground, this.#hindsight, {
      durationMillis: scenario.durationMillis,
      storeClient: this.#options.storeClient ?? ((etcd) => etcd),
    });
    const failed = actors.boot(scenario.workload);
    const watching = this.#keepLooking(ground);
    const timeline = new Timeline<GroundHost>(this.#platform, {
      scenario,
      world: ground,
      cluster: ground,
      perform: ({ action, value }, stage) => must(action.real && action).perform(value, stage),
      look: () => this.#findLeader(ground),
      conditions: new Map(),
      done: (action, hosts) => {
        this.#steps.set(action, (this.#steps.get(action) ?? 0) + 1);
        this.#say([action, ...hosts.map(({ name }) => name)].join(' '));
      },
    });
    await Promise.race([timeline.play(), failed, watching]);
    if (livenessMillis !== undefined) {
      const core = healCore(ground);
      this.#say(`a core heals: ${core.map(({ name }) => name).join(' ')}`);
      const stuck = await awaitProgress(ground, core, livenessMillis);
      if (stuck !== undefined) this.#found('liveness', stuck);
      healEveryone(ground);
    }
    if (finals.some(({ type }) => type === 'converged')) {
      const difference = await awaitConverged(ground, withinMillis);
      if (difference !== undefined) this.#found('converged', difference);
    }
    actors.close();
    await this.#readUp(ground);
  }

  async #start(ground: RealGround): Promise<void> {
    this.#say(`${ground.members.length} members start in ${this.#folder}`);
    for (const member of ground.members) member.start();
    const { clock } = this.#platform;
    const startedAt = performance.now();
    const ready = (): boolean =>
      ground.leader() !== undefined &&
      ground.members.every((member) => ground.statusOf(member) !== undefined);
    while (!ready() && !this.#over) {
      if (performance.now() - startedAt > startMillisMax) {
        throw new ScenarioError(`the members do not serve within ${startMillisMax} ms; see ${this.#folder}`);
      }
      await clock.sleep(pollMillis);
      await this.#look(ground);
    }
    if (this.#over) return;
    ground.begin();
    const credentials = this.#scenario.workload.auth === undefined ? {} : { credentials: auditor };
    for (const member of ground.members) {
      const endpoints = [ground.directAddress(member)];
      const reader = new GrpcEtcdClient(this.#platform, { endpoints, ...credentials });
      this.#readers.push(reader);
      this.#truth.follow(member.name, reader);
    }
    this.#say('the run begins');
  }

  /** On a busy machine answers are late, and elections take their time: who leads is asked for again for a moment. */
  async #findLeader(ground: RealGround): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      await this.#look(ground);
      if (ground.leader() !== undefined || performance.now() - startedAt > findLeaderMillisMax) return;
      await this.#platform.clock.sleep(pollMillis);
    }
  }

  /** Who leads is worth knowing when nobody asks, too. */
  async #keepLooking(ground: RealGround): Promise<never> {
    for (;;) {
      await this.#platform.clock.sleep(lookEveryMillis);
      if (this.#over) return await new Promise<never>(() => {});
      await this.#look(ground);
    }
  }

  #look(ground: RealGround): Promise<void> {
    return ground.look((_member, { leader, term, revision }) => {
      this.#hindsight.know(revision);
      const election = `${term} ${leader}`;
      if (ground.memberOf(leader) === undefined || this.#elected.has(election)) return;
      this.#elected.add(election);
      this.#hindsight.emit({ type: 'role-changed', member: leader, role: 'leader', term, leader });
    });
  }

  /** Until all that anybody was told of has been read; and what members hash is told. */
  async #readUp(ground: RealGround): Promise<void> {
    await this.#look(ground);
    const { revisions } = this.#truth;
    const startedAt = performance.now();
    while (this.#hindsight.missing(revisions) !== undefined) {
      if (performance.now() - startedAt > readUpMillisMax) break;
      await this.#platform.clock.sleep(pollMillis);
    }
    for (const member of ground.members.filter(({ isUp }) => isUp)) await this.#tellHash(member);
  }

  async #tellHash(member: MemberProcess): Promise<void> {
    try {
      const { hash, revision, compactRevision } = await member.hashKv(0, readUpMillisMax);
      this.#hindsight.emit({ type: 'kv-hashed', member: member.id, hash, revision, compactRevision });
    } catch (error) {
      if (!(error instanceof Error && error.name === 'GrpcError')) throw error;
    }
  }

  /** A run that was cut short has not read everything: then its judges have nothing to go by. */
  #judge(judges: readonly Checker[]): void {
    const { revisions } = this.#truth;
    const cutShort = this.#violations.some(({ checker }) => checker === 'crash' || checker === 'assertion');
    const missing = this.#hindsight.missing(revisions);
    if (missing === undefined) this.#violations.push(...this.#hindsight.judge(judges, revisions));
    else if (!cutShort) {
      this.#found(
        'no-lost-ack',
        `no member shows revision ${missing}, though somebody was told of it or of a later one; if it was compacted before it could be read, keep more`,
      );
    }
  }

  #found(checker: string, message: string, where?: string): void {
    const atMillis = this.#ground?.now ?? 0;
    this.#violations.push({ checker, atMillis, message, ...(where === undefined ? {} : { where }) });
  }

  #say(what: string): void {
    this.#options.onProgress?.(`${((this.#ground?.now ?? 0) / 1000).toFixed(1)} s  ${what}`);
  }
}

function violationOf(error: unknown, atMillis: number): Violation {
  if (error instanceof ActorError) return { where: error.actor, ...violationOf(error.cause, atMillis) };
  if (error instanceof ScenarioError) return { checker: 'scenario', atMillis, message: error.message };
  if (error instanceof AssertionError) return { checker: 'assertion', atMillis, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: 'crash', atMillis, message };
}
