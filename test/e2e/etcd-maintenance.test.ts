import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { EtcdProcess, findTool, freePorts, missingTool, type EtcdOptions } from './etcd-process.ts';
import {
  base64,
  call,
  etcdctl,
  etcdctlOk,
  eventually,
  gateway,
  hashesOf,
  readAll,
  runDrydock,
  Writers,
  type Ended,
} from './etcd-tools.ts';

/** Snapshots, the quota and the offline check of real `drydock etcd` processes, as `etcdctl` and people use them. */

const hasEtcdctl = findTool('etcdctl') !== undefined;
if (!hasEtcdctl) missingTool('etcdctl', 'snapshots, quota and alarms are not tested with it.');

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function started(options: Partial<EtcdOptions> = {}): Promise<EtcdProcess> {
  const member = await EtcdProcess.start({ flavour: 'drydock', ...options });
  cleanups.push(() => member.close());
  return member;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'drydock-maintenance-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function restore(file: string, directory: string, ...flags: readonly string[]): Promise<Ended> {
  return runDrydock(['etcd', 'snapshot', 'restore', file, '--data-dir', directory, ...flags]);
}

/** One sentence on standard error, and no stack. */
function expectRefusal({ code, output }: Ended, sentence: RegExp): void {
  expect(output).toMatch(sentence);
  expect(output).not.toMatch(/^ {4}at /m);
  expect(code, output).toBe(1);
}

describe.skipIf(!hasEtcdctl)('a snapshot that etcdctl saves', () => {
  it('is restored to one member and to three, with all keys, leases and users', async () => {
    const files = folder();
    const backup = join(files, 'backup.db');
    const member = await started();
    for (let i = 0; i < 20; i++) await etcdctlOk(member, 'put', `k/${i % 7}`, `value ${i}`);
    await etcdctlOk(member, 'del', 'k/0');
    const lease = must(/lease (\w+) granted/.exec(await etcdctlOk(member, 'lease', 'grant', '1000'))?.[1]);
    await etcdctlOk(member, 'put', 'leased', 'x', `--lease=${lease}`);
    await etcdctlOk(member, 'user', 'add', 'reader:secret');
    const before = await etcdctlOk(member, 'get', '', '--prefix', '--write-out=json');
    // While it is written to: what is saved is the state of one moment.
    const writers = new Writers([member]);
    await etcdctlOk(member, 'snapshot', 'save', backup);
    await writers.stop();
    const restored = before.replace(/"header":\{[^}]*\},/, '');

    const lone = join(files, 'lone');
    const one = await restore(backup, lone);
    expect(one.code, one.output).toBe(0);
    const ports = await freePorts();
    // It was restored as a member at the default address; where it really is, it says when it starts.
    const alone = await started({ dataDirectory: lone, ports });
    expect(await etcdctlOk(alone, 'user', 'list')).toBe('reader\n');
    expect(await etcdctlOk(alone, 'lease', 'timetolive', lease, '--keys')).toContain('leased');
    for (const text of ['value 19', 'value 18']) {
      expect(await etcdctlOk(alone, 'get', 'k/', '--prefix')).toContain(text);
    }
    expect(await etcdctlOk(alone, 'get', 'k/0')).toBe('');
    const kept = await etcdctlOk(alone, 'get', 'k/', '--prefix', '--write-out=json');
    const keptKvs = (JSON.parse(kept) as { kvs: { key: string }[] }).kvs;
    const beforeKvs = (JSON.parse(`{${restored.slice(1)}`) as { kvs: { key: string }[] }).kvs;
    expect(keptKvs).toEqual(
      beforeKvs.filter(({ key }) => Buffer.from(key, 'base64').toString().startsWith('k/')),
    );
    await etcdctlOk(alone, 'put', 'after', 'the restore');

    const threePorts = await Promise.all(['a', 'b', 'c'].map(() => freePorts()));
    const initialCluster = threePorts.map(({ peer }, i) => `${'abc'[i]}=http://127.0.0.1:${peer}`).join(',');
    const members: EtcdProcess[] = [];
    for (const [i, own] of threePorts.entries()) {
      const name = must('abc'[i]);
      const dataDirectory = join(files, name);
      const made = await restore(backup, dataDirectory, '--name', name, '--initial-cluster', initialCluster);
      expect(made.code, made.output).toBe(0);
      const options = { name, ports: own, dataDirectory, initialCluster };
      const process_ = await EtcdProcess.create({ flavour: 'drydock', ...options });
      cleanups.push(() => process_.close());
      members.push(process_);
    }
    await Promise.all(members.map((each) => each.start()));
    const [first, second] = [must(members[0]), must(members[1])];
    await etcdctlOk(first, 'put', 'k/new', 'written');
    expect(await etcdctlOk(second, 'get', 'k/new', '--print-value-only')).toBe('written\n');
    const hashes = await hashesOf(members);
    expect(new Set(hashes.values()).size, JSON.stringify([...hashes])).toBe(1);
    expect([...(await readAll(first, 'k/')).keys()].length).toBe(keptKvs.length + 1);
  }, 60_000);

  it('is refused when it is damaged, cut or something else, and where something is already', async () => {
    const files = folder();
    const backup = join(files, 'backup.db');
    const member = await started();
    await etcdctlOk(member, 'put', 'k', 'v');
    await etcdctlOk(member, 'snapshot', 'save', backup);
    const sound = readFileSync(backup);
    for (const [name, bytes] of [
      ['changed', Buffer.from(sound.map((byte, i) => (i === 100 ? byte ^ 1 : byte)))],
      ['cut', sound.subarray(0, sound.length - 100)],
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('no snapshot at all')],
    ] as const) {
      const path = join(files, name);
      writeFileSync(path, bytes);
      expectRefusal(await restore(path, join(files, 'new')), /^drydock: .* is damaged or cut: /);
    }
    expectRefusal(
      await restore(join(files, 'nowhere'), join(files, 'new')),
      /^drydock: cannot read .*nowhere/,
    );
    expect(existsSync(join(files, 'new'))).toBe(false);
    // A file with a right hash that no member gave.
    const foreign = join(files, 'foreign');
    writeFileSync(foreign, Buffer.alloc(512));
    const skipped = await restore(foreign, join(files, 'foreign-data'), '--skip-hash-check');
    expectRefusal(skipped, /it is no snapshot that a drydock member gave/);
    // Where a member's data are, or anything else.
    expectRefusal(
      await restore(backup, member.dataDirectory),
      /is not empty: name a --data-dir that is not there yet/,
    );
    expectRefusal(await restore(backup, files), /is not empty/);
    expect(await etcdctlOk(member, 'get', 'k', '--print-value-only')).toBe('v\n');
  }, 60_000);
});

describe('drydock etcd check', () => {
  it('finds a stopped member’s directory sound, refuses a running one’s, and finds damage', async () => {
    const member = await started();
    for (let i = 0; i < 50; i++) {
      await gateway(member, '/v3/kv/put', { key: base64(`k${i}`), value: base64('x'.repeat(1000)) });
    }
    const check = (...args: readonly string[]): Promise<Ended> =>
      runDrydock(['etcd', 'check', member.dataDirectory, ...args]);
    expectRefusal(await check(), /^drydock: a member runs on .*: stop it first/);
    await member.stop('SIGKILL');

    const sound = await check();
    expect(sound.output).toMatch(/\nsound\n$/);
    expect(sound.code).toBe(0);
    const report = JSON.parse((await check('--json')).stdout) as {
      sound: boolean;
      backend: { keys: number };
    };
    expect(report).toMatchObject({ sound: true, backend: { keys: 50, revision: 51 } });

    const log = join(member.dataDirectory, 'wal');
    const segment = join(log, must(readdirSync(log).toSorted()[0]));
    const bytes = readFileSync(segment);
    const damaged = Buffer.from(bytes);
    damaged[20_000]! ^= 1;
    writeFileSync(segment, damaged);
    const report2 = await check();
    expect(report2.code, report2.output).toBe(1);
    expect(report2.output).toContain(`${segment} at byte`);
    expect(report2.output).toMatch(/^drydock: .* is damaged/m);
    await expect(member.start()).rejects.toThrow(/drydock: .* at byte .*replace this member/);
    writeFileSync(segment, bytes);
    await member.start();
    expectRefusal(
      await runDrydock(['etcd', 'check', join(member.dataDirectory, 'nothing')]),
      /there is no data directory/,
    );
  }, 60_000);
});

describe.skipIf(!hasEtcdctl)('the quota', () => {
  const health = async (member: EtcdProcess, query = ''): Promise<[number, string]> => {
    const { status, text } = await call(`${member.clientUrl}/health${query}`);
    return [status, text.trim()];
  };

  it('raises NOSPACE, under which only what takes space is refused; a compaction alone makes room', async () => {
    const member = await started({ flags: ['--quota-backend-bytes', `${1024 * 1024}`] });
    const value = base64('x'.repeat(100_000));
    const put = (key: string): Promise<unknown> => gateway(member, '/v3/kv/put', { key: base64(key), value });
    await put('other');
    const fill = async (): Promise<string> => {
      for (let i = 0; i < 20; i++) {
        try {
          await put('k');
        } catch (error) {
          return String(error);
        }
      }
      return 'there was room for everything';
    };
    expect(await fill()).toMatch(/429.*etcdserver: mvcc: database space exceeded/);
    const alarmed = await etcdctlOk(member, 'alarm', 'list');
    expect(alarmed).toMatch(/^memberID:\d+ alarm:NOSPACE/);
    expect(await health(member)).toEqual([503, '{"health":"false","reason":"ALARM NOSPACE"}']);
    expect((await health(member, '?exclude=NOSPACE'))[0]).toBe(200);
    const status = await etcdctlOk(member, 'endpoint', 'status', '--write-out=json');
    expect(status).toContain('alarm:NOSPACE');

    // Small ones are refused too, and leases; reads, deletes, compactions and what only deletes go on.
    expect((await etcdctl(member, 'put', 'small', 'x')).output).toContain('database space exceeded');
    expect((await etcdctl(member, 'lease', 'grant', '10')).output).toContain('database space exceeded');
    expect(await etcdctlOk(member, 'get', 'other', '--keys-only')).toContain('other');
    expect(await etcdctlOk(member, 'del', 'other')).toBe('1\n');
    const request = { requestDeleteRange: { key: base64('nobody') } };
    await gateway(member, '/v3/kv/txn', { success: [request] });
    const { header } = await gateway<{ header: { revision: string } }>(member, '/v3/kv/range', {
      key: base64('k'),
    });

    // Disarmed without having made room, the next put raises it again.
    expect(await etcdctlOk(member, 'alarm', 'disarm')).toMatch(/alarm:NOSPACE/);
    expect((await etcdctl(member, 'put', 'k', 'x'.repeat(100_000))).output).toContain(
      'database space exceeded',
    );
    expect(await etcdctlOk(member, 'alarm', 'list')).toContain('NOSPACE');

    await etcdctlOk(member, 'compact', header.revision, '--physical');
    await etcdctlOk(member, 'alarm', 'disarm');
    expect(await etcdctlOk(member, 'alarm', 'list')).toBe('');
    await put('k');
    expect(await health(member)).toEqual([200, '{"health":"true","reason":""}']);
    // An alarm outlives its member's process.
    expect(await fill()).toContain('database space exceeded');
    await member.stop('SIGKILL');
    await member.start();
    expect(await etcdctlOk(member, 'alarm', 'list')).toContain('NOSPACE');
  }, 60_000);

  it('of one member that is full is everybody’s alarm', async () => {
    const flags = ['--quota-backend-bytes', `${512 * 1024}`];
    const ports = await Promise.all([freePorts(), freePorts(), freePorts()]);
    const initialCluster = ports.map(({ peer }, i) => `m${i}=http://127.0.0.1:${peer}`).join(',');
    const members = await Promise.all(
      ports.map((own, i) =>
        started({ name: `m${i}`, ports: own, initialCluster, ...(i === 1 && { flags }) }),
      ),
    );
    const [first, small] = [must(members[0]), must(members[1])];
    const value = base64('x'.repeat(100_000));
    for (let i = 0; i < 6; i++) await gateway(first, '/v3/kv/put', { key: base64('k'), value });
    // Only the small one looks at its own quota; what it raises, all obey.
    await eventually('the small one to be full', async () => {
      const { output } = await etcdctl(small, 'put', 'k', 'x');
      expect(output).toContain('database space exceeded');
    });
    const { output } = await etcdctl(first, 'put', 'k', 'x');
    expect(output).toContain('database space exceeded');
    expect(await health(first)).toEqual([503, '{"health":"false","reason":"ALARM NOSPACE"}']);
  }, 60_000);
});
