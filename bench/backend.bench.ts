import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LmdbBackends, type LmdbBackend } from '../src/platform/os/lmdb-backend.ts';

/**
 * What the backend costs: `node bench/backend.bench.ts [records] [bytes]` (default 500 000 of 300 B), with `--expose-gc` for the
 * resident memory. CPU is that of all threads, LMDB's writer too.
 */
const records = Number(process.argv[2] ?? 500_000);
const recordBytes = Number(process.argv[3] ?? 300);
/** As many puts as a member applies between two turns of the event loop. */
const putsPerTurn = 64;

const directory = mkdtempSync(join(tmpdir(), 'drydock-backend-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const random = (below: number): number => Math.floor(Math.random() * below);

async function measured(what: string, count: number, run: () => void | Promise<void>): Promise<void> {
  let longest = 0;
  let before = performance.now();
  const watch = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before - 1);
    before = now;
  }, 1);
  const start = performance.now();
  const cpu = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  const wall = performance.now() - start;
  clearInterval(watch);
  console.log(
    `${what.padEnd(44)} ${((user + system) / count).toFixed(2).padStart(7)} µs CPU each  ` +
      `${((count / wall) * 1000).toFixed(0).padStart(9)}/s  longest turn ${longest.toFixed(0).padStart(4)} ms  ${resident()}`,
  );
}

/** The process's own memory, and the pages of the file that it has mapped, which the kernel takes back when it needs them. */
function resident(): string {
  const status = '/proc/self/status';
  if (!existsSync(status)) return `RSS ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`;
  const mib = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(status, 'utf8'))?.[1]) / 1024);
  return `RSS ${mib('RssAnon')} own + ${mib('RssFile')} mapped MiB`;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const file = (): string => `${Math.round(statSync(`${directory}/data.mdb`).size / 2 ** 20)} MiB`;

/** `perSecond` at most. */
async function puts(backend: LmdbBackend, first: number, count: number, perSecond = Infinity): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < count;) {
    while (((performance.now() - start) * perSecond) / 1000 < i) {
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    for (const end = Math.min(count, i + putsPerTurn); i < end; i++) {
      // A buffer each, as a member's.
      backend.put(first + i, 0, new Uint8Array(recordBytes).fill(i));
      backend.setValue('applied', new Uint8Array(24));
      backend.commit();
    }
    await turn();
    if (i % 4096 === 0) await backend.drained();
  }
  await backend.flush();
}

let backend = await new LmdbBackends().open(directory);
const paced = Math.min(records, 150_000);
await measured('put, one step each, 50 000/s', paced, () => puts(backend, 1, paced, 50_000));
await measured('put, one step each', records - paced, () => puts(backend, paced + 1, records - paced));
console.log(`file ${file()}, live ${Math.round(backend.liveBytes / 2 ** 20)} MiB`);
const reads = 300_000;
await measured('get, of the newest 10 000', reads, () => {
  for (let i = 0; i < reads; i++) backend.get(records - random(10_000), 0);
});
await measured('get, of all, pages untouched', reads, () => {
  for (let i = 0; i < reads; i++) backend.get(1 + random(records), 0);
});
await measured('get, of all', reads, () => {
  for (let i = 0; i < reads; i++) backend.get(1 + random(records), 0);
});
await backend.close();
await measured('open', 1, async () => void (backend = await new LmdbBackends().open(directory)));
await measured('scan', records, () => {
  let seen = 0;
  backend.scan(0, Infinity, () => void seen++);
  if (seen !== records) throw new Error(`${seen} records of ${records}`);
});
await measured('delete 49 of 50, oldest first', (records * 49) / 50, async () => {
  for (let main = 1; main <= records;) {
    for (const end = Math.min(records, main + 1000); main <= end; main++) {
      if (main % 50 !== 0) backend.delete(main, 0);
    }
    backend.commit();
    await turn();
    await backend.drained();
  }
  await backend.flush();
});
console.log(`file ${file()}, live ${Math.round(backend.liveBytes / 2 ** 20)} MiB`);
await measured('put again, into freed pages', records, () => puts(backend, records + 1, records));
console.log(`file ${file()}, live ${Math.round(backend.liveBytes / 2 ** 20)} MiB`);
await backend.close();
