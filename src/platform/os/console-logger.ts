import type { LogFields, Logger } from '../logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ConsoleLoggerOptions {
  /** Lines below it are dropped. Default `info`. */
  readonly level?: LogLevel;
  /** `text`: `2026-01-31T12:00:00.000Z info  message key=value`. `json`: one object per line. Default `text`. */
  readonly format?: 'text' | 'json';
  /** Takes each whole line. Default: standard error. */
  readonly write?: (line: string) => void;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger that writes lines, to standard error unless told otherwise. */
export class ConsoleLogger implements Logger {
  readonly #options: Required<ConsoleLoggerOptions>;
  readonly #fields: LogFields;

  constructor(options: ConsoleLoggerOptions = {}, fields: LogFields = {}) {
    this.#options = { level: 'info', format: 'text', write: writeToStandardError, ...options };
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  with(fields: LogFields): Logger {
    return new ConsoleLogger(this.#options, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields: LogFields = {}): void {
    const { level: least, format, write } = this.#options;
    if (rank[level] < rank[least]) return;
    const time = new Date().toISOString();
    const all = { ...this.#fields, ...fields };
    if (format === 'json') {
      write(`${JSON.stringify({ time, level, message, ...all })}\n`);
    } else {
      write(`${time} ${level.padEnd(5)} ${message}${textOf(all)}\n`);
    }
  }
}

function writeToStandardError(line: string): void {
  process.stderr.write(line);
}

function textOf(fields: LogFields): string {
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    // Quoted unless it is one plain word, so that a line can be split at its spaces.
    const plain = typeof value !== 'string' || /^[^\s"=]+$/.test(value);
    text += ` ${key}=${plain ? String(value) : JSON.stringify(value)}`;
  }
  return text;
}
