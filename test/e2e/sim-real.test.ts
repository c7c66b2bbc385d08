import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import type { Scenario } from '../../sim/scenario/scenario.ts';
import { playForReal, type RealOptions } from '../../src/cli/sim/real/play-for-real.ts';
import { losePuts, repeatReads, skipEvents } from '../sim/lying-clients.ts';
import { drydock } from './live-cluster.ts';

const command = [process.execPath, drydock, 'etcd'];

function parse(text: string): Scenario {
  const parsed = parseScenario(text, 's.yaml', () => '');
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return parsed.value;
}

const short = `name: short
modes: [sim, real]
cluster: {store: 1}
workload: {kv: {clients: 3, keys: 2, watchers: 2, pause: 5ms}}
timeline: []
expect: {always: [no-lost-ack, linearizable, watch-guarantees, log-matching]}
duration: 2s
`;

async function play(scenario: Scenario, options: Partial<RealOptions> = {}) {
  const report = await playForReal(scenario, { seed: 1, command, ...options });
  if (report.folder !== undefined) rmSync(report.folder, { recursive: true });
  return report;
}

describe('a scenario on real processes', { timeout: 120_000 }, () => {
  it('kills, stops, cuts and breaks, and every promise holds', async () => {
    const scenario = parse(readFileSync('scenarios/brief-outages.yaml', 'utf8'));
    const said: string[] = [];
    const report = await play(scenario, { onProgress: (line) => said.push(line) });
    expect(report.violations).toEqual([]);
    expect(report).toMatchObject({
      mode: 'real',
      verdict: 'passed',
      steps: { kill: 1, restart: 1, pause: 1, cut: 1, heal: 1, reset: 1 },
      faults: { kill: 1, pause: 1 },
    });
    expect(report.notJudged).toContain('log-matching');
    expect(report.events).toBeGreaterThan(200);
    expect(report.faults['packet-cut']).toBeGreaterThan(0);
    expect(report.faults['connection-reset']).toBeGreaterThan(0);
    expect(said.some((line) => /kill server-\d$/.test(line))).toBe(true);
  });

  it('finds a write that was told as done and never sent', async () => {
    const { verdict, violations } = await play(parse(short), { storeClient: losePuts });
    expect(verdict).toBe('failed');
    expect(violations[0]).toMatchObject({
      checker: 'no-lost-ack',
      message: expect.stringContaining('which does not hold it') as string,
    });
  });

  it('finds a read from the past, and a watch with a gap', async () => {
    const { violations } = await play(parse(short), { storeClient: (etcd) => skipEvents(repeatReads(etcd)) });
    expect(violations.map(({ checker }) => checker).toSorted()).toEqual(['linearizable', 'watch-guarantees']);
  });

  it('finds a member that ends by itself, at once, and tells what it said last', async () => {
    const startedAt = performance.now();
    const long = parse(short.replace('duration: 2s', 'duration: 60s'));
    const { violations } = await play(long, { command: [process.execPath, '-e', 'console.log("no more")'] });
    expect(violations).toEqual([
      {
        checker: 'crash',
        where: 'server-1',
        atMillis: expect.any(Number) as number,
        message: expect.stringMatching(/^server-1 ended by itself: exit code \d+; it said last: /) as string,
      },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('says what is the matter when the scenario cannot go on', async () => {
    const step = '\n  - {at: 100ms, kill: server-1}\n  - {at: +100ms, pause: {host: leader, for: 1s}}';
    const { violations } = await play(parse(short.replace('timeline: []', `timeline:${step}`)));
    expect(violations).toEqual([
      expect.objectContaining({
        checker: 'scenario',
        message: expect.stringContaining('s.yaml:7: pause: there is no leader at this moment') as string,
      }),
    ]);
  });

  it('is played by `drydock sim --real`, and refused with a sentence where it cannot be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-sim-real-'));
    const file = join(folder, 'short.yaml');
    try {
      writeFileSync(file, short.replace('2s', '1s'));
      const played = await run([file, '--real', '--json']);
      expect(played.code).toBe(0);
      expect(JSON.parse(played.stdout)).toMatchObject({ mode: 'real', verdict: 'passed', seed: 1 });
      expect(played.stderr).toContain('the run begins');
      const text = await run([file, '--real', '--log']);
      expect(text.stdout).toMatch(/passed {2}short on real processes, seed 1\n/);
      expect(text.stdout).toContain('not judged log-matching (');
      expect(text.stderr).toMatch(/server-1 \{"time".*ready to serve/);
      writeFileSync(file, short.replace('modes: [sim, real]\n', ''));
      const refused = await run([file, '--real']);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('add `modes: [sim, real]`');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [drydock, 'sim', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
