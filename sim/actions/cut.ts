import { either, everywhere, roleSchema, rolesOf, type GroundAction } from './action.ts';

interface OneWay {
  readonly from: string;
  readonly to: string;
}

/**
 * `cut: follower[0]`: from every other host. `cut: [leader, follower[0]]`: between these two, both ways.
 * `cut: {from: leader, to: follower[0]}`: one way only.
 */
export const cut: GroundAction = {
  name: 'cut',
  schema: either(
    { type: 'object' },
    {
      type: 'object',
      properties: { from: roleSchema, to: roleSchema },
      required: ['from', 'to'],
      additionalProperties: false,
    },
    either(
      { type: 'array' },
      {
        type: 'array',
        items: roleSchema,
        minItems: 2,
        maxItems: 2,
        description: 'the two between which to cut, such as [leader, follower[0]]',
      },
      roleSchema,
    ),
  ),
  roles,
  check(value) {
    const [a, b] = roles(value);
    return a === b ? `cuts ${a} from itself; name two` : undefined;
  },
  real: everywhere,
  perform(value, stage) {
    const { world } = stage;
    if (typeof value === 'string') {
      const group = stage.hosts(value);
      world.partition(group);
      return group;
    }
    const oneWay = !Array.isArray(value);
    const [from, to] = roles(value).map((role) => stage.hosts(role));
    for (const one of from!) {
      for (const other of to!) {
        world.path(one, other).cut(world.now);
        if (!oneWay) world.path(other, one).cut(world.now);
      }
    }
    return [...from!, ...to!];
  },
};

function roles(value: unknown): readonly string[] {
  if (typeof value === 'string' || Array.isArray(value)) return rolesOf(value);
  const { from, to } = value as OneWay;
  return [from, to];
}
