import { roleSchema, type Action } from './action.ts';

interface OneWay {
  readonly from: string;
  readonly to: string;
}

/**
 * `cut: follower[0]`: from every other host. `cut: [leader, follower[0]]`: between these two, both ways.
 * `cut: {from: leader, to: follower[0]}`: one way only.
 */
export const cut: Action = {
  name: 'cut',
  schema: {
    anyOf: [
      roleSchema,
      { type: 'array', items: roleSchema, minItems: 2, maxItems: 2 },
      {
        type: 'object',
        properties: { from: roleSchema, to: roleSchema },
        required: ['from', 'to'],
        additionalProperties: false,
      },
    ],
  },
  perform(value, stage) {
    const { world } = stage;
    if (typeof value === 'string') {
      const group = stage.hosts(value);
      world.partition(group);
      return group;
    }
    const oneWay = !Array.isArray(value);
    const { from: a, to: b } = oneWay ? (value as OneWay) : { from: String(value[0]), to: String(value[1]) };
    const [from, to] = [stage.hosts(a), stage.hosts(b)];
    for (const one of from) {
      for (const other of to) {
        world.path(one, other).cut(world.now);
        if (!oneWay) world.path(other, one).cut(world.now);
      }
    }
    return [...from, ...to];
  },
};
