import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { crc32c } from '../src/base/crc32c.ts';
import { OsDisk } from '../src/platform/os/os-disk.ts';
import { Wal } from '../src/wal/wal.ts';
import type { WalRecord } from '../src/wal/wal.ts';

export const name = 'wal';

/** What a commit pays: the write and the fdatasync on this host's disk, and the checksum alone. */
export function cases(): { name: string; run: () => void | Promise<void> }[] {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const payload = new Uint8Array(300).fill(7);
  const log = Wal.create(new OsDisk(), `${directory}/wal`, { metadata: new Uint8Array(16) });
  let index = 0;

  const appendAndSync = (count: number) => async (): Promise<void> => {
    const wal = await log;
    const records: WalRecord[] = [];
    for (let i = 0; i < count; i++) records.push({ type: 1, index: ++index, payload });
    wal.append(records);
    await wal.sync();
    await wal.release(index);
  };

  const block = new Uint8Array(4096).fill(7);
  return [
    { name: 'append and sync 1 record of 300 B', run: appendAndSync(1) },
    { name: 'append and sync 64 records of 300 B', run: appendAndSync(64) },
    { name: 'append and sync 1024 records of 300 B', run: appendAndSync(1024) },
    { name: 'CRC-32C of 4 KiB', run: () => void crc32c(block) },
  ];
}
