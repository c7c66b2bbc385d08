/**
 * A refusal in one sentence that names the thing, the place and the remedy. The command line prints the
 * message alone, without a stack, and exits with `exitCode`: 1 for what went wrong, 2 for wrong usage.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? 1;
  }
}
