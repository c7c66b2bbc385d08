import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { soak, type SoakOptions } from '../../bench/soak/soak.ts';

const command = [process.execPath, resolve(import.meta.dirname, '../../dist/src/cli/drydock.js'), 'etcd'];

/** `npm run soak` in short: it takes hundreds of cycles to meet what is rare. */
describe('members that are killed while clients write', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'drydock-soak-test-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const options = (more: Partial<SoakOptions>): SoakOptions => ({
    seed: 1,
    cycles: 3,
    members: 1,
    workers: 8,
    directory,
    command,
    basePort: 27_300,
    ...more,
  });

  it('keep every promise, alone', async () => {
    const figures = await soak(options({}));
    expect(figures.kills).toBeGreaterThanOrEqual(3);
    expect(figures.acknowledged).toBeGreaterThan(50);
    expect(figures.watchEvents).toBeGreaterThan(50);
  }, 120_000);

  it('keep every promise, as three', async () => {
    const figures = await soak(options({ cycles: 2, members: 3, basePort: 27_310 }));
    expect(figures.kills).toBeGreaterThanOrEqual(2);
    expect(figures.acknowledged).toBeGreaterThan(50);
  }, 120_000);

  // It refuses to start where its backend knows more than its log, or what is missing is missed.
  it('are seen to break one when the end of their log is lost', async () => {
    const loseTail = (data: string): void => {
      const folder = join(data, 'wal');
      const newest = readdirSync(folder)
        .filter((name) => name.endsWith('.wal'))
        .toSorted()
        .at(-1);
      const file = join(folder, newest!);
      const bytes = readFileSync(file);
      // Whatever was written, and not the zeros that are kept ready behind it.
      let end = bytes.length;
      while (end > 0 && bytes[end - 1] === 0) end--;
      writeFileSync(file, bytes.fill(0, Math.max(Math.floor(end * 0.6), 500)));
    };
    await expect(soak(options({ cycles: 5, basePort: 27_320, whileDown: loseTail }))).rejects.toThrow(
      /ended by itself|was at revision|acknowledged at revision|is lost|tells of revision/,
    );
  }, 120_000);
});
