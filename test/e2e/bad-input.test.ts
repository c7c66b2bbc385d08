import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { drydock, eventually, runCommand } from './live-cluster.ts';

/**
 * What a wrong flag, a wrong file or a wrong folder is answered with: one sentence that names the thing, the place and
 * the remedy, an exit code that is not 0, no stack, and the data as it was.
 */

const basePort = 17_640;
const scenarios = resolve(import.meta.dirname, '../../scenarios');
const directory = mkdtempSync(join(tmpdir(), 'drydock-bad-'));
const template = join(directory, 'template');
const shape = ['--servers', '1', '--agents', '1', '--base-port', `${basePort}`, '--loopback-block', '192'];
const started: ChildProcess[] = [];

/** Runs a command to its end; one that goes on, because it did not refuse, is ended after a while. */
const run = (...args: readonly string[]): ReturnType<typeof runCommand> =>
  runCommand('timeout', ['20', process.execPath, drydock, ...args], directory);

/** Every file's name and contents, without locks and process ids: those are about who runs, not data. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  const files = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && !/^(LOCK\.|lock\.mdb$|pid$|.*\.log$)/.test(entry.name),
      )
    : [];
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    hash.update(`${path}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Runs a command that must be refused with one sentence, which it returns. */
async function refusal(code: 1 | 2, args: readonly string[], data?: string): Promise<string> {
  const before = data === undefined ? '' : fingerprint(data);
  const { code: found, stdout, stderr } = await run(...args);
  const shown = `drydock ${args.join(' ')}\n${stderr}`;
  expect(stderr, shown).not.toMatch(/^ {4}at |Node\.js v/m);
  const sentences = stderr.split('\n').filter((line) => line.startsWith('drydock: '));
  expect(sentences, shown).toHaveLength(1);
  if (code === 2) expect(stderr.trimEnd(), shown).not.toContain('\n');
  expect(found, shown).toBe(code);
  expect(stdout, shown).toBe('');
  expect(stderr, shown).not.toContain('\x1b');
  if (data !== undefined) expect(fingerprint(data), `${shown}changed its data`).toBe(before);
  return sentences[0]!;
}

let copies = 0;

/** A copy of a cluster's folder that has run, with its configuration pointing into the copy. */
function copyOfCluster(): string {
  const copy = join(directory, `copy-${++copies}`);
  cpSync(template, copy, { recursive: true });
  for (const file of ['server-1/server.json', 'agent-1/agent.json']) {
    const path = join(copy, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(template, copy));
  }
  return copy;
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function segmentOf(copy: string): string {
  return join(copy, 'server-1/etcd/wal/0000000000000001.wal');
}

/** Where the frames of a log segment start; its format is told in wal/frame.ts. */
function frameOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 0; at + 16 <= bytes.length && bytes.readUInt32LE(at) > 0; at += 16 + bytes.readUInt32LE(at)) {
    offsets.push(at);
  }
  return offsets;
}

/** Starts a server and waits until it serves; resolves with what it logged so far. */
async function startServer(
  copy: string,
): Promise<{ readonly child: ChildProcess; readonly log: () => string }> {
  const child = spawn(process.execPath, [drydock, 'server', '--data-dir', join(copy, 'server-1')]);
  started.push(child);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually('the server to serve', 10_000, () => {
    if (child.exitCode !== null) throw new Error(log);
    return log.includes('ready to serve client requests');
  });
  return { child, log: () => log };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resume) => child.once('exit', resume));
  child.kill('SIGTERM');
  await ended;
}

function occupy(port: number, host = '127.0.0.1'): Promise<Server> {
  return new Promise((resume, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => resume(server));
  });
}

beforeAll(async () => {
  expect(existsSync(drydock), 'run `npm run build` first').toBe(true);
  expect((await run('init', '--data-dir', template, ...shape)).code).toBe(0);
  const { child } = await startServer(template);
  // Enough records for damage to be in the middle.
  const segment = segmentOf(template);
  await eventually('records', 10_000, () => frameOffsets(readFileSync(segment)).length > 8);
  await stop(child);
}, 30_000);

afterAll(async () => {
  await Promise.all(started.map(stop));
  rmSync(directory, { recursive: true, force: true });
}, 20_000);

describe.concurrent('wrong usage', () => {
  const cases: readonly (readonly [args: string, sentence: RegExp])[] = [
    ['upp', /unknown command 'upp' \(Did you mean up\?\); see drydock --help$/],
    ['frobnicate', /unknown command 'frobnicate'/],
    ['up --severs 3', /unknown option '--severs' \(Did you mean --servers\?\)/],
    ['up extra', /too many arguments for 'up'/],
    ['up --servers 2', /--servers 2 .* choose 1, 3 or 5/],
    ['up --servers 0x3', /--servers 0x3 is not a whole number from 1 to 5/],
    ['up --agents 17', /--agents 17 is not a whole number from 1 to 16/],
    ['up --base-port 80', /--base-port 80 is not a whole number from 1024 to 65000/],
    ['up --loopback-block 224', /--loopback-block 224 is not a whole number from 1 to 223/],
    ['up --timeout soon', /--timeout soon is not a whole number from 1 to 3600/],
    ['up --manifest nope.yaml', /--manifest nope\.yaml does not exist: name a YAML file/],
    [`up --manifest ${tmpdir()}`, /cannot read .*: it is a folder/],
    ['init --servers four', /--servers four is not a whole number/],
    ['server', /required option '--data-dir <dir>'/],
    ['agent', /required option '--data-dir <dir>'/],
    ['status --json=yes', /'--json|unknown option/],
    ['sim', /name one scenario file/],
    ['sim nope.yaml', /nope\.yaml does not exist: name a scenario file/],
    [`sim ${tmpdir()}`, /cannot read .*: it is a folder/],
    [`sim ${scenarios}/leader-crash.yaml --seed x`, /--seed x is not a whole number/],
    [`sim ${scenarios}/leader-crash.yaml --seeds 5..1`, /--seeds 5\.\.1 is not a range .*write 1\.\.100/],
    [`sim ${scenarios}/leader-crash.yaml --seeds 1..99999999999`, /is not a range of at most \d+ seeds/],
    ['bench schedular', /unknown command 'schedular' \(Did you mean scheduler\?\)/],
    ['bench scheduler --nodes x', /--nodes x is not a whole number/],
    ['bench scheduler --policies magic', /no scheduling policy "magic": choose from/],
    ['completion tcsh', /'tcsh' is invalid.*bash, zsh, fish/],
  ];

  it.each(cases)('drydock %s', async (args, sentence) => {
    expect(await refusal(2, args.split(' '))).toMatch(sentence);
  });

  it('makes no folder for a cluster that is refused', () => {
    expect(existsSync(join(directory, '.drydock'))).toBe(false);
  });
});

describe.concurrent('scenarios', () => {
  const story = readFileSync(join(scenarios, 'leader-crash.yaml'), 'utf8');
  const lineOf = (text: string): number => story.slice(0, story.indexOf(text)).split('\n').length;
  const cases: readonly (readonly [what: string, from: string, to: string, sentence: RegExp])[] = [
    ['an unknown key', 'duration:', 'extra: 1\nduration:', /unknown key extra .*allowed are name, about/],
    ['an unknown action', 'crash: leader', 'crush: leader', /unknown key crush .*allowed are .*crash/],
    ['an unknown checker', '- linearizable', '- linear', /is "linear"; allowed are .*linearizable/],
    [
      'a wrong type',
      'servers: 3',
      'servers: many',
      /cluster\.servers is "many"; write a whole number from 1 to 9/,
    ],
    ['a missing manifest', 'manifests/hello.yaml', 'nope.yaml', /cannot read nope\.yaml: it does not exist/],
    ['malformed YAML', '{rc: hello,', '{rc: hello', /:\d+: not valid YAML .*comma between two keys/],
    [
      'an unknown target',
      'crash: leader',
      'crash: chief',
      /there is no chief; use leader, .*server-1 to server-3/,
    ],
    ['an unknown name', 'restart: lost', 'restart: losst', /there is no losst; .*did you mean lost\?/],
    ['an unknown object', '{rc: hello,', '{rc: helo,', /names helo, but .*did you mean hello\?/],
  ];

  it.each(cases)('%s', async (what, from, to, sentence) => {
    expect(story).toContain(from);
    mkdirSync(join(directory, 'manifests'), { recursive: true });
    cpSync(join(scenarios, 'manifests'), join(directory, 'manifests'), { recursive: true });
    const name = `scenario-${what.replaceAll(' ', '-')}.yaml`;
    writeFileSync(join(directory, name), story.replace(from, to));
    const found = await refusal(2, ['sim', name]);
    expect(found).toMatch(sentence);
    const line = Number(/\.yaml:(\d+):/.exec(found)?.[1]);
    expect(Math.abs(line - lineOf(from))).toBeLessThanOrEqual(1);
  });
});

describe.concurrent('manifests', () => {
  const rc = 'apiVersion: v1\nkind: ReplicationController\nmetadata: {name: web}\n';
  const cases: readonly (readonly [what: string, text: string, sentence: RegExp])[] = [
    [
      'malformed YAML',
      'apiVersion: v1\nkind: {Pod\n',
      /manifest-malformed-YAML\.yaml:\d+: not valid YAML.*fix the syntax/,
    ],
    [
      'an unknown field',
      `${rc}spec: {replicsa: 3}\n`,
      /ReplicationController web: unknown field spec\.replicsa/,
    ],
    ['a wrong type', `${rc}spec: {replicas: many}\n`, /ReplicationController web: .*replicas/],
    ['no name', 'apiVersion: v1\nkind: Pod\nmetadata: {}\n', /:1: the Pod has no metadata\.name; add one/],
    [
      'an unknown kind',
      rc.replace('ReplicationController', 'Frob'),
      /Frob web: .*cannot apply this kind; use/,
    ],
    [
      'another version',
      rc.replace('v1', 'v2'),
      /there is no ReplicationController in v2; write apiVersion: v1/,
    ],
    ['no documents', '# nothing\n', /holds no objects/],
  ];

  it.each(cases)('%s', async (what, text, sentence) => {
    const name = `manifest-${what.replaceAll(' ', '-')}.yaml`;
    writeFileSync(join(directory, name), text);
    const args = ['up', '--data-dir', 'unborn', '--manifest', name, ...shape];
    expect(await refusal(2, args)).toMatch(sentence);
    expect(existsSync(join(directory, 'unborn'))).toBe(false);
  });
});

describe('busy ports', () => {
  it.each([
    ['an API port', basePort],
    ['a peer port', basePort + 10],
    ['a kubelet port', basePort + 20],
  ])('%s', async (_, port) => {
    const server = await occupy(port);
    try {
      const fresh = await refusal(1, ['up', '--data-dir', 'unborn', ...shape]);
      expect(fresh).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} is in use: .*--base-port`));
      expect(existsSync(join(directory, 'unborn'))).toBe(false);
      const copy = copyOfCluster();
      const folder = join(copy, port === basePort + 20 ? 'agent-1' : 'server-1');
      const command = port === basePort + 20 ? 'agent' : 'server';
      expect(await refusal(1, [command, '--data-dir', folder], copy)).toContain(`127.0.0.1:${port}`);
    } finally {
      await new Promise((resume) => server.close(resume));
    }
  });
});

describe('busy addresses', () => {
  it('a loopback block of another cluster', async () => {
    const server = await occupy(16_439, '127.200.255.254');
    try {
      const args = ['up', '--data-dir', 'unborn', ...shape];
      const sentence =
        /the loopback block 127\.200\.0\.0\/16 is in use by another cluster: .*--loopback-block/;
      expect(await refusal(1, args)).toMatch(sentence);
      expect(existsSync(join(directory, 'unborn'))).toBe(false);
    } finally {
      await new Promise((resume) => server.close(resume));
    }
  });
});

describe('a data directory', () => {
  const serverOf = (copy: string): readonly string[] => ['server', '--data-dir', join(copy, 'server-1')];
  const upOn = (copy: string): readonly string[] => ['up', '--once', '--data-dir', copy, ...shape];

  /** [what is wrong, how it came so, which command, what it says] */
  const cases: readonly (readonly [
    what: string,
    spoil: (copy: string) => void,
    args: (copy: string) => readonly string[],
    sentence: RegExp,
  ])[] = [
    [
      'of a cluster with another token',
      (copy) =>
        edit(join(copy, 'server-1/server.json'), (text) =>
          text.replace(/"clusterToken": "\w+"/, '"clusterToken": "other"'),
        ),
      serverOf,
      /etcd holds data of cluster \w+ .*not of cluster \w+: start it with that cluster's configuration/,
    ],
    [
      'of another member',
      (copy) => edit(join(copy, 'server-1/server.json'), (text) => text.replaceAll('server-1"', 'server-9"')),
      serverOf,
      /etcd holds data of (cluster|member) /,
    ],
    [
      'without server.json',
      (copy) => rmSync(join(copy, 'server-1/server.json')),
      serverOf,
      /has no server\.json/,
    ],
    [
      'with half a server.json',
      (copy) => truncateSync(join(copy, 'server-1/server.json'), 100),
      serverOf,
      /server\.json is damaged .*run `drydock up`/,
    ],
    [
      'with a server.json that lacks a key',
      (copy) => writeFileSync(join(copy, 'server-1/server.json'), '{"name": "server-1"}'),
      serverOf,
      /server\.json is damaged \(it must have required property 'clusterToken'\)/,
    ],
    [
      'with half an agent.json',
      (copy) => truncateSync(join(copy, 'agent-1/agent.json'), 50),
      (copy) => ['agent', '--data-dir', join(copy, 'agent-1')],
      /agent\.json is damaged/,
    ],
    [
      'with half a cluster.json',
      (copy) => truncateSync(join(copy, 'cluster.json'), 20),
      upOn,
      /cluster\.json is damaged .*restore it from a backup, or choose another --data-dir/,
    ],
    [
      'without cluster.json',
      (copy) => rmSync(join(copy, 'cluster.json')),
      upOn,
      /has server-1 but no cluster\.json: restore/,
    ],
    [
      'of a cluster with other ports',
      () => {},
      (copy) => ['up', '--data-dir', copy, '--base-port', '17660'],
      /holds a cluster of another shape: start it with --servers 1 --base-port 17640/,
    ],
    [
      'without a certificate',
      (copy) => rmSync(join(copy, 'server-1/pki'), { recursive: true }),
      serverOf,
      /server-1 has no certificate .*drydock up/,
    ],
    [
      'with half a certificate',
      (copy) => truncateSync(join(copy, 'server-1/pki/host.crt'), 60),
      serverOf,
      /host\.crt is damaged .*remove .*drydock up/,
    ],
    [
      "with another host's key",
      (copy) => cpSync(join(copy, 'agent-1/pki/host.key'), join(copy, 'server-1/pki/host.key')),
      serverOf,
      /host\.key is not the key of host\.crt/,
    ],
    [
      'with half an authority',
      (copy) => truncateSync(join(copy, 'pki/ca.key'), 40),
      upOn,
      /holds a damaged authority .*restore/,
    ],
    [
      'without the key of its authority',
      (copy) => rmSync(join(copy, 'pki/ca.key')),
      upOn,
      /pki lacks ca\.key/,
    ],
    [
      'with a backend and no log',
      (copy) => rmSync(join(copy, 'server-1/etcd/wal'), { recursive: true }),
      serverOf,
      /etcd\/wal has no log, though this server has served before: restore .* as it was, or run without this server/,
    ],
    [
      'with a log and no backend',
      (copy) => rmSync(join(copy, 'server-1/etcd/db-0'), { recursive: true }),
      serverOf,
      /db-0 is missing: restore it as it was, or replace this member/,
    ],
    [
      'with a backend cut short',
      (copy) => truncateSync(join(copy, 'server-1/etcd/db-0/data.mdb'), 5000),
      serverOf,
      /server-1\/etcd\/db-0.* is cut short: .*replace this member/,
    ],
    [
      'with an empty folder for its log',
      (copy) => {
        rmSync(join(copy, 'server-1/etcd/wal'), { recursive: true });
        mkdirSync(join(copy, 'server-1/etcd/wal'));
      },
      serverOf,
      /etcd\/wal has no log, though this server has served before: restore .* as it was, or run without this server/,
    ],
    [
      'with a log damaged in the middle',
      (copy) => {
        const bytes = readFileSync(segmentOf(copy));
        const at = frameOffsets(bytes)[3]! + 20;
        bytes[at] = bytes[at]! ^ 0xff;
        writeFileSync(segmentOf(copy), bytes);
      },
      serverOf,
      /the log is damaged: .*0000000000000001\.wal at byte \d+: .*replace this member/,
    ],
    [
      'with a log whose first record is gone',
      (copy) => truncateSync(segmentOf(copy), 10),
      serverOf,
      /the log is damaged: .* at byte 0: its first record is unreadable; replace this member/,
    ],
    [
      'that is a file',
      (copy) => {
        rmSync(copy, { recursive: true });
        writeFileSync(copy, '');
      },
      upOn,
      /is a file, not a folder: choose another --data-dir/,
    ],
    [
      'whose store is a file',
      (copy) => {
        rmSync(join(copy, 'server-1/etcd'), { recursive: true });
        writeFileSync(join(copy, 'server-1/etcd'), '');
      },
      serverOf,
      /cannot make the folder .*server-1\/etcd: a file has that name; move it away/,
    ],
  ];

  it.each(cases)('%s', async (_, spoil, args, sentence) => {
    const copy = copyOfCluster();
    spoil(copy);
    expect(await refusal(1, args(copy), copy)).toMatch(sentence);
  });

  it('passes on what a server said, as the sentence of `up`', async () => {
    const copy = copyOfCluster();
    truncateSync(segmentOf(copy), 10);
    const sentence = await refusal(1, upOn(copy), join(copy, 'server-1'));
    expect(sentence).toMatch(/server-1 could not go on: the log is damaged: .*replace this member/);
  });

  it.skipIf(process.getuid?.() === 0)('that may not be written', async () => {
    const parent = join(directory, 'sealed');
    mkdirSync(parent, { mode: 0o500 });
    expect(await refusal(1, upOn(join(parent, 'data')))).toMatch(/cannot make the folder .*--data-dir/);
    chmodSync(parent, 0o700);
  });

  it('of a cluster that does not run has no status, and a dead process is not shown', async () => {
    const copy = copyOfCluster();
    const status = ['status', '--data-dir', copy];
    const sentence = new RegExp(`no server of ${copy} runs: start the cluster with \`drydock up --data-dir`);
    for (const flags of [[], ['--json'], ['--leader-pid']]) {
      expect(await refusal(1, [...status, ...flags], copy)).toMatch(sentence);
    }
    writeFileSync(join(copy, 'server-1/pid'), `${process.pid}\n`);
    const silent = new RegExp(`answers, though server-1 \\(process ${process.pid}\\) runs: look into`);
    expect(await refusal(1, status, copy)).toMatch(silent);
  });

  it('that another server uses; and with a torn end it starts, cutting what was never acknowledged', async () => {
    const copy = copyOfCluster();
    const bytes = readFileSync(segmentOf(copy));
    const last = frameOffsets(bytes).at(-1)!;
    const end = last + 16 + bytes.readUInt32LE(last);
    bytes.writeUInt32LE(0xdead, end);
    writeFileSync(segmentOf(copy), bytes.subarray(0, end + 12));
    const { child } = await startServer(copy);
    // On other ports, so that it is the folder that is refused.
    const config = readFileSync(join(copy, 'server-1/server.json'), 'utf8');
    edit(join(copy, 'server-1/server.json'), (text) =>
      text.replaceAll('1764', '1766').replaceAll('1765', '1767'),
    );
    expect(await refusal(1, serverOf(copy))).toMatch(/etcd is in use by process \d+: stop it/);
    writeFileSync(join(copy, 'server-1/server.json'), config);
    await eventually('a record where the torn one was', 10_000, () =>
      frameOffsets(readFileSync(segmentOf(copy))).includes(end),
    );
    await stop(child);
  });

  it('with half a snapshot that was never installed starts, and forgets it', async () => {
    const copy = copyOfCluster();
    const half = join(copy, 'server-1/etcd/db-999');
    mkdirSync(half);
    writeFileSync(join(half, 'data.mdb'), 'half');
    const { child } = await startServer(copy);
    expect(existsSync(half)).toBe(false);
    await stop(child);
  });
});
