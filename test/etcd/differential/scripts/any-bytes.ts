import { Choices } from '../random.ts';
import { methods } from '../schema.ts';
import type { Step } from '../step.ts';

/** Methods whose answer to an empty request is another each time, or changes who answers the next. */
const apart =
  /LeaseGrant|LeaseLeases|Member(Add|Remove|Update|Promote)|MoveLeader|Defragment|AuthEnable|Lock|Campaign/;
const unary = [...methods]
  .filter(([name, { streaming }]) => !streaming && !apart.test(name))
  .map(([name]) => name);
const choices = new Choices(20_26);

/** Bytes by chance as requests: nearly all of them are none, each in its own way. Small numbers make tags and lengths. */
export const anyBytes: readonly Step[] = Array.from({ length: 1500 }, (): Step => {
  const bytes = Array.from({ length: choices.below(14) }, () =>
    choices.below(choices.chance(0.6) ? 30 : 256),
  );
  return { call: choices.one(unary), raw: String.fromCharCode(...bytes) };
});
