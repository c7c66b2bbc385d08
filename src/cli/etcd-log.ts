import { openSync, writeSync } from 'node:fs';

import { ConsoleLogger, type LogLevel } from '../platform/os/console-logger.ts';
import type { Logger } from '../platform/logger.ts';
import { CliError } from './cli-error.ts';
import { usage, type EtcdFlags } from './etcd-flags.ts';

/** The logger that `--log-outputs`, `--log-level` and `--log-format` ask for. */
export function createLogger(flags: EtcdFlags): Logger {
  const outputs = String(flags['log-outputs'])
    .split(',')
    .map((output) => output.trim())
    .filter((output) => output !== '');
  if (outputs.length > 1 && outputs.includes('default')) {
    throw usage('--log-outputs: "default" stands alone: it is stderr');
  }
  const writers = outputs.map(writerOf);
  return new ConsoleLogger({
    level: logLevel(String(flags['log-level'])),
    format: flags['log-format'] === 'console' ? 'text' : 'json',
    write: (line) => {
      for (const write of writers) write(line);
    },
  });
}

function writerOf(output: string): (line: string) => void {
  switch (output) {
    case 'default':
    case 'stderr':
      return (line) => void process.stderr.write(line);
    case 'stdout':
      return (line) => void process.stdout.write(line);
    case 'systemd/journal':
      throw usage('--log-outputs systemd/journal: systemd reads stderr anyway: use that');
    default: {
      let file: number;
      try {
        file = openSync(output, 'a', 0o600);
      } catch (error) {
        throw new CliError(`--log-outputs: cannot open ${output}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      return (line) => void writeSync(file, line);
    }
  }
}

function logLevel(text: string): LogLevel {
  return text === 'debug' || text === 'info' || text === 'warn' ? text : 'error';
}
