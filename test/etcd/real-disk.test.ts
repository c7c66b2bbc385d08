import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

/**
 * A member alone on a real disk, killed by SIGKILL while it writes: whatever it acknowledged is there when it
 * starts again. The page cache survives a kill, so this does not show that fsync works; the simulator does.
 */

const build = resolve(import.meta.dirname, '../../dist/src');
const kills = 12;

const from = (path: string): string => JSON.stringify(pathToFileURL(join(build, path)).href);

/** Tells what it holds, then writes for ever with eight clients and tells of each acknowledgement. */
const program = `
import { writeSync } from 'node:fs';
import { createOsPlatform } from ${from('platform/os/os-platform.js')};
import { Member } from ${from('etcd/member.js')};
import { LmdbBackends } from ${from('platform/os/lmdb-backend.js')};
import { LocalEtcdClient } from ${from('etcd/local-client.js')};
import { encodeUtf8, decodeUtf8 } from ${from('base/bytes.js')};

const [directory, life] = process.argv.slice(1);
const tell = (fact) => writeSync(1, JSON.stringify(fact) + '\\n');
const os = createOsPlatform({ hostname: 'a', logger: { debug() {}, info() {}, warn() {}, error() {} } });
// A member alone is dialled by nobody.
const links = { listen: async () => ({ close: async () => {} }) };
const platform = { ...os, network: { ...os.network, links } };
const member = await Member.start(platform, {
  name: 'a',
  cluster: { token: 't', members: [{ name: 'a', peerAddress: { host: 'a', port: 1 } }] },
  dataDirectory: directory,
  backends: new LmdbBackends(),
  tickMillis: 10,
  electionTicks: 3,
  snapshotEntries: 40,
  catchUpEntries: 5,
  segmentBytes: 8192,
});
const client = new LocalEtcdClient(member);
const { kvs, header } = await client.range({ key: '\\0', rangeEnd: '\\0' });
member.checkInvariants();
const held = kvs.map((kv) => [kv.key, decodeUtf8(kv.value), kv.modRevision]);
tell({ type: 'started', revision: header.revision, held });
for (let writer = 0; writer < 8; writer++) {
  void (async () => {
    for (let i = 0; ; i++) {
      const key = 'k' + writer + '-' + (i % 5);
      const value = life + '.' + i;
      const { header } = await client.put({ key, value: encodeUtf8(value.padEnd(10 + ((i * 37) % 400), ' ')) });
      tell({ type: 'acknowledged', key, value, revision: header.revision });
    }
  })();
}
`;

interface Started {
  readonly type: 'started';
  readonly revision: number;
  readonly held: readonly (readonly [key: string, value: string, revision: number])[];
}

interface Acknowledged {
  readonly type: 'acknowledged';
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** One life: from its start to `killAfterMillis` after its first acknowledgement. */
async function live(
  directory: string,
  life: number,
  killAfterMillis: number,
): Promise<{ readonly started: Started | undefined; readonly acknowledged: readonly Acknowledged[] }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory, String(life)]);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const acknowledged: Acknowledged[] = [];
  let started: Started | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<NodeJS.Signals | null>((resolve_) =>
    child.once('close', (_, signal) => resolve_(signal)),
  );
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The last line may be cut short by the kill.
    if (!line.endsWith('}')) return;
    const fact = JSON.parse(line) as Started | Acknowledged;
    if (fact.type === 'started') started = fact;
    else acknowledged.push(fact);
    timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMillis);
  });
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const signal = await ended;
  clearTimeout(giveUp);
  clearTimeout(timer);
  expect(signal, errors).toBe('SIGKILL');
  return { started, acknowledged };
}

it('keeps every acknowledged write on a real disk through kills at any moment', async () => {
  expect(existsSync(build), 'run `npm run build` first').toBe(true);
  const directory = mkdtempSync(join(tmpdir(), 'drydock-real-disk-'));
  const newest = new Map<string, Acknowledged>();
  let total = 0;
  try {
    for (let life = 0; life <= kills; life++) {
      const { started, acknowledged } = await live(join(directory, 'data'), life, 20 + ((life * 67) % 300));
      expect(started, `life ${life} started`).toBeDefined();
      const held = new Map(started!.held.map(([key, value, revision]) => [key, { value, revision }]));
      for (const { key, value, revision } of newest.values()) {
        expect(started!.revision).toBeGreaterThanOrEqual(revision);
        const now = held.get(key);
        // A newer one was on its way when the kill came, and may have got through.
        expect(now?.revision, `${key} of revision ${revision}`).toBeGreaterThanOrEqual(revision);
        if (now!.revision === revision) expect(now!.value.trimEnd()).toBe(value);
      }
      for (const each of acknowledged) {
        if (each.revision > (newest.get(each.key)?.revision ?? 0)) newest.set(each.key, each);
      }
      total += acknowledged.length;
    }
    expect(total).toBeGreaterThan(kills * 10);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
