import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { DiskError } from '../../src/platform/errors.ts';
import { LmdbBackends } from '../../src/platform/os/lmdb-backend.ts';
import { backendCompliance } from './backend.compliance.ts';

backendCompliance(
  'LMDB',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'drydock-lmdb-'));
    const backends = new LmdbBackends({ commitMillis: 2 });
    return {
      open: () => backends.open(`${directory}/db`),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
  { durable: true, runs: 40 },
);

const build = resolve(import.meta.dirname, '../../dist/src');
const kept = 50;

/** Step n puts revision n, deletes revision n - 50, and says so under `applied`; tells of what was flushed. */
const program = `
import { writeSync } from 'node:fs';
import { LmdbBackends } from ${JSON.stringify(pathToFileURL(join(build, 'platform/os/lmdb-backend.js')).href)};
const tell = (fact) => writeSync(1, JSON.stringify(fact) + '\\n');
const backend = await new LmdbBackends({ commitMillis: 1 }).open(process.argv[1]);
void backend.failed.then((error) => tell({ failed: error.message }));
const applied = backend.value('applied');
let step = applied === undefined ? 0 : Number(new TextDecoder().decode(applied));
tell({ started: step });
for (;;) {
  for (let i = 0; i < 20; i++) {
    step++;
    backend.put(step, 0, new TextEncoder().encode('record ' + step + 'x'.repeat((step * 37) % 900)));
    if (step > ${kept}) backend.delete(step - ${kept}, 0);
    backend.setValue('applied', new TextEncoder().encode(String(step)));
    backend.commit();
  }
  const before = step;
  if (step % 3 === 0) {
    try {
      await backend.flush();
      tell({ flushed: before });
    } catch (error) {
      await backend.failed;
      tell({ refused: error.message });
      process.exit(3);
    }
  } else await new Promise((resolve) => setImmediate(resolve));
}
`;

interface Fact {
  readonly started?: number;
  readonly flushed?: number;
  readonly failed?: string;
  readonly refused?: string;
}

/** Runs the program on `directory`, under `prefix` of a shell, until `end` says so of its facts. */
async function run(
  directory: string,
  prefix: string,
  end: (fact: Fact, kill: () => void) => void,
): Promise<readonly Fact[]> {
  const script = `${prefix} exec "$0" --input-type=module -e "$1" "$2"`;
  const child = spawn('/bin/sh', ['-c', script, process.execPath, program, directory]);
  const facts: Fact[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.endsWith('}')) return;
    const fact = JSON.parse(line) as Fact;
    facts.push(fact);
    end(fact, () => child.kill('SIGKILL'));
  });
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await new Promise((resolve) => void child.once('close', resolve));
  clearTimeout(giveUp);
  // LMDB itself tells of failed writes.
  if (prefix === '') expect(errors).toBe('');
  return facts;
}

describe('LMDB on a real disk', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'drydock-lmdb-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** That it is exactly as one step left it, and which. */
  const check = async (): Promise<number> => {
    const backend = await new LmdbBackends().open(`${directory}/db`);
    const applied = backend.value('applied');
    const step = applied === undefined ? 0 : Number(decodeUtf8(applied));
    const mains: number[] = [];
    backend.scan(0, Infinity, (main, _sub, record) => {
      mains.push(main);
      expect(decodeUtf8(record)).toBe(`record ${main}${'x'.repeat((main * 37) % 900)}`);
    });
    const first = Math.max(1, step - kept + 1);
    expect(mains).toEqual(Array.from({ length: step - first + 1 }, (_, i) => first + i));
    expect(backend.recordCount).toBe(mains.length);
    await backend.close();
    return step;
  };

  it('is, after a kill at any moment, as some step left it, and never older than the last flush (B2)', async () => {
    expect(existsSync(build), 'run `npm run build` first').toBe(true);
    for (let life = 0; life < 8; life++) {
      const facts = await run(`${directory}/db`, '', (fact, kill) => {
        if (fact.started !== undefined) setTimeout(kill, 20 + ((life * 53) % 150));
      });
      expect(facts.length).toBeGreaterThan(1);
      const flushed = facts.findLast((fact) => fact.flushed !== undefined)?.flushed ?? 0;
      expect(await check()).toBeGreaterThanOrEqual(flushed);
    }
    expect(await check()).toBeGreaterThan(100);
  });

  it('says that the disk is full, and keeps what it had flushed', async () => {
    expect(existsSync(build), 'run `npm run build` first').toBe(true);
    // 512-byte blocks: the file may have 80 KiB, and what is beyond fails with EFBIG.
    const facts = await run(`${directory}/db`, "trap '' XFSZ; ulimit -f 160;", (fact, kill) => {
      if ((fact.flushed ?? 0) > 100_000) kill();
    });
    expect(facts.some(({ failed }) => failed?.includes(`cannot write the database ${directory}/db`))).toBe(
      true,
    );
    expect(facts.at(-1)?.refused).toContain('mend the disk and restart this member');
    const flushed = facts.findLast((fact) => fact.flushed !== undefined)?.flushed ?? 0;
    expect(await check()).toBeGreaterThanOrEqual(flushed);
  });

  const filled = async (): Promise<string> => {
    const backend = await new LmdbBackends().open(`${directory}/db`);
    for (let main = 1; main <= 2000; main++) {
      backend.put(main, 0, encodeUtf8(`record ${main} ${'x'.repeat(300)}`));
      backend.commit();
    }
    await backend.close();
    return `${directory}/db/data.mdb`;
  };
  const failure = async (): Promise<unknown> => {
    try {
      const backend = await new LmdbBackends().open(`${directory}/db`);
      try {
        backend.scan(0, Infinity, () => {});
      } finally {
        await backend.close();
      }
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it('closes the views that are open when it is closed', async () => {
    await filled();
    const backend = await new LmdbBackends().open(`${directory}/db`);
    const view = backend.view();
    expect(view.get(5, 0)).toBeDefined();
    await backend.close();
    expect(() => view.get(5, 0)).toThrow('closed view');
    view.close();
    expect(await failure()).toBeUndefined();
  });

  it('refuses a folder that is open already', async () => {
    const backend = await new LmdbBackends().open(`${directory}/db`);
    await expect(new LmdbBackends().open(`${directory}/db`)).rejects.toMatchObject({ code: 'ELOCKED' });
    await backend.close();
    expect(await failure()).toBeUndefined();
  });

  it('refuses what is cut short, foreign or changed, with the file and the remedy, and never dies of it', async () => {
    const file = await filled();
    const whole = readFileSync(file);
    expect(await failure()).toBeUndefined();
    const damages: (readonly [string, () => void])[] = [
      ['is cut short', () => truncateSync(file, whole.length - 4096)],
      ['is cut short', () => truncateSync(file, 5000)],
      ['cannot be opened', () => writeFileSync(file, 'not a database. '.repeat(1000))],
      [
        'has an unreadable block of records from revision',
        () => {
          const changed = Buffer.from(whole);
          const at = changed.indexOf('record 777 ');
          changed[at + 20]! ^= 1;
          writeFileSync(file, changed);
        },
      ],
    ];
    for (const [reason, damage] of damages) {
      writeFileSync(file, whole);
      damage();
      const error = await failure();
      expect(error).toBeInstanceOf(DiskError);
      expect((error as Error).message).toContain(`${file} ${reason}`);
      expect((error as Error).message).toContain('etcdctl member remove');
    }
    writeFileSync(file, whole);
    expect(await failure()).toBeUndefined();
  });

  it('uses freed pages again: the file stops growing when what is alive does', async () => {
    const backend = await new LmdbBackends({ commitMillis: 1 }).open(`${directory}/db`);
    const record = new Uint8Array(300).fill(1);
    const sizes: number[] = [];
    for (let main = 1; main <= 60_000; main++) {
      backend.put(main, 0, record);
      if (main > 2000) backend.delete(main - 2000, 0);
      backend.commit();
      if (main % 1000 === 0) await backend.flush();
      if (main % 20_000 === 0) sizes.push(backend.fileBytes);
    }
    expect(sizes[2]).toBeLessThanOrEqual(sizes[0]! * 1.2);
    await backend.close();
  });
});
