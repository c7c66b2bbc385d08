import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { CliError } from './cli-error.ts';

/** Reads a JSON file that drydock wrote, or undefined when there is none. @throws CliError naming the file */
export function readConfig<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    throw new CliError(
      `${path} is not readable JSON (${String(error)}): restore it from a backup, or choose another --data-dir`,
      {
        cause: error,
      },
    );
  }
}

/** Replaces a file at once, so that a crash leaves the old or the new one. Mode 0600. */
export function writeConfig(path: string, value: unknown): void {
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

export function writeFileAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
