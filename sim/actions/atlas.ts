import type { Action } from './action.ts';

/** `atlas: off`: faults may destroy every copy from now on. Then all may be refused, and still nothing may be lied about. */
export const atlas: Action = {
  name: 'atlas',
  // YAML 1.2 reads `off` as text.
  schema: { const: 'off', description: '`atlas: off`' },
  roles: () => [],
  perform(_value, { world }) {
    world.atlas.allowAll();
    return [];
  },
};
