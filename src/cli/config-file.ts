import { readFileSync } from 'node:fs';

import { Ajv, type JSONSchemaType } from 'ajv';

import { diskError, systemCode } from '../platform/os/system-errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { CliError } from './cli-error.ts';

const ajv = new Ajv();

/** The text of a file, or undefined when there is none. @throws DiskError */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw diskError(error, 'read', path);
  }
}

/**
 * Reads a JSON file that drydock wrote, or undefined when there is none.
 *
 * @throws CliError naming the file, what is wrong with it and `remedy`
 */
export function readConfig<T>(path: string, schema: JSONSchemaType<T>, remedy: string): T | undefined {
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [what] = String((error as Error).message).split('\n');
    throw new CliError(`${path} is damaged (${what}): ${remedy}`, { cause: error });
  }
  const validate = ajv.compile(schema);
  if (validate(value)) return value;
  const [problem] = validate.errors ?? [];
  const where = problem?.instancePath === '' ? 'it' : problem?.instancePath.slice(1).replaceAll('/', '.');
  throw new CliError(`${path} is damaged (${where} ${problem?.message}): ${remedy}`);
}

/** Replaces a file at once, so that a crash leaves the old or the new one. Mode 0600. */
export function writeConfig(path: string, value: unknown): void {
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
