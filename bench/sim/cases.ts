import { assert } from '../../src/base/assert.ts';
import { nodeEngine } from '../../src/cli/node-engine.ts';
import { EventLoop } from '../../sim/event-loop.ts';
import type { Checker } from '../../sim/observations.ts';
import { parseScenario, type RawScenario } from '../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../sim/scenario/scenario.ts';
import { simulate, type SimulationReport } from '../../sim/simulation.ts';
import { drawScenario, scenarioText } from '../../sim/swarm/draw-scenario.ts';
import { Trace } from '../../sim/trace.ts';
import { CpuTime } from './cpu-time.ts';
import { fullStack, largeCluster, storeOnly } from './scenarios.ts';

/** One line of the table. A row without a target is there to be known. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly atLeast?: number;
}

/** Figures by the id of their row. */
export type Figures = Readonly<Record<string, number>>;

export interface BenchCase {
  readonly name: string;
  readonly rows: readonly Row[];
  /** `quick`: a part of the work, to see that it runs. */
  readonly measure: (quick: boolean) => Promise<Figures>;
}

export const cases: readonly BenchCase[] = [
  {
    name: 'loop',
    rows: [
      { id: 'sync', title: 'bare loop, events that do nothing', unit: 'events/s' },
      { id: 'async', title: 'bare loop, events that await once', unit: 'events/s' },
    ],
    async measure(quick) {
      const events = quick ? 200_000 : 2_000_000;
      await eventsPerSecond(events / 4, false);
      await eventsPerSecond(events / 4, true);
      return { sync: await eventsPerSecond(events, false), async: await eventsPerSecond(events, true) };
    },
  },
  {
    name: 'store',
    rows: [
      {
        id: 'speed',
        title: '5 members, faults, clients and judges',
        unit: 'simulated s per CPU s',
        atLeast: 300,
      },
      { id: 'event', title: '… each event', unit: 'µs' },
      { id: 'operations', title: '… of clients', unit: 'operations per simulated s' },
    ],
    async measure(quick) {
      const scenario = readScenario(storeOnly);
      const calls = new CallCounter();
      await playSeeds(quick ? 1 : 12, () => scenario);
      const played = await playSeeds(quick ? 1 : 12, () => scenario, { recorders: [calls] });
      return {
        speed: played.simulatedSeconds / played.cpuSeconds,
        event: (played.cpuSeconds * 1e6) / played.events,
        operations: calls.count / played.simulatedSeconds,
      };
    },
  },
  {
    name: 'swarm',
    rows: [
      { id: 'seeds', title: 'seeds of 10 simulated s', unit: 'an hour and core', atLeast: 200_000 / 24 },
      { id: 'speed', title: '… with what comes before and after', unit: 'simulated s per CPU s' },
      { id: 'failed', title: '… that failed, and count for nothing', unit: 'seeds' },
      { id: 'resident', title: '… memory grows in their second half by', unit: 'MB' },
    ],
    async measure(quick) {
      const half = quick ? 5 : 100;
      const drawn = (seed: number): Scenario => readText(scenarioText(drawScenario(seed)), `swarm-${seed}`);
      const first = await playSeeds(half, drawn, { mayFail: true });
      const before = residentMegabytes();
      const second = await playSeeds(half, drawn, { mayFail: true, after: half });
      const cpuSeconds = first.cpuSeconds + second.cpuSeconds;
      return {
        seeds: ((2 * half - first.failed - second.failed) * 3600) / cpuSeconds,
        failed: first.failed + second.failed,
        speed: (first.simulatedSeconds + second.simulatedSeconds) / cpuSeconds,
        resident: Math.max(0, residentMegabytes() - before),
      };
    },
  },
  {
    name: 'full-stack',
    rows: [
      {
        id: 'speed',
        title: '3 servers, 10 agents, faults and judges',
        unit: 'simulated s per CPU s',
        atLeast: 30,
      },
    ],
    async measure(quick) {
      const scenario = readScenario(fullStack);
      await playSeeds(quick ? 1 : 3, () => scenario);
      const played = await playSeeds(quick ? 1 : 5, () => scenario);
      return { speed: played.simulatedSeconds / played.cpuSeconds };
    },
  },
  {
    name: 'large',
    rows: [
      {
        id: 'speed',
        title: '1,000 nodes and 10,000 pods: once they run',
        unit: 'simulated s per CPU s',
        atLeast: 1,
      },
      { id: 'whole', title: '… and with all that it takes to start them', unit: 'simulated s per CPU s' },
      { id: 'start', title: '… each pod that starts', unit: 'ms of CPU' },
      { id: 'resident', title: '… memory', unit: 'MB' },
    ],
    async measure(quick) {
      const pods = quick ? 500 : 10_000;
      const scenario = readScenario(largeCluster(quick ? 50 : 1000, pods));
      const start = new StartWatcher(pods);
      const played = await playSeeds(1, () => scenario, { recorders: [start] });
      assert(start.startedAt !== undefined, 'all pods have run');
      const { simulatedSeconds, cpuSeconds } = start.startedAt;
      return {
        speed: (played.simulatedSeconds - simulatedSeconds) / (played.cpuSeconds - cpuSeconds),
        whole: played.simulatedSeconds / played.cpuSeconds,
        start: (cpuSeconds * 1000) / pods,
        resident: residentMegabytes(),
      };
    },
  },
];

interface Played {
  readonly simulatedSeconds: number;
  readonly cpuSeconds: number;
  readonly events: number;
  readonly failed: number;
}

interface PlayOptions {
  readonly recorders?: readonly Checker[];
  /** Seeds up to this one are left out. */
  readonly after?: number;
  /** The swarm looks for seeds that fail, and may find one: its CPU time counts, and nothing else. */
  readonly mayFail?: boolean;
}

/** Else a figure of a run that failed does not exist. */
async function playSeeds(
  count: number,
  scenarioOf: (seed: number) => Scenario,
  { recorders = [], after = 0, mayFail = false }: PlayOptions = {},
): Promise<Played> {
  const cpu = new CpuTime();
  let simulatedSeconds = 0;
  let events = 0;
  let failed = 0;
  for (let seed = after + 1; seed <= after + count; seed++) {
    const scenario = scenarioOf(seed);
    const report = await simulate(scenario, { seed, engine: nodeEngine, recorders });
    if (report.verdict === 'failed' && mayFail) {
      failed++;
      continue;
    }
    assert(report.verdict === 'passed', () => broken(report));
    simulatedSeconds += report.simulatedMillis / 1000;
    events += report.events;
  }
  return { simulatedSeconds, cpuSeconds: cpu.seconds, events, failed };
}

function broken({ scenario, seed, violations }: SimulationReport): string {
  const [first] = violations;
  return `${scenario}, seed ${seed}: ${first?.checker ?? 'nothing'}: ${first?.message ?? ''}`;
}

/** Events of a hundred hosts, each of which schedules its next. */
async function eventsPerSecond(events: number, awaits: boolean): Promise<number> {
  const loop = new EventLoop(1, nodeEngine, new Trace());
  const settled = Promise.resolve();
  for (let host = 0; host < 100; host++) {
    const owner = {
      name: `host-${host}`,
      alive: true,
      host: { index: host, pausedUntilMillis: 0, fuseEvents: 0, blow: () => {} },
    };
    const next = (): void => void loop.schedule(owner, 1 + (host % 7), 'event', fire);
    const awaitNext = async (): Promise<void> => {
      await settled;
      next();
    };
    const fire = awaits ? () => void awaitNext() : next;
    next();
  }
  const cpu = new CpuTime();
  await loop.run({ eventsMax: events });
  return events / cpu.seconds;
}

function readScenario(raw: RawScenario): Scenario {
  return readText(scenarioText(raw), raw.name);
}

function readText(text: string, name: string): Scenario {
  const parsed = parseScenario(text, name, () => '');
  assert(parsed.ok, () => (parsed.ok ? '' : parsed.error.join('\n')));
  return parsed.value;
}

function residentMegabytes(): number {
  return process.memoryUsage().rss / 1e6;
}

/** Counts what clients ask. */
class CallCounter implements Checker {
  readonly name = 'call-counter';
  readonly sees = ['client-call', 'lease-call'] as const;
  count = 0;

  observe(): undefined {
    this.count++;
  }

  finish(): undefined {}
}

/** Notes when so many pods run for the first time. */
class StartWatcher implements Checker {
  readonly name = 'start-watcher';
  readonly sees = ['process-changed'] as const;
  readonly #pods: number;
  readonly #cpu = new CpuTime();
  #running = 0;
  startedAt: Pick<Played, 'simulatedSeconds' | 'cpuSeconds'> | undefined;

  constructor(pods: number) {
    this.#pods = pods;
  }

  observe(seen: Parameters<Checker['observe']>[0]): undefined {
    if (seen.type !== 'process-changed') return;
    this.#running += seen.change === 'started' ? 1 : -1;
    if (this.#running < this.#pods) return;
    this.startedAt ??= { simulatedSeconds: seen.atMillis / 1000, cpuSeconds: this.#cpu.seconds };
  }

  finish(): undefined {}
}
