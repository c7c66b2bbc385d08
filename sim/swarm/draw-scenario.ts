import { Document, visit } from 'yaml';

import { storeJudges } from '../checkers/registry.ts';
import type { Workloads } from '../workloads/registry.ts';
import { RandomStreams, type RandomStream } from '../random-streams.ts';
import type { RawScenario } from '../scenario/parse-scenario.ts';
import type { RawStep } from '../scenario/read-timeline.ts';
import { moment, type SwarmFault } from './fault.ts';
import { swarmFaults } from './registry.ts';

/** How long a drawn run's faults last. */
export const swarmMillis = 10_000;

/**
 * A seed's scenario: which faults there are at all, how often, the shape and the sizes of the cluster and what its clients do
 * (swarm testing: Groce et al., ISSTA 2012). A run that knows few kinds of faults sees what others would hide.
 * Plain data, so that it can be written as a file, read, and made smaller.
 */
export function drawScenario(seed: number): RawScenario {
  const streams = new RandomStreams(seed);
  const shape = streams.stream('swarm/shape');
  const members = shape.pick([1, 3, 3, 3, 5, 5]);
  const workload = drawWorkloads(streams.stream('swarm/workloads'));
  const servers = Array.from({ length: members }, (_, i) => `server-${i + 1}`);
  return {
    name: `swarm-${seed}`,
    cluster: {
      store: members,
      ...(workload.membership === undefined ? {} : { spares: 1 + shape.integer(2) }),
      tick: moment(shape.pick([20, 50, 100])),
      'election-ticks': shape.pick([5, 10]),
      'request-timeout': '3s',
      // Everything that puts snapshots, releases of the log and transfers off is small, mostly.
      'snapshot-entries': shape.pick([2 + shape.integer(20), 50, 1000]),
      'catch-up-entries': shape.pick([0, shape.integer(6), 20, 500]),
      'segment-bytes': shape.pick([500 + shape.integer(4000), 20_000, 1_000_000]),
    },
    workload,
    timeline: drawTimeline(streams, servers, workload.membership !== undefined),
    expect: { always: storeJudges, liveness: '20s', finally: [{ converged: true }], within: '20s' },
    duration: moment(swarmMillis),
  };
}

/** The scenario as a file: one line for each step of the timeline, and for whatever else fits. */
export function scenarioText(scenario: RawScenario): string {
  const document = new Document(scenario, { aliasDuplicateObjects: false });
  visit(document.contents, {
    Collection(_key, node, path) {
      // The scenario itself, and its lists, are written line by line; what is in them is not.
      const depth = path.filter((one) => 'items' in one).length;
      if (depth >= 2 || (depth === 1 && 'items' in node && !isLong(node.items.length))) node.flow = true;
    },
  });
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 });
}

function isLong(items: number): boolean {
  return items > 8;
}

/** Who uses the store: always somebody who reads and writes, and some of the others. */
function drawWorkloads(random: RandomStream): Workloads {
  const mix = (): number => random.integer(6);
  const client = (): { readonly client?: 'grpc' } => (random.chance(0.25) ? { client: 'grpc' } : {});
  const kv = {
    clients: 1 + random.integer(6),
    keys: 1 + random.integer(5),
    pause: moment(random.pick([5, 20, 50, 200])),
    mix: {
      get: mix(),
      put: 1 + mix(),
      cas: mix(),
      delete: random.integer(3),
      txn: mix(),
      range: random.integer(3),
      stale: random.integer(3),
    },
    ...client(),
  };
  const some = <T>(chance: number, draw: () => T): T | undefined =>
    random.chance(chance) ? draw() : undefined;
  const others = {
    watch: some(0.5, () => ({ watchers: 1 + random.integer(4), ...client() })),
    lease: some(0.4, () => ({ holders: 1 + random.integer(3), ...client() })),
    lock: some(0.3, () => ({ holders: 2 + random.integer(3), ...client() })),
    compact: some(0.4, () => ({
      every: moment(random.between(100, 2000)),
      keep: random.integer(50),
      defragment: random.chance(0.5),
    })),
    auth: some(0.15, () => ({ users: 1 + random.integer(3) })),
    snapshot: some(0.2, () => ({ every: moment(random.between(500, 3000)) })),
    membership: some(0.2, () => ({ every: moment(random.between(500, 3000)) })),
  };
  return {
    kv,
    ...(Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)) as Workloads),
  };
}

/** Each kind of fault draws from a stream of its own, so that taking one out leaves the others where they are. */
function drawTimeline(
  streams: RandomStreams,
  servers: readonly string[],
  membersChange: boolean,
): readonly RawStep[] {
  const chooser = streams.stream('swarm/kinds');
  const meanPauseMillis = chooser.pick([200, 500, 1500]);
  const share = chooser.pick([0.1, 0.3, 0.6]);
  const drawn = swarmFaults.filter(() => chooser.chance(share));
  // A member whose disk was destroyed may refuse for good: with others leaving, a majority could be gone by right.
  const chosen = drawn.filter(({ destroys }) => !(membersChange && destroys === true));
  const steps = chosen.flatMap((fault) =>
    drawFault(fault, streams, servers, meanPauseMillis * chosen.length),
  );
  return steps.toSorted((a, b) => millisOf(a) - millisOf(b));
}

function drawFault(
  fault: SwarmFault,
  streams: RandomStreams,
  servers: readonly string[],
  meanPauseMillis: number,
): readonly RawStep[] {
  const random = streams.stream(`swarm/${fault.name}`);
  const steps: RawStep[] = [];
  for (
    let at = random.exponential(meanPauseMillis);
    at < swarmMillis;
    at += 1 + random.exponential(meanPauseMillis)
  ) {
    steps.push(
      ...fault.draw({ random, servers, atMillis: at }).filter((step) => millisOf(step) < swarmMillis),
    );
  }
  return steps;
}

function millisOf({ at }: RawStep): number {
  return Number.parseFloat(at!);
}
