import { bench, describe } from 'vitest';

import { searchKv } from '../../sim/checkers/kv-search.ts';
import { checkRevisions } from '../../sim/checkers/revision-order.ts';
import type { KvCall, KvOperation, KvOutcome } from '../../sim/kv-history.ts';

/** How long the judges of histories take: `npx vitest bench --run test/sim/checkers-kv`. */
const once = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 };

const sizes = [
  { calls: 1_000_000, clients: 100, keys: 20, search: false },
  { calls: 100_000, clients: 50, keys: 20, search: true },
  { calls: 100_000, clients: 10, keys: 20, search: true },
  { calls: 10_000, clients: 5, keys: 1, search: true },
] as const;

for (const { calls, clients, keys, search } of sizes) {
  describe(`${calls} calls of ${clients} clients on ${keys} keys`, () => {
    const history = playHistory(calls, clients, keys);
    bench(
      'by revision',
      () => {
        const problem = checkRevisions(history);
        if (problem !== undefined) throw new Error(problem);
      },
      once,
    );
    if (!search) return;
    bench(
      'by search',
      () => {
        const problem = searchKv(history, 5_000_000);
        if (problem !== undefined) throw new Error(problem);
      },
      once,
    );
  });
}

/** Overlapping gets, puts, swaps and deletes; each takes effect at a moment between its call and its return. */
function playHistory(count: number, clients: number, keys: number): KvCall[] {
  let seed = 1;
  const random = (bound: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * bound);
  };
  const held = new Map<string, { readonly value: string; readonly modRevision: number }>();
  const open = new Map<number, KvCall>();
  const calls: KvCall[] = [];
  let revision = 1;
  let time = 0;
  const takeEffect = ({ operation }: KvCall): KvOutcome => {
    switch (operation.type) {
      case 'put':
        held.set(operation.key, { value: operation.value, modRevision: ++revision });
        return { type: 'put', revision };
      case 'cas': {
        const succeeded = held.get(operation.key)?.value === operation.from;
        if (succeeded) held.set(operation.key, { value: operation.to, modRevision: ++revision });
        return { type: 'cas', succeeded, revision };
      }
      case 'delete': {
        const there = held.delete(operation.key);
        if (there) revision++;
        return { type: 'deleted', count: there ? 1 : 0, revision };
      }
      case 'get': {
        const found = held.get(operation.key) ?? { value: undefined, modRevision: 0 };
        return { type: 'got', ...found, revision };
      }
      default:
        throw new Error(operation.type);
    }
  };
  const operationOf = (key: string, value: string): KvOperation => {
    const draw = random(10);
    if (draw < 5) return { type: 'get', key };
    if (draw < 8) return { type: 'put', key, value };
    return draw < 9 ? { type: 'cas', key, from: held.get(key)?.value, to: value } : { type: 'delete', key };
  };
  while (calls.length < count || open.size > 0) {
    time++;
    const client = random(clients);
    const call = open.get(client);
    if (call === undefined) {
      if (calls.length >= count) continue;
      const operation = operationOf(`k${random(keys)}`, `v${time}`);
      const fresh: KvCall = {
        client: `c${client}`,
        operation,
        callTime: time,
        callMillis: time,
        returnTime: Infinity,
        outcome: { type: 'unknown' },
      };
      calls.push(fresh);
      open.set(client, fresh);
    } else if (call.outcome.type === 'unknown') call.outcome = takeEffect(call);
    else {
      call.returnTime = time;
      open.delete(client);
    }
  }
  return calls;
}
