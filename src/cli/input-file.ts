import { readTextIfThere } from './config-file.ts';
import { CliError } from './cli-error.ts';
import { isEnvironmentError } from './environment-error.ts';

/** The text of a file that a user named, or undefined when there is none. @throws CliError, exit code 2 */
export function readInput(path: string): string | undefined {
  try {
    return readTextIfThere(path);
  } catch (error) {
    if (!isEnvironmentError(error)) throw error;
    throw new CliError(`${error.message}; name a file that can be read`, { exitCode: 2, cause: error });
  }
}
