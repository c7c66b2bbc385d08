/** Facts that go with a log line; values that JSON can hold. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log of one host. `message` is a constant sentence; what varies goes into `fields`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}
