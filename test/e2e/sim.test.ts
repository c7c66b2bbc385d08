import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { simulate } from '../../sim/simulation.ts';
import { engine } from '../sim/engine.ts';
import { drydock } from './live-cluster.ts';

/** Two seconds of the whole cluster, in which nothing but the start happens. */
const short = `
name: short
cluster: {servers: 3, agents: 1}
workload: {kv: {clients: 2, keys: 2}}
expect: {always: [election-safety, linearizable]}
duration: 2s
`;
const failing = `${short}`.replace(
  'linearizable]',
  'linearizable], finally: [pods-running: {count: 1}], within: 500ms',
);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the build, as a user does. */
function run(args: readonly string[], nodeFlags: readonly string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...nodeFlags, drydock, 'sim', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('drydock sim', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'drydock-sim-'));
    writeFileSync(file('short.yaml'), short);
    writeFileSync(file('failing.yaml'), failing);
    writeFileSync(file('typo.yaml'), short.replace('agents', 'agnets'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('repeats a run in other processes, whatever the engine optimizes or collects', async () => {
    const parsed = parseScenario(short, 'short.yaml', (path) => readFileSync(path, 'utf8'));
    if (!parsed.ok) throw new Error(parsed.error.join('\n'));
    const { traceHash } = await simulate(parsed.value, { seed: 3, engine });
    for (const flags of [[], ['--jitless'], ['--no-opt', '--gc-interval=500', '--random-seed=42']]) {
      const { stdout, code } = await run([file('short.yaml'), '--seed', '3', '--json'], flags);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ verdict: 'passed', traceHash });
    }
  });

  it('prints verdict, times, events and hash', async () => {
    const { stdout, stderr, code } = await run([file('short.yaml'), '--seed', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/passed {2}short, seed 3\n {2}simulated {2}2\.\d+ s in .* real/);
    expect(stdout).toMatch(/events {5}\d+ .*\n {2}trace {6}[0-9a-f]{16}\n/);
    expect(stderr).toBe('');
  });

  it('exits 1 and names what broke, when, and how to see it again', async () => {
    const { stdout, code } = await run([file('failing.yaml'), '--seeds', '4..5']);
    expect(code).toBe(1);
    expect(stdout).toContain('0 of 2 seeds passed');
    expect(stdout).toMatch(/broken {5}pods-running at 2\.\d{3} s: 0 pods run of 1 wanted/);
    for (const seed of [4, 5]) {
      expect(stdout).toMatch(new RegExp(`again: npx drydock sim \\S*failing\\.yaml --seed ${seed};`));
    }
  });

  it('exits 2 with one sentence for what cannot be run', async () => {
    for (const [args, sentence] of [
      [
        [file('typo.yaml')],
        /typo\.yaml:3: unknown key agnets in cluster; allowed are store, servers, spares, agents/,
      ],
      [[file('gone.yaml')], /gone\.yaml does not exist: name a scenario file/],
      [[file('short.yaml'), '--seed', 'x'], /--seed x is not a whole number/],
      [[file('short.yaml'), '--seeds', '5..1'], /--seeds 5\.\.1 is not/],
    ] as const) {
      const { stderr, stdout, code } = await run(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(sentence);
    }
  });
});
