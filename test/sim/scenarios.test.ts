import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../sim/scenario/scenario.ts';
import { simulate, type SimulationOptions, type SimulationReport } from '../../sim/simulation.ts';
import type { StoreConnection } from '../../sim/workloads/kv-workload.ts';
import { AssertionError } from '../../src/base/assert.ts';
import { engine, slowEngine } from './engine.ts';
import { changed, losePuts, repeatReads, skipEvents } from './lying-clients.ts';

/**
 * Every scenario that is shipped, with seeds that once found something. What they found is in the history of
 * src/wal/durable-directory.ts and sim/checkers/leader-completeness.ts, for example.
 */
const seedsOf: Readonly<Record<string, readonly number[]>> = {
  'agent-loss.yaml': [1],
  'asymmetric-flap.yaml': [1],
  'bad-disk.yaml': [1],
  'brief-outages.yaml': [1],
  'byzantine-switch.yaml': [1],
  'compaction-crash.yaml': [1],
  'controller-crash.yaml': [1],
  'defrag-crash.yaml': [1],
  'disk-full-at-leader.yaml': [1],
  'inconsistent-revision.yaml': [1],
  'leader-crash.yaml': [7],
  'membership-across-terms.yaml': [1],
  'power-loss.yaml': [6],
  'relist-herd.yaml': [1],
  'rolling-restart.yaml': [1, 5],
  'single-node-lost-write.yaml': [1],
  'slow-fsync-leader.yaml': [1],
  'split-brain-node.yaml': [1],
  'stale-statefulset.yaml': [1],
  'watch-time-travel.yaml': [1],
  'zombie-leader.yaml': [7],
};

const folder = 'scenarios';
const readFile = (path: string): string => readFileSync(`${folder}/${path}`, 'utf8');

function parse(text: string, file: string): Scenario {
  const parsed = parseScenario(text, file, readFile);
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return parsed.value;
}

/** Some seconds of a store with clients, nothing more. */
const store = parse(
  `
name: store
cluster: {servers: 3, agents: 0}
workload: {kv: {clients: 3, keys: 2, watchers: 1}}
expect: {always: [no-lost-ack, linearizable, watch-gap-free]}
duration: 4s
`,
  'store.yaml',
);

function run(scenario: Scenario, options: Partial<SimulationOptions> = {}): Promise<SimulationReport> {
  return simulate(scenario, { seed: 1, engine, ...options });
}

describe('every scenario', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  it('has seeds here', () => expect(files.toSorted()).toEqual(Object.keys(seedsOf)));

  for (const file of files) {
    const scenario = parse(readFile(file), file);
    for (const seed of seedsOf[file] ?? []) {
      it(`${file} holds with seed ${seed}, twice the same`, { timeout: 60_000 }, async () => {
        const report = await run(scenario, { seed });
        expect(report).toMatchObject({ verdict: 'passed', violations: [] });
        expect(await run(scenario, { seed })).toEqual(report);
      });
    }
  }
});

describe('a run', () => {
  it('follows from its seed alone, whatever drains the microtasks', async () => {
    const report = await run(store);
    expect(report).toMatchObject({ verdict: 'passed', simulatedMillis: expect.closeTo(4000, -1) as number });
    expect(await run(store, { engine: slowEngine })).toEqual(report);
    expect((await run(store, { seed: 2 })).traceHash).not.toBe(report.traceHash);
  });

  it('finds a write that was acknowledged and never sent', async () => {
    const { verdict, violations } = await run(store, { storeClient: losePuts });
    expect(verdict).toBe('failed');
    expect(violations[0]).toMatchObject({
      checker: 'no-lost-ack',
      where: expect.stringMatching(/^client-\d/) as string,
      message: expect.stringContaining('which does not hold it') as string,
    });
    expect(violations[0]!.atMillis).toBeGreaterThan(0);
  });

  it('finds reads from the past', async () => {
    const { violations } = await run(store, { storeClient: repeatReads });
    expect(violations.map(({ checker }) => checker)).toEqual(['linearizable']);
    expect(violations[0]!.message).toContain('before it began');
  });

  it('finds a watch with a gap', async () => {
    const { violations } = await run(store, { storeClient: skipEvents });
    expect(violations[0]).toMatchObject({
      checker: 'watch-gap-free',
      where: expect.stringMatching(/^watcher-1\./) as string,
    });
  });

  it('names the host and the time of a failed assertion, and says nothing of what it did not reach', async () => {
    const withPods: Scenario = {
      ...store,
      expect: { ...store.expect, finally: [{ type: 'pods-running', options: { count: 1 } }] },
    };
    const { verdict, violations } = await run(withPods, { storeClient: breakDown });
    expect(verdict).toBe('failed');
    expect(violations).toEqual([
      {
        checker: 'assertion',
        where: expect.stringMatching(/^client-\d$/) as string,
        atMillis: expect.any(Number) as number,
        message: expect.stringContaining('planted') as string,
      },
    ]);
  });

  it('judges the final expectations of a run that came to its end', async () => {
    const withPods: Scenario = {
      ...store,
      expect: {
        ...store.expect,
        finally: [{ type: 'pods-running', options: { count: 1 } }],
        withinMillis: 500,
      },
    };
    const { violations, simulatedMillis } = await run(withPods);
    expect(violations).toEqual([
      { checker: 'pods-running', atMillis: simulatedMillis, message: '0 pods run of 1 wanted' },
    ]);
  });
});

/** The tenth read finds a bug. */
function breakDown(etcd: StoreConnection): StoreConnection {
  let reads = 0;
  return changed(etcd, {
    range: (request) => {
      if (++reads === 10) throw new AssertionError('planted');
      return etcd.range(request);
    },
  });
}
