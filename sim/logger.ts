import type { LogFields, Logger } from '../src/platform/logger.ts';
import type { Life } from './life.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogLine {
  readonly atMillis: number;
  readonly host: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Every host's log in virtual time. Keeps the newest `linesMax` lines at or above `level`. */
export class LogBook {
  readonly #level: LogLevel;
  readonly #linesMax: number;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #lines: LogLine[] = [];

  /** `onLine` is told each line, formatted, as it comes. */
  constructor(level: LogLevel = 'info', linesMax = 50_000, onLine?: (line: string) => void) {
    this.#level = level;
    this.#linesMax = linesMax;
    this.#onLine = onLine;
  }

  get lines(): readonly LogLine[] {
    return this.#lines.slice(-this.#linesMax);
  }

  takes(level: LogLevel): boolean {
    return severity[level] >= severity[this.#level];
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    this.#onLine?.(this.format(line));
    // Cut in halves, so that a line costs no more than a push on average.
    if (this.#lines.length > 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
  }

  format(line: LogLine): string {
    const fields = Object.entries(line.fields).map(([name, value]) => ` ${name}=${String(value)}`);
    const time = (line.atMillis / 1000).toFixed(6).padStart(12);
    return `${time}s ${line.host.padEnd(10)} ${line.level.padEnd(5)} ${line.message}${fields.join('')}`;
  }
}

export class SimulatedLogger implements Logger {
  readonly #life: Life;
  readonly #book: LogBook;
  readonly #fields: LogFields;

  constructor(life: Life, book: LogBook, fields: LogFields = {}) {
    this.#life = life;
    this.#book = book;
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
    return new SimulatedLogger(this.#life, this.#book, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.#life.alive || !this.#book.takes(level)) return;
    const atMillis = this.#life.loop.nowMillis;
    this.#book.add({
      atMillis,
      host: this.#life.name,
      level,
      message,
      fields: { ...this.#fields, ...fields },
    });
  }
}
