import type { RandomStream } from '../random-streams.ts';
import { everywhere, hostsOf, rolesOf, rolesSchema, type GroundAction } from './action.ts';
import { drawsOf } from './ranges.ts';

const kinds = ['halves', 'uniform', 'isolate', 'bridge', 'ring', 'random'] as const;

type Kind = (typeof kinds)[number];

interface Partition {
  readonly kind: Kind;
  readonly host?: unknown;
  readonly 'one-way'?: boolean;
}

/**
 * `partition: {kind: halves}`: of the servers, or of others by `host`; who is where is drawn from the seed, and only the ways
 * among these hosts are cut. `halves`; `uniform`: in two parts of any size; `isolate`: one from all others; `bridge`: two
 * halves that one host sees both of; `ring`: each sees its neighbours only; `random`: each pair at even odds, so that most
 * often somebody sees two who do not see each other. `one-way: true` cuts one direction of each pair.
 */
export const partition: GroundAction = {
  name: 'partition',
  schema: {
    type: 'object',
    description: '{kind: halves}, or a kind of uniform, isolate, bridge, ring, random',
    properties: { kind: { enum: kinds }, host: rolesSchema, 'one-way': { type: 'boolean' } },
    required: ['kind'],
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as Partition).host ?? 'servers'),
  real: everywhere,
  perform(value, stage) {
    const { kind, host = 'servers', 'one-way': oneWay = false } = value as Partition;
    const { world } = stage;
    const random = drawsOf('partition', value, stage);
    const { first, pairs } = divide(kind, shuffled(hostsOf(host, stage), random), random);
    for (const [a, b] of pairs) {
      if (!oneWay) world.cut(a, b);
      else if (random.chance(0.5)) world.path(a, b).cut(world.now);
      else world.path(b, a).cut(world.now);
    }
    return first;
  },
};

type Pair<H> = readonly [H, H];

/** Who is cut from whom; `first` is the part that a step's `as` names: one half, the one apart, the bridge. */
function divide<H>(
  kind: Kind,
  hosts: readonly H[],
  random: RandomStream,
): { readonly first: readonly H[]; readonly pairs: readonly Pair<H>[] } {
  const count = hosts.length;
  const split = (size: number): { readonly first: readonly H[]; readonly pairs: readonly Pair<H>[] } => {
    const first = hosts.slice(0, size);
    return { first, pairs: first.flatMap((a) => hosts.slice(size).map((b): Pair<H> => [a, b])) };
  };
  const all = hosts.flatMap((a, i) => hosts.slice(i + 1).map((b): Pair<H> => [a, b]));
  if (count < 2) return { first: hosts, pairs: [] };
  switch (kind) {
    case 'halves':
      return split(Math.floor(count / 2));
    case 'uniform':
      return split(1 + random.integer(count - 1));
    case 'isolate':
      return split(1);
    case 'bridge': {
      const [bridge, ...others] = hosts as [H, ...H[]];
      const half = Math.ceil(others.length / 2);
      const pairs = others.slice(0, half).flatMap((a) => others.slice(half).map((b): Pair<H> => [a, b]));
      return { first: [bridge], pairs };
    }
    case 'ring': {
      // Three in a ring are all neighbours: then it is a line.
      const apart = all.filter(([a, b]) => {
        const distance = Math.abs(hosts.indexOf(a) - hosts.indexOf(b));
        return distance !== 1 && distance !== (count === 3 ? Infinity : count - 1);
      });
      return { first: hosts, pairs: apart };
    }
    case 'random': {
      const drawn = all.filter(() => random.chance(0.5));
      return { first: hosts, pairs: drawn.length > 0 ? drawn : [random.pick(all)] };
    }
  }
}

function shuffled<H>(hosts: readonly H[], random: RandomStream): readonly H[] {
  const rest = [...hosts];
  const order: H[] = [];
  while (rest.length > 0) order.push(...rest.splice(random.integer(rest.length), 1));
  return order;
}
