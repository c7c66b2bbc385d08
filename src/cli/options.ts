import { CliError } from './cli-error.ts';

/** The value of a flag that takes a whole number. @throws CliError naming the flag and its range */
export function integerOption(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CliError(`${flag} ${text} is not a whole number from ${least} to ${most}`, { exitCode: 2 });
  }
  return value;
}
