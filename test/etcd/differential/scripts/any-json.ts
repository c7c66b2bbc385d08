import { Choices } from '../random.ts';
import type { Step } from '../step.ts';

const leaves =
  '"YQ==" "YQ" "a" "***" "" "\\u00e9" "\\ud800" "\\/" "\\x" 0 1 -1 1.0 1e2 1.5 1e400 -0 01 "1" "_1" "1.0" "1e2" "-1" "0x1" ' +
  '9223372036854775807 9223372036854775808 "9223372036854775808" true false null True NaN "NaN" "KEY" "key" "DESCEND" "VALUE" ' +
  '4711 {} [] [null] [{}] {"a":1} "a\nb" \'a\'';
const names =
  'key range_end rangeEnd limit revision sort_order sortOrder sort_target serializable keys_only unknown KEY compare success ' +
  'failure value lease prev_kv ignore_value ID keys name password options perm role target result request_put requestRange physical';
/** None that answers otherwise each time, or decides what the next ones are answered. */
const paths =
  'kv/range kv/put kv/txn kv/deleterange kv/compaction lease/timetolive auth/user/add auth/role/grant cluster/member/list';

const choices = new Choices(20_26);
const anyOf = (list: string): string => choices.one(list.split(' '));
const slip = (text: string): string => (choices.chance(0.03) ? '' : text);
const several = (make: () => string): string =>
  Array.from({ length: choices.below(4) }, make).join(slip(','));

function object(depth: number): string {
  const value = (): string => {
    if (depth === 0 || choices.chance(0.65)) return anyOf(leaves);
    return choices.chance(0.5) ? object(depth - 1) : `[${several(() => object(depth - 1))}]`;
  };
  return `{${several(() => `"${anyOf(names)}"${slip(':')}${value()}`)}${slip('}')}${choices.chance(0.03) ? 'x' : ''}`;
}

/** JSON by chance at the gateway: names and values that fit together now and then, and a slip of the pen here and there. */
export const anyJson: readonly Step[] = Array.from({ length: 600 }, (): Step => ({
  http: 'POST',
  path: `/v3/${anyOf(paths)}`,
  body: choices.chance(0.05) ? anyOf(leaves) : object(2),
}));
