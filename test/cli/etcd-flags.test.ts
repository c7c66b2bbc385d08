import { Command } from 'commander';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

import {
  addEtcdFlags,
  durationMillis,
  readAutoCompaction,
  readEtcdFlags,
  readInitialCluster,
  readUrls,
  withDoubleDashes,
  type EtcdFlags,
} from '../../src/cli/etcd-flags.ts';
import { EtcdProcess, findTool, missingTool } from '../e2e/etcd-process.ts';
import { call, runDrydock } from '../e2e/etcd-tools.ts';

/** What a command line of `drydock etcd` comes to. */
function read(...args: readonly string[]): EtcdFlags {
  const command = new Command('etcd').exitOverride().configureOutput({ writeErr: () => {} });
  addEtcdFlags(command);
  command.parse(withDoubleDashes(args), { from: 'user' });
  return readEtcdFlags(command);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("etcd's flags", () => {
  it('have etcd’s defaults', () => {
    expect(read()).toMatchObject({
      name: 'default',
      'listen-client-urls': 'http://localhost:2379',
      'listen-peer-urls': 'http://localhost:2380',
      'initial-cluster-state': 'new',
      'initial-cluster-token': 'etcd-cluster',
      'heartbeat-interval': '100',
      'election-timeout': '1000',
      'strict-reconfig-check': true,
      'initial-corrupt-check': true,
      'client-cert-auth': false,
      'max-txn-ops': '128',
      'max-request-bytes': '1572864',
      'watch-progress-notify-interval': '10m',
    });
  });

  it('begin with one dash or two, and take their value with = or without', () => {
    for (const args of [
      ['--name', 'a', '--client-cert-auth', '--snapshot-count', '7'],
      ['-name', 'a', '-client-cert-auth', '-snapshot-count', '7'],
      ['-name=a', '-client-cert-auth=true', '-snapshot-count=7'],
      ['--name=a', '--client-cert-auth=1', '--snapshot-count=7'],
    ]) {
      expect(read(...args)).toMatchObject({ name: 'a', 'client-cert-auth': true, 'snapshot-count': '7' });
    }
    expect(withDoubleDashes(['-h', '-1', '-unknown', '-', '--', '-name-x'])).toEqual([
      '-h',
      '-1',
      '-unknown',
      '-',
      '--',
      '-name-x',
    ]);
  });

  it('can be environment variables, which the command line outdoes', () => {
    vi.stubEnv('ETCD_NAME', 'from-environment');
    vi.stubEnv('ETCD_STRICT_RECONFIG_CHECK', 'false');
    vi.stubEnv('ETCD_SNAPSHOT_COUNT', '5');
    expect(read('--snapshot-count', '6')).toMatchObject({
      name: 'from-environment',
      'strict-reconfig-check': false,
      'snapshot-count': '6',
    });
  });

  it('are known by their former names too', () => {
    expect(read('--experimental-watch-progress-notify-interval', '3s')).toMatchObject({
      'watch-progress-notify-interval': '3s',
    });
    expect(read('--experimental-initial-corrupt-check=false')).toMatchObject({
      'initial-corrupt-check': false,
    });
    vi.stubEnv('ETCD_EXPERIMENTAL_CORRUPT_CHECK_TIME', '1m');
    expect(read()).toMatchObject({ 'corrupt-check-time': '1m' });
  });
});

describe('flags that etcd has and that mean nothing here', () => {
  const warned = (...args: readonly string[]): readonly string[] => {
    const warnings: string[] = [];
    const command = new Command('etcd').exitOverride();
    addEtcdFlags(command);
    command.parse(withDoubleDashes(args), { from: 'user' });
    readEtcdFlags(command, (warning) => warnings.push(warning));
    return warnings;
  };

  it('are taken with a warning when nobody is misled', () => {
    expect(warned('--max-wals', '3', '--experimental-compaction-batch-limit=10', '-enable-pprof')).toEqual([
      '--max-wals has no effect: the log keeps what it needs and removes the rest',
      '--enable-pprof has no effect: there are no profiles of Go here: start Node with --cpu-prof or --inspect',
      '--compaction-batch-limit has no effect: a compaction makes way for other work by itself',
    ]);
    // What is so anyway is no news.
    expect(warned('--pre-vote=true', '--socket-reuse-address', '--logger=zap')).toEqual([]);
    vi.stubEnv('ETCD_RAFT_READ_TIMEOUT', '3s');
    vi.stubEnv('ETCD_INITAL_CLUSTER', 'a=http://a:1');
    expect(warned()).toEqual([
      'unrecognized environment variable: ETCD_INITAL_CLUSTER',
      expect.stringMatching(/^--raft-read-timeout has no effect: /),
    ]);
  });

  it('are refused with a reason when somebody counts on them', () => {
    for (const [args, sentence] of [
      [['--pre-vote=false'], /^--pre-vote false: it is always on/],
      [['--discovery', 'http://d'], /^--discovery http:\/\/d: there is no discovery: name all first members/],
      [['--discovery-srv=example.com'], /there is no discovery/],
      [['--wal-dir', '/wal'], /mount a disk at DATA-DIR\/wal/],
      [['--socket-reuse-port'], /^--socket-reuse-port true: two members on one port/],
      [['--enable-log-rotation'], /logrotate/],
      [['--experimental-memory-mlock'], /Node cannot lock pages/],
      [['--feature-gates', 'Bogus=true'], /unrecognized feature gate: Bogus/],
      [['--feature-gates', 'LeaseCheckpoint=false'], /LeaseCheckpoint is always true here/],
    ] as const) {
      expect(() => read(...args), args.join(' ')).toThrow(sentence);
    }
    expect(read('--feature-gates', 'InitialCorruptCheck=false,LeaseCheckpoint=true')).toMatchObject({
      'initial-corrupt-check': false,
    });
  });

  it('are all that a real etcd knows, but for those that 3.6 has no more', () => {
    const etcd = findTool('etcd');
    if (etcd === undefined) return missingTool('etcd', 'whether it has flags that are not known here');
    const help = spawnSync(etcd, ['--help'], { encoding: 'utf8' });
    const theirs = [...`${help.stdout}${help.stderr}`.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(
      ([, name]) => name!,
    );
    expect(theirs.length).toBeGreaterThan(100);
    const gone = /^(proxy|enable-v2|experimental-enable-v2v3)/;
    const unknown = theirs.filter((name) => withDoubleDashes([`-${name}`])[0] !== `--${name}`);
    expect(unknown.filter((name) => !gone.test(name))).toEqual([]);
  });
});

describe('the configuration file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-config-'));
  const path = join(folder, 'etcd.conf.yml');
  afterAll(() => rmSync(folder, { recursive: true }));
  const readFile = (text: string, ...args: readonly string[]): EtcdFlags => {
    writeFileSync(path, text);
    return read('--config-file', path, ...args);
  };

  it('is etcd’s, and says everything', () => {
    const flags = readFile(
      `name: m1
data-dir:
snapshot-count: 500
strict-reconfig-check: false
grpc-keepalive-min-time: 7000000000
watch-progress-notify-interval: 3s
proxy: 'off'
proxy-failure-wait: 5000
log-outputs: [stderr, file.log]
client-transport-security:
  cert-file: c.crt
  client-cert-auth: true
  auto-tls: false
peer-transport-security:
  trusted-ca-file: ca.crt
  allowed-cn: member
self-signed-cert-validity: 1
`,
      '--name',
      'other',
    );
    expect(flags).toMatchObject({
      name: 'm1',
      'data-dir': undefined,
      'snapshot-count': '500',
      'strict-reconfig-check': false,
      'grpc-keepalive-min-time': '7000ms',
      'watch-progress-notify-interval': '3s',
      'log-outputs': 'stderr,file.log',
      'cert-file': 'c.crt',
      'client-cert-auth': true,
      'peer-trusted-ca-file': 'ca.crt',
      'peer-cert-allowed-cn': 'member',
      'heartbeat-interval': '100',
    });
  });

  it('is refused with its name and what is wrong', () => {
    for (const [text, sentence] of [
      ['nmae: a', /etcd\.conf\.yml: nmae is no flag of etcd 3\.6/],
      ['- a', /is no table of flags/],
      ['name: [', /etcd\.conf\.yml: /],
      ['initial-cluster-state: maybe', /initial-cluster-state is maybe, and can be new or existing/],
      ['proxy: on', /proxy is no flag of etcd 3\.6/],
      ['pre-vote: false', /always on/],
    ] as const) {
      expect(() => readFile(text), text).toThrow(sentence);
    }
    expect(() => read('--config-file', join(folder, 'none'))).toThrow(/cannot read .*none/);
    expect(readFile('')).toMatchObject({ name: 'default' });
  });
});

describe('the values of flags', () => {
  it('are durations as Go writes them', () => {
    expect(['10m', '1h30m', '500ms', '1.5s', '0'].map((text) => durationMillis('f', text))).toEqual([
      600_000, 5_400_000, 500, 1500, 0,
    ]);
    for (const wrong of ['5', '5q', '-1s', 'm', '1s x']) {
      expect(() => durationMillis('corrupt-check-time', wrong)).toThrow(
        /^--corrupt-check-time .* is no duration/,
      );
    }
  });

  it('are URLs, of hosts, addresses and ports', () => {
    expect(readUrls('f', 'http://a:1, https://[::1]:65535/')).toEqual([
      { text: 'http://a:1', secure: false, address: { host: 'a', port: 1 } },
      { text: 'https://[::1]:65535', secure: true, address: { host: '::1', port: 65_535 } },
    ]);
    for (const wrong of ['a:1', 'ftp://a:1', 'http://a', 'http://a:65536', 'http://a:1/path', 'unix://a:1']) {
      expect(() => readUrls('listen-client-urls', wrong)).toThrow(/^--listen-client-urls .* is no URL/);
    }
  });

  it('are the first members, each with one URL or several', () => {
    const members = readInitialCluster('a=http://a:1,b=http://b:1,a=http://a:2');
    expect([...members].map(([name, urls]) => [name, urls.map(({ text }) => text)])).toEqual([
      ['a', ['http://a:1', 'http://a:2']],
      ['b', ['http://b:1']],
    ]);
    for (const wrong of ['a', '=http://a:1', 'a=b', '']) expect(() => readInitialCluster(wrong)).toThrow();
  });

  it('are what is kept of the history', () => {
    expect(readAutoCompaction('periodic', '0')).toBeUndefined();
    expect(readAutoCompaction('periodic', '2')).toEqual({ mode: 'periodic', retentionMillis: 7_200_000 });
    expect(readAutoCompaction('periodic', '5m')).toEqual({ mode: 'periodic', retentionMillis: 300_000 });
    expect(readAutoCompaction('revision', '1000')).toEqual({ mode: 'revision', retentionRevisions: 1000 });
    expect(() => readAutoCompaction('revision', '5m')).toThrow(/--auto-compaction-retention 5m/);
  });
});

describe('drydock etcd', () => {
  it('refuses wrong flags with one sentence and exit code 2', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-flags-'));
    const data = join(folder, 'data');
    try {
      for (const [args, sentence] of [
        [['--heartbeat-interval', 'abc'], /--heartbeat-interval abc is not a whole number from 1 to/],
        [
          ['-election-timeout=200'],
          /--election-timeout 200 must be at least five times --heartbeat-interval 100/,
        ],
        [['--initial-cluster', 'b=http://127.0.0.1:1'], /does not name this member \(--name default\)/],
        [['--initial-cluster-state', 'maybe'], /Allowed choices are new, existing/],
        [['--client-cert-auth=maybe'], /--client-cert-auth maybe is neither true nor false/],
        [['--listen-client-urls', 'https://127.0.0.1:1'], /https needs --cert-file/],
        [['--listen-client-urls', 'http://127.0.0.1:1,https://127.0.0.1:2'], /mixes http and https/],
        [['--unknown'], /unknown option '--unknown'/],
        [['extra'], /too many arguments/],
      ] as const) {
        const { code, output } = await runDrydock(['etcd', '--data-dir', data, ...args], {
          millisMax: 10_000,
        });
        expect(output).toMatch(sentence);
        expect(output.trim().split('\n'), output).toHaveLength(1);
        expect(output).toMatch(/^drydock: /);
        expect(code, output).toBe(2);
      }
      expect(existsSync(data)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  it('refuses tokens that make no sense when the member is there already, and lets it go', async () => {
    const member = await EtcdProcess.create({ flavour: 'drydock', flags: ['--auth-token', 'bogus'] });
    try {
      await expect(member.start()).rejects.toThrow(/drydock: --auth-token: .* bogus is no type of token/);
      expect(member.exitCode).toBe(2);
    } finally {
      await member.close();
    }
  });

  it('ends when it is asked to while it still waits for the others', async () => {
    const member = await EtcdProcess.create({
      flavour: 'drydock',
      name: 'b',
      initialCluster: 'a=http://127.0.0.1:9,b=http://127.0.0.1:10',
      initialClusterState: 'existing',
    });
    try {
      const starting = member.start().catch((error: unknown) => error);
      await vi.waitFor(() => expect(member.output).toContain('asks the others'), 20_000);
      await member.stop('SIGTERM');
      expect(String(await starting)).toContain('b ended with 0');
    } finally {
      await member.close();
    }
  });

  it('takes its flags from the environment', async () => {
    vi.stubEnv('ETCD_LISTEN_METRICS_URLS', 'http://127.0.0.1:0');
    vi.stubEnv('ETCD_MAX_TXN_OPS', '1');
    const member = await EtcdProcess.start({ flavour: 'drydock' });
    try {
      const requestPut = { key: 'YQ==', value: 'YQ==' };
      const answer = await call(`${member.clientUrl}/v3/kv/txn`, {
        method: 'POST',
        body: { success: [{ requestPut }, { requestPut }] },
      });
      expect(answer.text).toContain('too many operations in txn request');
    } finally {
      await member.close();
    }
  });
});
