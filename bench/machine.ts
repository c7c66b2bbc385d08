import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What stored figures were measured on, and how busy it was with other things. */
export function machine(): Record<string, unknown> {
  const load = readFileSync('/proc/loadavg', 'latin1').split(' ')[0];
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    loadAverage: Number(load),
  };
}
