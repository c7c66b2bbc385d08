import { durationMillis } from '../actions/action.ts';
import type { RawScenario } from '../scenario/parse-scenario.ts';
import { moment } from '../swarm/fault.ts';

/** A scenario that is one step simpler; undefined: it is as simple as this one makes it. */
export type Simplification = (scenario: RawScenario) => RawScenario | undefined;

const shortestMillis = 250;

/** Sizes that the members have when a scenario does not say: fewer words are simpler than smaller numbers. */
const optionalSettings = [
  'segment-bytes',
  'catch-up-entries',
  'snapshot-entries',
  'election-ticks',
  'request-timeout',
  'tick',
] as const;

const otherWorkloads = ['membership', 'snapshot', 'auth', 'compact', 'lock', 'lease', 'watch'] as const;

export const simplifications: readonly Simplification[] = [
  earlier,
  halfTheTime,
  ...otherWorkloads.map(
    (name): Simplification =>
      (scenario) =>
        withoutWorkload(scenario, name),
  ),
  withoutSpares,
  fewerMembers,
  (scenario) => lessOf(scenario, 'watchers', 0),
  (scenario) => lessOf(scenario, 'clients', 1),
  (scenario) => lessOf(scenario, 'keys', 1),
  withoutOperation,
  ...optionalSettings.map(
    (name): Simplification =>
      (scenario) =>
        withoutSetting(scenario, name),
  ),
];

/** Every step comes in half the time. */
function earlier(scenario: RawScenario): RawScenario | undefined {
  const timeline = scenario.timeline ?? [];
  const last = timeline.at(-1)?.at;
  if (last === undefined || last.startsWith('+') || durationMillis(last) < shortestMillis) return undefined;
  if (timeline.some(({ at }) => at === undefined || at.startsWith('+'))) return undefined;
  return {
    ...scenario,
    timeline: timeline.map((one) => ({ ...one, at: moment(durationMillis(one.at!) / 2) })),
  };
}

/** The end comes earlier: half the time. */
function halfTheTime(scenario: RawScenario): RawScenario | undefined {
  const millis = durationMillis(scenario.duration);
  const next = millis / 2;
  return next < shortestMillis ? undefined : { ...scenario, duration: moment(next) };
}

/** Two members less, while no step names one of those that go. */
function fewerMembers(scenario: RawScenario): RawScenario | undefined {
  const { store } = scenario.cluster;
  if (store === undefined || store <= 1) return undefined;
  const left = store - 2;
  const named = JSON.stringify(scenario.timeline ?? []);
  const gone = [`"server-${store}"`, `"server-${store - 1}"`, `follower[${left - 1}]`, `follower[${left}]`];
  if (gone.some((name) => named.includes(name))) return undefined;
  return { ...scenario, cluster: { ...scenario.cluster, store: left } };
}

function lessOf(
  scenario: RawScenario,
  what: 'clients' | 'keys' | 'watchers',
  least: number,
): RawScenario | undefined {
  const kv = scenario.workload?.kv;
  const amount = kv?.[what];
  if (kv === undefined || amount === undefined || amount <= least) return undefined;
  const next = Math.max(least, Math.floor(amount / 2));
  return { ...scenario, workload: { ...scenario.workload, kv: { ...kv, [what]: next } } };
}

function withoutWorkload(
  scenario: RawScenario,
  name: (typeof otherWorkloads)[number],
): RawScenario | undefined {
  if (scenario.workload?.[name] === undefined) return undefined;
  const { [name]: _dropped, ...workload } = scenario.workload;
  return { ...scenario, workload };
}

function withoutSpares(scenario: RawScenario): RawScenario | undefined {
  const { spares, ...cluster } = scenario.cluster;
  if (spares === undefined || scenario.workload?.membership !== undefined) return undefined;
  return { ...scenario, cluster };
}

/** One kind of operation less, the rarest first. */
function withoutOperation(scenario: RawScenario): RawScenario | undefined {
  const kv = scenario.workload?.kv;
  const mix = Object.entries(kv?.mix ?? {}).filter(([, share]) => share > 0);
  if (kv === undefined || mix.length <= 1) return undefined;
  const [rarest] = mix.toSorted((a, b) => a[1] - b[1]);
  return {
    ...scenario,
    workload: { ...scenario.workload, kv: { ...kv, mix: { ...kv.mix, [rarest![0]]: 0 } } },
  };
}

function withoutSetting(
  scenario: RawScenario,
  name: (typeof optionalSettings)[number],
): RawScenario | undefined {
  if (scenario.cluster[name] === undefined) return undefined;
  const { [name]: _dropped, ...cluster } = scenario.cluster;
  return { ...scenario, cluster };
}
