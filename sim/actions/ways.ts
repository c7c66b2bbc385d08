import type { Host } from '../host.ts';
import type { Path } from '../network/path.ts';
import { hostsOf, roleSchema, rolesOf, rolesSchema, type Schema, type Stage } from './action.ts';

/**
 * Which ways of the network are meant: `host: leader`: all that lead to it and from it; `between: [leader, follower[0]]`: both
 * ways; `from` and `to`: one way, and one of them alone: from it to all others, or from all others to it.
 */
export interface Way {
  readonly host?: unknown;
  readonly between?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

export const wayProperties: Readonly<Record<string, Schema>> = {
  host: rolesSchema,
  between: {
    type: 'array',
    items: roleSchema,
    minItems: 2,
    maxItems: 2,
    description: 'the two hosts, such as [leader, follower[0]]',
  },
  from: roleSchema,
  to: roleSchema,
};

export function wayRoles({ host, between, from, to }: Way): readonly string[] {
  return [
    ...(host === undefined ? [] : rolesOf(host)),
    ...(between ?? []),
    ...[from, to].filter((role) => role !== undefined),
  ];
}

/** What is wrong with it, as the end of a sentence. */
export function wayProblem({ host, between, from, to }: Way): string | undefined {
  const given = [host !== undefined, between !== undefined, from !== undefined || to !== undefined];
  const ways = given.filter(Boolean).length;
  const remedy =
    'say which way with one of `host: leader`, `between: [leader, follower[0]]` or `from` and `to`';
  if (ways !== 1) return `names ${ways === 0 ? 'no' : 'more than one'} way; ${remedy}`;
  const [a, b] = between ?? [from, to];
  return a !== undefined && a === b ? `is the way of ${a} to itself; name two` : undefined;
}

/** The hosts that were named, and every path that is meant. */
export function waysOf(
  way: Way,
  stage: Stage,
): { readonly hosts: readonly Host[]; readonly paths: readonly Path[] } {
  const { world } = stage;
  const others = (group: readonly Host[]): readonly Host[] =>
    world.hosts.filter((host) => !group.includes(host));
  if (way.host !== undefined) {
    const hosts = hostsOf(way.host, stage);
    const rest = others(hosts);
    return { hosts, paths: [...pathsBetween(hosts, rest, stage), ...pathsBetween(rest, hosts, stage)] };
  }
  if (way.between !== undefined) {
    const [a, b] = way.between.map((role) => stage.hosts(role)) as [readonly Host[], readonly Host[]];
    return { hosts: [...a, ...b], paths: [...pathsBetween(a, b, stage), ...pathsBetween(b, a, stage)] };
  }
  const from = way.from === undefined ? undefined : stage.hosts(way.from);
  const to = way.to === undefined ? undefined : stage.hosts(way.to);
  const paths = pathsBetween(from ?? others(to ?? []), to ?? others(from ?? []), stage);
  return { hosts: [...(from ?? []), ...(to ?? [])], paths };
}

function pathsBetween(from: readonly Host[], to: readonly Host[], { world }: Stage): readonly Path[] {
  return from.flatMap((a) => to.filter((b) => b !== a).map((b) => world.path(a, b)));
}
