import { storeJudges, type CheckerName } from '../../sim/checkers/registry.ts';
import type { RawScenario } from '../../sim/scenario/parse-scenario.ts';
import type { RawObject } from '../../sim/scenario/read-objects.ts';

/** What looks at the cluster above it. */
const clusterJudges: readonly CheckerName[] = [
  'no-double-bind',
  'no-overcommit',
  'at-most-one-running',
  'no-hot-loop',
  'no-zombie-writes',
  'caches-forward',
];

/** Pods that run until they are told to end. */
function work(name: string, replicas: number): RawObject {
  const controller = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      replicas,
      selector: { app: name },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'main',
              image: 'host',
              command: ['pause'],
              resources: { requests: { cpu: '10m', memory: '32Mi' } },
            },
          ],
        },
      },
    },
  };
  return controller;
}

/** Five members with the timing of etcd's defaults, under faults of every kind of thing that breaks. */
export const storeOnly: RawScenario = {
  name: 'bench-store',
  cluster: {
    store: 5,
    tick: '100ms',
    'election-ticks': 10,
    'snapshot-entries': 200,
    'catch-up-entries': 100,
  },
  workload: {
    kv: { clients: 3, keys: 5, pause: '300ms', mix: { get: 4, put: 3, cas: 1, delete: 1, txn: 1, stale: 1 } },
    watch: { watchers: 1 },
    lease: { holders: 1 },
    compact: { every: '5s', keep: 20 },
  },
  timeline: [
    { when: { leader: 'present' }, crash: 'leader', as: 'first' },
    { at: '+8s', restart: 'first' },
    { at: '+5s', partition: { kind: 'halves' } },
    { at: '+6s', heal: 'all' },
    { at: '+3s', network: { host: 'servers', loss: '5%' } },
    { at: '+8s', mend: 'all' },
    { at: '+1s', heal: 'all' },
    { at: '+3s', pause: { host: 'leader', for: '4s' }, else: 'skip' },
    { at: '+8s', disk: { host: 'leader', 'slow-sync': '500ms' }, as: 'slow', else: 'skip' },
    { at: '+8s', mend: 'all' },
    { at: '+2s', kill: 'follower[0]', as: 'killed' },
    { at: '+3s', restart: 'killed' },
    { at: '+3s', cut: { from: 'server-1', to: 'server-2' } },
    { at: '+6s', heal: 'all' },
    { at: '+2s', clock: { host: 'leader', jump: '+30s' }, else: 'skip' },
    { at: '+4s', crash: 'follower[1]', as: 'second' },
    { at: '+6s', restart: 'second' },
  ],
  expect: { always: storeJudges, finally: [{ converged: true }], within: '30s' },
  duration: '100s',
};

/** The whole cluster, as the scenarios of scenarios/ have it, at work and under faults. */
export const fullStack: RawScenario = {
  name: 'bench-full-stack',
  cluster: { servers: 3, agents: 10 },
  objects: [work('work', 20)],
  workload: { kv: { clients: 2, keys: 3, pause: '500ms', watchers: 1 } },
  timeline: [
    { when: { 'pods-running': { count: 20, labels: { app: 'work' } } }, crash: 'leader', as: 'first' },
    { at: '+8s', restart: 'first' },
    { at: '+5s', scale: { rc: 'work', replicas: 30 } },
    { at: '+5s', crash: 'agent-1' },
    { at: '+15s', restart: 'agent-1' },
    { at: '+5s', cut: 'follower[0]' },
    { at: '+8s', heal: 'all' },
    { at: '+2s', scale: { rc: 'work', replicas: 20 } },
  ],
  expect: {
    always: [...storeJudges, ...clusterJudges],
    finally: [{ 'pods-running': { count: 20, labels: { app: 'work' } } }],
    within: '60s',
  },
  duration: '60s',
};

/**
 * Kubernetes' own times, as in a cluster of a thousand nodes: each renews its lease every ten seconds. `pods`: a multiple of 500.
 * Once all run there is a deployment's worth of change, and a node that dies.
 */
export function largeCluster(agents: number, pods: number): RawScenario {
  const running = { 'pods-running': { count: pods } };
  return {
    name: 'bench-large',
    cluster: { servers: 3, agents, timing: 'default', tick: '100ms' },
    objects: Array.from({ length: pods / 500 }, (_, i) => work(`work-${i + 1}`, 500)),
    timeline: [
      { when: running, within: '20m', scale: { rc: 'work-1', replicas: 400 } },
      { at: '+20s', crash: 'agent-1', as: 'lost' },
      { at: '+10s', scale: { rc: 'work-1', replicas: 500 } },
      { at: '+20s', restart: 'lost' },
    ],
    expect: { always: [...storeJudges, ...clusterJudges], finally: [running], within: '5m' },
    duration: '60s',
  };
}
