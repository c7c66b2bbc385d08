import { CliError } from './cli-error.ts';

/** The value of a flag that takes a whole number. @throws CliError naming the flag and its range */
export function integerOption(flag: string, text: string, least: number, most: number): number {
  // Only digits: Number() alone would take '', 0x3 and 1e0.
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(value) || value < least || value > most) {
    const shown = text === '' ? '""' : text;
    throw new CliError(`${flag} ${shown} is not a whole number from ${least} to ${most}`, { exitCode: 2 });
  }
  return value;
}
