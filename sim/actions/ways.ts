import { hostsOf, roleSchema, rolesOf, rolesSchema, type GroundStage, type Schema } from './action.ts';
import type { Ground, GroundHost } from './ground.ts';

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

/** Of a world's own kind of path. */
type PathOf<W extends { path: (...hosts: never[]) => unknown }> = ReturnType<W['path']>;

/** The hosts that were named, and every path that is meant. */
export function waysOf<H extends GroundHost, W extends Ground<H>>(
  way: Way,
  stage: Pick<GroundStage<H>, 'hosts'> & { readonly world: W & Ground<H> },
): { readonly hosts: readonly H[]; readonly paths: readonly PathOf<W>[] } {
  const { world } = stage;
  const between = (from: readonly H[], to: readonly H[]): readonly PathOf<W>[] =>
    from.flatMap((a) => to.filter((b) => b !== a).map((b) => world.path(a, b) as PathOf<W>));
  const others = (group: readonly H[]): readonly H[] => world.hosts.filter((host) => !group.includes(host));
  if (way.host !== undefined) {
    const hosts = hostsOf(way.host, stage);
    const rest = others(hosts);
    return { hosts, paths: [...between(hosts, rest), ...between(rest, hosts)] };
  }
  if (way.between !== undefined) {
    const [a, b] = way.between.map((role) => stage.hosts(role)) as [readonly H[], readonly H[]];
    return { hosts: [...a, ...b], paths: [...between(a, b), ...between(b, a)] };
  }
  const from = way.from === undefined ? undefined : stage.hosts(way.from);
  const to = way.to === undefined ? undefined : stage.hosts(way.to);
  const paths = between(from ?? others(to ?? []), to ?? others(from ?? []));
  return { hosts: [...(from ?? []), ...(to ?? [])], paths };
}
