import { describe, expect, it } from 'vitest';

import { actions } from '../../sim/actions/registry.ts';
import { checkers } from '../../sim/checkers/registry.ts';
import { mistakesText, parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { scenarioSchema } from '../../sim/scenario/scenario-schema.ts';
import { simulate } from '../../sim/simulation.ts';
import { crashPoints } from '../../src/platform/fault-points.ts';
import { engine } from './engine.ts';

const { cluster } = scenarioSchema['properties'] as { readonly cluster: { readonly properties: object } };
const clusterKeys = Object.keys(cluster.properties).join(', ');
const vocabulary = actions.map(({ name }) => name).join(', ');
const judges = Object.keys(checkers).join(', ');

/** What the scenarios below may name. */
const hello = `apiVersion: v1
kind: ReplicationController
metadata: {name: hello}
spec:
  replicas: 3
  selector: {app: hello}
  template:
    metadata: {labels: {app: hello}}
    spec: {containers: [{name: hello, image: host}]}
`;
const files: Readonly<Record<string, string>> = {
  'hello.yaml': hello,
  'type.yaml': hello.replace('replicas: 3', 'replicas: many'),
  'deep.yaml': hello.replace('image: host', 'image: host,\n      env: [{name: A, value: 1}]'),
  'field.yaml': hello.replace('replicas', 'replicsa'),
  'selector.yaml': hello.replace('selector: {app: hello}', 'selector: {app: helo}'),
  'version.yaml': hello.replace('v1', 'apps/v1'),
  'kind.yaml': hello.replace('ReplicationController', 'ReplicaController'),
  'name.yaml': hello.replace('{name: hello}', '{}'),
  'list.yaml':
    'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod,\n     metadata: {name: 5}}\n',
  'syntax.yaml': 'apiVersion: v1\nkind: "Pod\n',
  'empty.yaml': '# nothing\n',
};

function read(path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`there is no ${path}; name another`);
  return text;
}

const story = `name: test
cluster: {servers: 3, agents: 2}
objects: [{file: hello.yaml}]
workload: {kv: {clients: 1, keys: 1}}
timeline:
  - {at: 1s, crash: leader, as: lost}
  - {at: 60s, restart: lost}
  - {at: +1s, kill: agents}
expect:
  always: [election-safety]
  finally: [{pods-running: {count: 3, labels: {app: hello}}}]
  within: 60s
duration: 10s
`;

function mistakes(text: string): readonly string[] {
  const parsed = parseScenario(text, 's.yaml', read);
  return parsed.ok ? [] : parsed.error;
}

/** Plays the story as far as it goes. */
async function broken(text: string): Promise<readonly string[]> {
  const parsed = parseScenario(text, 's.yaml', read);
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  const { violations } = await simulate(parsed.value, { seed: 1, engine });
  return violations.map(({ checker, message }) => `${checker}: ${message}`);
}

/** [a part of the story, what stands there instead, what is said] */
type Row = readonly [from: string, to: string, sentence: string];

function check([from, to, sentence]: Row): void {
  expect(story).toContain(from);
  expect(mistakes(story.replace(from, () => to))).toEqual([sentence]);
}

const second = '{at: 60s, restart: lost}';

it('finds nothing in what is right', () => {
  expect(mistakes(story)).toEqual([]);
});

const targets: Row[] = [
  [
    second,
    '{at: 60s, restart: losst}',
    's.yaml:7: timeline[1].restart: there is no losst; use leader, followers, follower[0] to follower[1], servers, server-1 to server-3, agents, agent-1 to agent-2, lost, or a name that an earlier step gave with `as`; did you mean lost?',
  ],
  [
    second,
    '{at: 60s, crash: chief}',
    's.yaml:7: timeline[1].crash: there is no chief; use leader, followers, follower[0] to follower[1], servers, server-1 to server-3, agents, agent-1 to agent-2, lost, or a name that an earlier step gave with `as`',
  ],
  [
    second,
    '{at: 60s, crash: server-9}',
    's.yaml:7: timeline[1].crash: there is no server-9 in a cluster of 3 servers; use server-1 to server-3',
  ],
  [
    second,
    '{at: 60s, crash: [leader, agent-3]}',
    's.yaml:7: timeline[1].crash: there is no agent-3 in a cluster of 2 agents; use agent-1 to agent-2',
  ],
  [
    'agents: 2}',
    'agents: 2, snapshot-entries: 0}',
    's.yaml:2: cluster.snapshot-entries is 0; write a whole number of 1 or more',
  ],
  [
    second,
    "{at: 60s, cut: 'follower[5]'}",
    's.yaml:7: timeline[1].cut: there is no follower[5] in a cluster of 3 servers; use follower[0] to follower[1]',
  ],
  [
    second,
    '{at: 60s, cut: {from: leader, to: Agents}}',
    's.yaml:7: timeline[1].cut: there is no Agents; use leader, followers, follower[0] to follower[1], servers, server-1 to server-3, agents, agent-1 to agent-2, lost, or a name that an earlier step gave with `as`; did you mean agents?',
  ],
  [second, '{at: 60s, cut: [leader, leader]}', 's.yaml:7: timeline[1].cut cuts leader from itself; name two'],
  [
    second,
    '{at: 60s, heal: al}',
    's.yaml:7: timeline[1].heal: there is no al; use all, leader, followers, follower[0] to follower[1], servers, server-1 to server-3, agents, agent-1 to agent-2, lost, or a name that an earlier step gave with `as`; did you mean all?',
  ],
  [
    second,
    '{at: 60s, heal: all, as: lost2}',
    's.yaml:7: timeline[1].as is lost2, but this heal is done to no host that it could name; remove it',
  ],
  [
    second,
    '{at: 60s, pause: {host: loast, for: 2s}}',
    's.yaml:7: timeline[1].pause: there is no loast; use leader, followers, follower[0] to follower[1], servers, server-1 to server-3, agents, agent-1 to agent-2, lost, or a name that an earlier step gave with `as`; did you mean lost?',
  ],
  [
    second,
    '{at: 60s, pause: {host: lost, for: 0s}}',
    's.yaml:7: timeline[1].pause lasts 0s, which is no time at all; write a duration such as 250ms, 10s or 1.5m',
  ],
  [
    second,
    '{at: 60s, restart: lost, as: lost}',
    's.yaml:7: timeline[1].as is lost, a name that line 6 gives already; choose another',
  ],
  [
    second,
    '{at: 60s, restart: lost, as: leader}',
    's.yaml:7: timeline[1].as is leader, which means something already; choose another name',
  ],
  [
    'agents: 2',
    'agents: 0',
    's.yaml:8: timeline[2].kill: the cluster has no agents; set cluster.agents to 1 or more',
  ],
];
const times: Row[] = [
  [
    second,
    '{at: 500ms, restart: lost}',
    's.yaml:7: timeline[1].at is 500ms, but the steps before it take until 1s; move it up, or write a moment after the step before, such as +2s',
  ],
  [
    second,
    '{at: soon, restart: lost}',
    's.yaml:7: timeline[1].at is "soon"; write a moment such as 10s, or +2s after the step before',
  ],
  [
    second,
    '{at: 60, restart: lost}',
    's.yaml:7: timeline[1].at is 60; write a moment such as 10s, or +2s after the step before',
  ],
  [
    second,
    '{when: {leader: absent}, restart: lost}',
    's.yaml:7: timeline[1].when.leader is "absent"; write present',
  ],
  [
    second,
    '{when: {}, restart: lost}',
    's.yaml:7: timeline[1].when is {}; write `leader: present` or `pods-running: {count: 3}`',
  ],
  [
    second,
    '{when: {leader: present}, within: 0s, restart: lost}',
    's.yaml:7: timeline[1].within is 0s, which is no time at all; write 60s, for example',
  ],
  [
    second,
    '{at: 60s, within: 3s, restart: lost}',
    's.yaml:7: timeline[1].within bounds how long `when` is waited for, and `at` does not wait; remove it',
  ],
  [
    second,
    '{restart: lost}',
    's.yaml:7: timeline[1] has neither `at` nor `when`; say when it happens with one: `at: 10s`, `at: +2s` after the step before, or `when: {leader: present}`',
  ],
  [
    second,
    '{at: 60s, when: {leader: present}, restart: lost}',
    's.yaml:7: timeline[1] has both `at` and `when`; say when it happens with one: `at: 10s`, `at: +2s` after the step before, or `when: {leader: present}`',
  ],
  [
    second,
    '{at: 60s}',
    `s.yaml:7: timeline[1] has none, but a step does exactly one thing; choose of ${vocabulary}`,
  ],
  [
    second,
    '{at: 60s, heal: all, restart: lost}',
    `s.yaml:7: timeline[1] has restart and heal, but a step does exactly one thing; choose of ${vocabulary}`,
  ],
  [
    'within: 60s',
    'within: 0s',
    's.yaml:12: expect.within is 0s, which is no time at all; write 60s, for example',
  ],
  [
    'within: 60s',
    'within: an hour',
    's.yaml:12: expect.within is "an hour"; write a duration such as 250ms, 10s or 1.5m',
  ],
  ['duration: 10s', 'duration: 10', 's.yaml:13: duration is 10; write a duration such as 250ms, 10s or 1.5m'],
  [
    '  finally: [{pods-running: {count: 3, labels: {app: hello}}}]\n',
    '',
    's.yaml:11: expect.within bounds how long `finally` is waited for; add `finally` or remove it',
  ],
];
const objects: Row[] = [
  [
    second,
    '{at: 60s, scale: {rc: helo, replicas: 5}}',
    's.yaml:7: timeline[1].scale names helo, but `objects` has no such ReplicationController in namespace default; it has hello; did you mean hello?',
  ],
  [
    second,
    '{at: 60s, scale: {rc: hello, replicas: 5, namespace: web}}',
    's.yaml:7: timeline[1].scale names hello, but `objects` has no such ReplicationController in namespace web; add it there',
  ],
  [
    second,
    '{at: 60s, scale: {rc: hello, replicas: many}}',
    's.yaml:7: timeline[1].scale.replicas is "many"; write a whole number of 0 or more',
  ],
  [
    second,
    '{at: 60s, scale: {rc: hello, replicas: 1}, as: it}',
    's.yaml:7: timeline[1].as is it, but this scale is done to no host that it could name; remove it',
  ],
  [
    'labels: {app: hello}',
    'labels: {app: helo}',
    's.yaml:11: expect.finally[0].pods-running: no pod of `objects` has the labels app=helo: their labels are app=hello; did you mean app=hello?',
  ],
  [
    second,
    '{when: {pods-running: {labels: {tier: web}}}, restart: lost}',
    's.yaml:7: timeline[1].when.pods-running: no pod of `objects` has the labels tier=web: their labels are app=hello',
  ],
  ['{file: hello.yaml}', '{file: helo.yaml}', 's.yaml:3: there is no helo.yaml; name another'],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml, kind: Pod}',
    's.yaml:3: unknown key kind in objects[0]; allowed are file',
  ],
  [
    '{file: hello.yaml}',
    'hello.yaml',
    's.yaml:3: objects[0] is "hello.yaml"; write `file: manifests/hello.yaml`, or an object with apiVersion, kind and metadata',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml}, {file: hello.yaml}',
    'hello.yaml:3: ReplicationController hello is there twice; rename or remove one',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: Frob, metadata: {name: f}}',
    's.yaml:4: Frob f: a scenario cannot apply this kind; use Namespace, Node, Pod, ReplicationController, Service, ConfigMap, Event, EndpointSlice, Lease',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: Pod, metadata: {}}',
    's.yaml:4: the Pod has no metadata.name; add one, such as `metadata: { name: web }`',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: Pod, metadata: {name: p},\n spec: {contaners: []}}',
    's.yaml:5: Pod p: unknown field spec.contaners; correct its name or remove it; did you mean containers?',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: Pod, metadata: {name: p},\n spec: {containers: []}}',
    's.yaml:5: Pod p: spec.containers is required; add it',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: ConfigMap, metadata: {name: p, namespace: web}}',
    's.yaml:4: ConfigMap p: namespace web is not there yet; put a Namespace web before it in `objects`',
  ],
  [
    '{file: hello.yaml}',
    '{file: hello.yaml},\n {apiVersion: v1, kind: ConfigMap, metadata: {name: P_}}',
    "s.yaml:4: ConfigMap P_: metadata.name: Invalid value: \"P_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'); correct it",
  ],
];
const manifests: Row[] = [
  [
    '{file: hello.yaml}',
    '{file: type.yaml}',
    'type.yaml:5: ReplicationController hello: spec.replicas is "many"; write a whole number',
  ],
  [
    '{file: hello.yaml}',
    '{file: deep.yaml}',
    'deep.yaml:10: ReplicationController hello: spec.template.spec.containers[0].env[0].value is 1; write text, in quotes if it looks like a number or true or false',
  ],
  [
    '{file: hello.yaml}',
    '{file: field.yaml}',
    'field.yaml:5: ReplicationController hello: unknown field spec.replicsa; correct its name or remove it; did you mean replicas?',
  ],
  [
    '{file: hello.yaml}',
    '{file: selector.yaml}',
    'selector.yaml:8: ReplicationController hello: spec.template.metadata.labels: Invalid value: {"app":"hello"}: `selector` does not match template `labels`; correct it',
  ],
  [
    '{file: hello.yaml}',
    '{file: version.yaml}',
    'version.yaml:1: ReplicationController hello: there is no ReplicationController in apps/v1; write apiVersion: v1',
  ],
  [
    '{file: hello.yaml}',
    '{file: kind.yaml}',
    'kind.yaml:2: ReplicaController hello: a scenario cannot apply this kind; use Namespace, Node, Pod, ReplicationController, Service, ConfigMap, Event, EndpointSlice, Lease; did you mean ReplicationController?',
  ],
  [
    '{file: hello.yaml}',
    '{file: name.yaml}',
    'name.yaml:1: the ReplicationController has no metadata.name; add one, such as `metadata: { name: web }`',
  ],
  [
    '{file: hello.yaml}',
    '{file: list.yaml}',
    "list.yaml:1 (item 1): the Pod's metadata.name is 5; put it in quotes, since a name is text",
  ],
  [
    '{file: hello.yaml}',
    '{file: syntax.yaml}',
    'syntax.yaml:3: not valid YAML (a " without its end); fix the syntax there: close the quote or bracket that is open',
  ],
  [
    '{file: hello.yaml}',
    '{file: empty.yaml}',
    's.yaml:3: empty.yaml holds no objects; put one Kubernetes object in each of its YAML documents',
  ],
];
const words: Row[] = [
  ['servers: 3', 'servers: many', 's.yaml:2: cluster.servers is "many"; write a whole number from 1 to 9'],
  ['servers: 3', 'servers: 12', 's.yaml:2: cluster.servers is 12; write a whole number from 1 to 9'],
  [
    'agents: 2',
    'agnets: 2',
    `s.yaml:2: unknown key agnets in cluster; allowed are ${clusterKeys}; did you mean agents?`,
  ],
  [
    'cluster: {servers: 3, agents: 2}',
    'cluster:',
    `s.yaml:2: cluster is empty; write a map with the keys ${clusterKeys}`,
  ],
  [
    'election-safety',
    'election-saftey',
    `s.yaml:10: expect.always[0] is "election-saftey"; allowed are ${judges}; did you mean election-safety?`,
  ],
  [
    '[election-safety]',
    'election-safety',
    `s.yaml:10: expect.always is "election-safety"; write a list; each of its items is one of ${judges}`,
  ],
  [second, 'restart', 's.yaml:7: timeline[1] is "restart"; write a step such as `{at: 10s, crash: leader}`'],
  [
    second,
    '{at: 60s, restrat: lost}',
    `s.yaml:7: unknown key restrat in timeline[1]; allowed are at, when, within, as, else, ${vocabulary}; did you mean restart?`,
  ],
  [
    second,
    '{at: 60s, restart: 5}',
    "s.yaml:7: timeline[1].restart is 5; write a role such as leader, follower[0], servers or agents, a host's name or a name given with `as`",
  ],
  [second, '{at: 60s, restart: []}', 's.yaml:7: timeline[1].restart is []; write one role or more'],
  [
    second,
    '{at: 60s, restart: lost, as: Old One}',
    's.yaml:7: timeline[1].as is "Old One"; write lower-case letters, digits and dashes, a letter first',
  ],
  [
    second,
    '{at: 60s, cut: [leader]}',
    's.yaml:7: timeline[1].cut is ["leader"]; write the two between which to cut, such as [leader, follower[0]]',
  ],
  [
    second,
    '{at: 60s, cut: {from: leader}}',
    "s.yaml:7: timeline[1].cut lacks the key to; add it: a role such as leader, follower[0], servers or agents, a host's name or a name given with `as`",
  ],
  [
    second,
    '{at: 60s, disk: {host: leader}}',
    's.yaml:7: timeline[1].disk is {"host":"leader"}; write {host: leader, slow-sync: 2s}, {host: leader, full: true} or both',
  ],
  [
    second,
    '{at: 60s, disk: {host: leader, slow-sync: 2}}',
    's.yaml:7: timeline[1].disk.slow-sync is 2; write a duration such as 250ms, 10s or 1.5m, or a range such as 100ms..2s',
  ],
  [
    second,
    '{at: 60s, clock: {host: leader, jump: back}}',
    's.yaml:7: timeline[1].clock.jump is "back"; write a duration with its direction such as -10s or +10m, or a range such as -5s..5s',
  ],
  [
    second,
    '{at: 60s, clock: {host: leader, rate: 9}}',
    's.yaml:7: timeline[1].clock.rate is 9; write a number from 0.5 to 2, or a range such as 0.9..1.1',
  ],
  [
    second,
    '{at: 60s, pause: leader}',
    's.yaml:7: timeline[1].pause is "leader"; write {host: leader, for: 3s}',
  ],
  [
    second,
    '{at: 60s, crash: {host: leader, after-events: many}}',
    's.yaml:7: timeline[1].crash.after-events is "many"; write a whole number such as 3, or a range such as 1..100',
  ],
  [
    second,
    '{at: 60s, crash: {host: leader, silently: true, after-events: 3}}',
    's.yaml:7: timeline[1].crash is silent and waits for events; leave one out',
  ],
  [
    second,
    '{at: 60s, crash-point: {host: leader, point: wal.append.before-sink}}',
    `s.yaml:7: timeline[1].crash-point.point is "wal.append.before-sink"; allowed are ${crashPoints.join(', ')}; did you mean wal.append.before-sync?`,
  ],
  [
    second,
    '{at: 60s, crash-point: {point: ready.written}}',
    "s.yaml:7: timeline[1].crash-point lacks the key host; add it: a role such as leader, follower[0], servers or agents, a host's name or a name given with `as`",
  ],
  [
    second,
    '{at: 60s, pause: {host: leader, for: 3s..1s}}',
    's.yaml:7: timeline[1].pause is 3s..1s, which runs backwards; write the smaller end first',
  ],
  [
    second,
    '{at: 60s, network: {host: leader, loss: 0.1}}',
    's.yaml:7: timeline[1].network.loss is 0.1; write a share such as 10%, or a range such as 1%..20%',
  ],
  [
    second,
    '{at: 60s, network: {loss: 10%}}',
    's.yaml:7: timeline[1].network names no way; say which way with one of `host: leader`, `between: [leader, follower[0]]` or `from` and `to`',
  ],
  [
    second,
    '{at: 60s, network: {host: leader, to: server-2, loss: 10%}}',
    's.yaml:7: timeline[1].network names more than one way; say which way with one of `host: leader`, `between: [leader, follower[0]]` or `from` and `to`',
  ],
  [
    second,
    '{at: 60s, network: {from: leader, to: leader, loss: 10%}}',
    's.yaml:7: timeline[1].network is the way of leader to itself; name two',
  ],
  [
    second,
    '{at: 60s, network: {host: leader}}',
    's.yaml:7: timeline[1].network does nothing; give it loss, latency, bandwidth or slow',
  ],
  [
    second,
    '{at: 60s, network: {host: leader, bandwidth: 1MB}}',
    's.yaml:7: timeline[1].network.bandwidth is "1MB"; write bits per second such as 64kbit or 1Mbit, or a range such as 64kbit..10Mbit',
  ],
  [
    second,
    '{at: 60s, network: {host: leader, latency: 2s..5ms}}',
    's.yaml:7: timeline[1].network is 2s..5ms, which runs backwards; write the smaller end first',
  ],
  [
    second,
    '{at: 60s, partition: {kind: thirds}}',
    's.yaml:7: timeline[1].partition.kind is "thirds"; allowed are halves, uniform, isolate, bridge, ring, random',
  ],
  [
    second,
    '{at: 60s, flap: {host: leader, every: 0s, for: 1s}}',
    's.yaml:7: timeline[1].flap flaps every 0s, which is no time at all; write 500ms, for example',
  ],
  [
    second,
    '{at: 60s, disk: {host: leader, sync-error: twice}}',
    's.yaml:7: timeline[1].disk.sync-error is "twice"; write a share such as 10%, or once',
  ],
  [
    second,
    '{at: 60s, disk: {host: leader, full: true, room: 1KiB}}',
    's.yaml:7: timeline[1].disk says both full and room; leave one out',
  ],
  [
    second,
    '{at: 60s, disk: {host: leader, room: 1KB}}',
    's.yaml:7: timeline[1].disk.room is "1KB"; write bytes such as 500B or 64KiB, or a range such as 0B..1MiB',
  ],
  [
    second,
    '{at: 60s, swap-disks: [leader, leader]}',
    's.yaml:7: timeline[1].swap-disks swaps the disk of leader with itself; name two',
  ],
  [
    second,
    '{at: 60s, clock: {host: leader, rate: 0.1..3}}',
    's.yaml:7: timeline[1].clock has a rate of 0.1..3; write a range within 0.5 and 2, the smaller end first',
  ],
  [
    second,
    '{at: 60s, clock: {host: leader, jump: 1s, offset: 1s}}',
    's.yaml:7: timeline[1].clock says both jump and offset; leave one out',
  ],
  [second, '{at: 60s, atlas: on}', 's.yaml:7: timeline[1].atlas is "on"; write `atlas: off`'],
  [
    '{pods-running:',
    '{pod-running:',
    's.yaml:11: unknown key pod-running in expect.finally[0]; allowed are pods-running, processes-running, converged; did you mean pods-running?',
  ],
  [
    'clients: 1',
    'clients: 1, mix: {get: 0, put: 0, cas: 0, delete: 0}',
    's.yaml:4: workload.kv.mix leaves nothing to do; give at least one of get, put, cas, delete a share',
  ],
];
const syntax: Row[] = [
  [
    '[election-safety]',
    '[election-safety',
    's.yaml:11: not valid YAML (a [ without its ]); fix the syntax there: close each bracket, and put the keys of one map under each other',
  ],
  [
    second,
    '{at: 60s, cut: follower[0]}',
    's.yaml:7: not valid YAML (an unexpected [); fix the syntax there: put a value that has brackets, commas or colons in quotes',
  ],
  [
    second,
    '{at: 60s restart: lost}',
    's.yaml:7: not valid YAML (a key without a comma before it); fix the syntax there: put a comma between two keys in { }',
  ],
  [
    'duration: 10s',
    'duration: 10s\nduration: 20s',
    's.yaml:14: not valid YAML (a key that is there already); fix the syntax there: remove one of the two',
  ],
  [
    'duration: 10s',
    '\tduration: 10s',
    's.yaml:13: not valid YAML (Tabs are not allowed as indentation); fix the syntax there: indent with spaces',
  ],
  [
    'duration: 10s',
    'duration: 10s\n---\nname: other',
    's.yaml:14: not valid YAML (a second document); fix the syntax there: keep one document and give each other one a file of its own',
  ],
  [
    'duration: 10s',
    'duration: *long',
    's.yaml:13: no anchor &long comes before the alias *long; write the value out, in quotes if it is text',
  ],
  [
    'name: test',
    'name: "test',
    's.yaml:14: not valid YAML (a " without its end); fix the syntax there: close the quote or bracket that is open',
  ],
];

describe.each([
  ['targets', targets],
  ['times', times],
  ['objects', objects],
  ['manifests', manifests],
  ['words', words],
  ['syntax', syntax],
])('%s', (_, rows) => {
  it.each(rows)('%s → %s', (...row) => check(row));
});

describe('several mistakes', () => {
  it('come in the order of their lines, wherever they are found', () => {
    const text = story
      .replace('restart: lost', 'restart: losst')
      .replace('hello.yaml', 'field.yaml')
      .replace('within: 60s', 'within: 0s');
    expect(mistakes(text).map((one) => one.slice(0, one.indexOf(': ')))).toEqual([
      'field.yaml:5',
      's.yaml:7',
      's.yaml:12',
    ]);
  });

  it('are told five at a time', () => {
    expect(mistakesText(['a', 'b', 'c', 'd', 'e'])).toBe('a\nb\nc\nd\ne');
    expect(mistakesText(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a\nb\nc\nd\ne\nand 2 more');
  });
});

describe('what only the moment shows', () => {
  it('is told with the line of the step', async () => {
    const leaderless = story
      .replace('{at: 1s, crash: leader', '{at: 1s, crash: servers')
      .replace(second, '{at: +1s, kill: leader}');
    expect(await broken(leaderless)).toEqual([
      'scenario: s.yaml:7: kill: there is no leader at this moment; let the step wait for one with `when: {leader: present}`, name a host, or leave the step out then with `else: skip`',
    ]);
    const patient = story.replace(second, '{when: {pods-running: {count: 9}}, within: 100ms, heal: all}');
    expect(await broken(patient)).toEqual([
      'scenario: s.yaml:7: what the step waits for did not come true within 100 ms; give it longer with `within`, or wait for something else',
    ]);
  });
});
