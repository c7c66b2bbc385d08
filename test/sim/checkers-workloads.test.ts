import { describe, expect, it } from 'vitest';

import { checkers } from '../../sim/checkers/registry.ts';
import type { Checker } from '../../sim/observations.ts';
import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { simulate, type SimulationOptions, type SimulationReport } from '../../sim/simulation.ts';
import type { StoreConnection } from '../../sim/workloads/workload.ts';
import type { EtcdClient } from '../../src/etcd/client.ts';
import { engine } from './engine.ts';

/** Everything at once, judged by everybody. */
function scenarioText(client: 'link' | 'grpc'): string {
  return `
name: everything
cluster: {store: 3, spares: 1, snapshot-entries: 40, catch-up-entries: 5}
workload:
  kv:
    clients: 3
    keys: 2
    watchers: 1
    client: ${client}
    mix: {get: 3, put: 4, cas: 2, delete: 1, txn: 3, range: 2, stale: 2, past: 1, lease: 2}
  watch: {watchers: 3, client: ${client}}
  lease: {holders: 2, client: ${client}}
  lock: {holders: 3, client: ${client}}
  compact: {every: 1s, defragment: ${client === 'grpc'}}
  ${client === 'grpc' ? 'snapshot: {every: 1s}' : 'membership: {every: 2s}'}
timeline:
  - {at: 3s, crash: leader, as: lost}
  - {at: 4s, restart: lost}
  - {at: 5s, pause: {host: leader, for: 2s}}
expect: {always: [${Object.keys(checkers).join(', ')}]}
duration: 12s
`;
}

const authText = `
name: auth
cluster: {store: 3}
workload: {auth: {users: 3}}
timeline:
  - {at: 3s, crash: leader, as: lost}
  - {at: 4s, restart: lost}
expect: {always: [auth-rules, linearizable, no-lost-ack]}
duration: 8s
`;

function run(text: string, options: Partial<SimulationOptions> = {}): Promise<SimulationReport> {
  const parsed = parseScenario(text, 'workloads.yaml', () => '');
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return simulate(parsed.value, { seed: 1, engine, ...options });
}

/** What a run came to: types of facts, and of what clients were told. */
class Sights implements Checker {
  readonly name = 'sights';
  readonly seen = new Set<string>();

  observe(fact: Parameters<Checker['observe']>[0]): undefined {
    this.seen.add(fact.type);
    if (fact.type === 'client-return' || fact.type === 'lease-return') this.seen.add(fact.outcome.type);
    if (fact.type === 'request-applied') {
      const who = fact.auth === undefined ? '' : fact.auth.username === 'root' ? ' by root' : ' by a user';
      this.seen.add(`${fact.request.type} ${fact.events.length > 0 ? 'changes' : 'changes nothing'}${who}`);
    }
    return undefined;
  }

  finish(): undefined {
    return undefined;
  }
}

describe('people who use the store in every way', () => {
  const common = [
    ['client-return', 'got', 'put', 'cas', 'deleted', 'ranged', 'txn', 'refused'],
    ['lease-return', 'granted', 'renewed', 'revoked', 'lease-revoke changes'],
    ['lock-acquired', 'lock-released', 'compact changes nothing'],
    ['watch-started', 'watch-events', 'watch-progress', 'watch-ended'],
    ['state-hashed', 'kv-hashed', 'message-sent', 'hard-state-saved', 'revision-applied'],
  ].flat();
  const ways = [
    { client: 'link', also: ['snapshot-installed'] },
    { client: 'grpc', also: ['snapshot-taken'] },
  ] as const;

  for (const { client, also } of ways) {
    it(`by ${client}: every judge is content, and has seen what it judges`, { timeout: 60_000 }, async () => {
      const sights = new Sights();
      const report = await run(scenarioText(client), { recorders: [sights] });
      expect(report).toMatchObject({ verdict: 'passed', violations: [] });
      for (const sight of [...common, ...also]) expect(sights.seen).toContain(sight);
      expect((await run(scenarioText(client))).traceHash).toBe(report.traceHash);
    });
  }

  it('users and their administrator', { timeout: 60_000 }, async () => {
    const sights = new Sights();
    const report = await run(authText, { recorders: [sights] });
    expect(report).toMatchObject({ verdict: 'passed', violations: [] });
    const wanted = [
      'put changes by a user',
      'put changes nothing by a user',
      'auth changes nothing by root',
      'got',
      'refused',
    ];
    for (const sight of wanted) expect(sights.seen).toContain(sight);
  });
});

describe('a client that lies to its user', () => {
  const find = async (storeClient: SimulationOptions['storeClient'] & {}): Promise<string> => {
    const { violations } = await run(scenarioText('link'), { storeClient });
    return `${violations[0]?.checker}: ${violations[0]?.message}`;
  };

  it('about renewals', { timeout: 60_000 }, async () => {
    expect(await find((etcd) => changed(etcd, { leaseKeepAlive: () => Promise.resolve(9) }))).toMatch(
      /^lease-rules: .*(an ended lease does not come back|may not end before)/,
    );
  });

  it('about stale reads, which get older', { timeout: 60_000 }, async () => {
    expect(await find(everOlder)).toMatch(/^no-time-travel: .*on the same connection$/);
  });

  it('about who holds a lock', { timeout: 60_000 }, async () => {
    const alone = (etcd: StoreConnection): StoreConnection =>
      changed(etcd, {
        range: async (request) => {
          const answer = await etcd.range(request);
          if (request.maxCreateRevision === undefined) return answer;
          return { ...answer, kvs: answer.kvs.slice(-1) };
        },
      });
    expect(await find(alone)).toMatch(/^mutual-exclusion: .*comes before it and still stands$/);
  });
});

/** `etcd` with some methods replaced. */
function changed(etcd: StoreConnection, changes: Partial<EtcdClient>): StoreConnection {
  return new Proxy(etcd, {
    get: (target, name) => {
      const own = changes[name as keyof EtcdClient];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The fifth serializable read of a connection says that it is ten revisions older than it is. */
function everOlder(etcd: StoreConnection): StoreConnection {
  let reads = 0;
  return changed(etcd, {
    range: async (request) => {
      const answer = await etcd.range(request);
      if (request.serializable !== true || ++reads !== 5) return answer;
      const { header } = answer;
      return { ...answer, header: { ...header, revision: (header.revision - 10) as typeof header.revision } };
    },
  });
}
