import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const drydock = resolve(import.meta.dirname, '../../dist/src/cli/drydock.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sim(...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(process.execPath, [drydock, 'sim', ...args], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Nobody can promise that no leader is ever elected again. */
const hopeless = `
name: hopeless
cluster: {store: 3, tick: 20ms}
workload: {kv: {clients: 3, keys: 2, watchers: 1, pause: 30ms}}
timeline:
  - {at: 500ms, pause: {host: server-1, for: 100ms}}
  - {at: 1s, crash: leader, else: skip}
  - {at: 1200ms, clock: {host: server-2, jump: +1s}}
  - {at: 2s, restart: servers}
expect: {always: [linearizable], bounds: {leader-changes: 0}}
duration: 3s
`;

describe('drydock sim', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-sim-tools-'));
  const file = join(folder, 'hopeless.yaml');
  writeFileSync(file, hopeless);
  afterAll(() => rmSync(folder, { recursive: true }));

  it(
    'draws a scenario for a seed that can be printed and played as a file',
    { timeout: 60_000 },
    async () => {
      const { stdout: text } = await sim('--swarm', '--seed', '2', '--print');
      const drawn = join(folder, 'drawn.yaml');
      writeFileSync(drawn, text);
      const [asSwarm, asFile] = await Promise.all([
        sim('--swarm', '--seed', '2', '--json'),
        sim(drawn, '--seed', '2', '--json'),
      ]);
      const { realMillis: _one, ...first } = JSON.parse(asSwarm.stdout) as Record<string, unknown>;
      const { realMillis: _other, ...second } = JSON.parse(asFile.stdout) as Record<string, unknown>;
      expect(second).toEqual(first);
    },
  );

  it('prints its vocabulary for editors', async () => {
    const { stdout } = await sim('schema');
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['name']) as unknown,
    });
  });

  it('divides a sweep among shards', { timeout: 120_000 }, async () => {
    const { stdout, code } = await sim(
      '--swarm',
      '--seeds',
      '1..7',
      '--shard',
      '1/3',
      '--json',
      '--jobs',
      '1',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 2, passed: 2 });
    expect((await sim('--swarm', '--seeds', '1..7', '--shard', '3/3')).stderr).toMatch(
      /--shard 3\/3 is not a part/,
    );
  });

  it(
    'makes a failing seed small, and writes it as a file that fails alike',
    { timeout: 240_000 },
    async () => {
      const { code, stdout } = await sim('shrink', file, '--seed', '1');
      expect(code).toBe(0);
      expect(stdout).toMatch(/1 of 4 steps are left/);
      const small = join(folder, 'hopeless-1-min.yaml');
      expect(readFileSync(small, 'utf8')).toMatch(/^# Seed 1 breaks leader-changes/);
      const again = await sim(small, '--seed', '1');
      expect(again.code).toBe(1);
      expect(again.stdout).toContain('leader-changes');
      expect((await sim('shrink', '--swarm', '--seed', '2')).stderr).toContain('seed 2 passes');
    },
  );

  it('plays other futures, and shows where the failure became certain', { timeout: 240_000 }, async () => {
    const { stdout } = await sim('replay', file, '--seed', '1', '--futures', '2', '--points', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      checker: 'leader-changes',
      points: [{ of: 2 }, { of: 2 }, { of: 2, failed: 2 }],
    });
    const { stderr } = await sim('replay', file, '--seed', '1', '--from', '1s');
    const times = stderr.split('\n').flatMap((line) => (line === '' ? [] : [Number.parseFloat(line)]));
    expect(times.length).toBeGreaterThan(0);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
  });

  it('writes histories for the checkers of others', { timeout: 120_000 }, async () => {
    const written = await Promise.all(
      ['jsonl', 'edn', 'porcupine', 'raft'].map(
        async (format) => (await sim('history', file, '--format', format)).stdout,
      ),
    );
    expect(written[0]).toMatch(/^\{"index":0,"time_ns":\d+,"process":0,"type":"invoke"/);
    expect(written[1]).toMatch(/^\{:process 0, :type :invoke, /);
    expect(JSON.parse(written[2]!)).toBeInstanceOf(Array);
    expect(written[3]).toMatch(/^\{"tag":"trace","event":\{"name":"InitState"/);
  });
});
