import { suggestion } from '../../src/base/nearest.ts';
import type { ApiObject, NewObject } from '../../src/api/types.ts';
import type { PodsRunningOptions } from '../checkers/pods-running.ts';

/** What is known of a scenario's world at a step before anything runs. */
export interface Known {
  readonly servers: number;
  readonly agents: number;
  /** Given by earlier steps with `as`, and the line of each. */
  readonly names: ReadonlyMap<string, number>;
  /** Undefined when some could not be read: then nothing is said about what they lack. */
  readonly objects: readonly NewObject<ApiObject>[] | undefined;
}

/** Why a role will never mean a host, and what would; undefined when it may. Whether it does is seen at that moment. */
export function roleProblem(role: string, known: Known, others: readonly string[] = []): string | undefined {
  if (known.names.has(role)) return undefined;
  const { servers, agents } = known;
  const words = rolesIn(known);
  if (words.includes(role)) return undefined;
  const inServers = `in a cluster of ${servers} ${servers === 1 ? 'server' : 'servers'}`;
  if (/^agents?(-\d+)?$/.test(role)) {
    if (agents === 0) return 'the cluster has no agents; set cluster.agents to 1 or more';
    if (role !== 'agent')
      return `there is no ${role} in a cluster of ${agents} ${agents === 1 ? 'agent' : 'agents'}; use ${span('agent-', 1, agents)}`;
  }
  if (/^server-\d+$/.test(role))
    return `there is no ${role} ${inServers}; use ${span('server-', 1, servers)}`;
  if (/^follower(s|\[\d+\])$/.test(role)) {
    const remedy = servers === 1 ? 'use leader, or more servers' : `use ${followers(servers)}`;
    return `there is no ${role} ${inServers}; ${remedy}`;
  }
  const near = suggestion(role, [...others, ...words]);
  return `there is no ${role}; use ${[...others, ...listed(known)].join(', ')}, or a name that an earlier step gave with \`as\`${near}`;
}

/** Every word that means hosts. */
export function rolesIn({ servers, agents, names }: Known): readonly string[] {
  const numbered = (count: number, word: (n: number) => string): string[] =>
    Array.from({ length: count }, (_, n) => word(n));
  return [
    ...names.keys(),
    'leader',
    'servers',
    ...numbered(servers, (n) => `server-${n + 1}`),
    ...(servers === 1 ? [] : ['followers', ...numbered(servers - 1, (n) => `follower[${n}]`)]),
    ...(agents === 0 ? [] : ['agents', ...numbered(agents, (n) => `agent-${n + 1}`)]),
  ];
}

function listed({ servers, agents, names }: Known): readonly string[] {
  return [
    'leader',
    ...(servers === 1 ? [] : ['followers', followers(servers)]),
    'servers',
    span('server-', 1, servers),
    ...(agents === 0 ? [] : ['agents', span('agent-', 1, agents)]),
    ...names.keys(),
  ];
}

function followers(servers: number): string {
  return servers === 2 ? 'follower[0]' : `follower[0] to follower[${servers - 2}]`;
}

function span(prefix: string, first: number, last: number): string {
  return first === last ? `${prefix}${first}` : `${prefix}${first} to ${prefix}${last}`;
}

/** Why no pod of the scenario's objects will ever be counted; undefined when one will, or none is wanted. */
export function labelsProblem(
  { labels = {}, count }: PodsRunningOptions,
  { objects }: Known,
): string | undefined {
  if (objects === undefined || count === 0) return undefined;
  const wanted = Object.entries(labels);
  const carried = objects.flatMap(podLabelsOf);
  if (wanted.length === 0 || carried.some((one) => wanted.every(([key, value]) => one[key] === value))) {
    return undefined;
  }
  const texts = carried.map(labelsText);
  const found =
    texts.length === 0
      ? '`objects` has no pods; add one'
      : `their labels are ${texts.map((text) => text || 'none').join('; ')}${suggestion(labelsText(labels), texts)}`;
  return `no pod of \`objects\` has the labels ${labelsText(labels)}: ${found}`;
}

/** The labels of the pods that an object is or makes. */
function podLabelsOf(object: NewObject<ApiObject>): readonly Readonly<Record<string, string>>[] {
  if (object.kind === 'Pod') return [object.metadata.labels ?? {}];
  if (object.kind !== 'ReplicationController') return [];
  const { spec } = object as unknown as { spec?: { template?: { metadata?: { labels?: object } } } };
  return [(spec?.template?.metadata?.labels ?? {}) as Readonly<Record<string, string>>];
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
