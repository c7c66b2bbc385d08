import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { diskError } from '../platform/os/system-errors.ts';
import { CliError } from './cli-error.ts';

/** @throws CliError or DiskError naming the path */
export function writeFileAtomically(path: string, text: string): void {
  makeFolder(dirname(path));
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    throw diskError(error, 'write', path);
  }
}

/** Makes a folder and its parents, for this user alone. @throws CliError that names the one that cannot be made */
export function makeFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) {
    throw new CliError(`${path} is a file, not a folder: choose another --data-dir`);
  }
  // One by one: on some file systems (/proc) Node's recursive mkdir never returns.
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { message } = diskError(error, 'make the folder', path);
    throw new CliError(`${message}; choose another --data-dir`, { cause: error });
  }
}
