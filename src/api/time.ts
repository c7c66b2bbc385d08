import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';

/** RFC 3339 with whole seconds, as metav1.Time is written: `2026-11-23T15:04:05Z`. */
export function formatTime(millis: number): string {
  return `${new Date(Math.floor(millis / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with microseconds, as metav1.MicroTime is written: `2026-11-23T15:04:05.000000Z`. */
export function formatMicroTime(millis: number): string {
  return `${new Date(Math.floor(millis)).toISOString().slice(0, 23)}000Z`;
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds of an RFC 3339 time (fractions below one are cut), or undefined when it is not one. */
export function parseTime(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const fraction = match[7] ?? '';
  const millis = fraction === '' ? '' : fraction.slice(0, 4);
  const value = Date.parse(`${text.slice(0, 19).toUpperCase()}${millis}${match[8]!.toUpperCase()}`);
  return Number.isNaN(value) ? undefined : value;
}

/** The zero time of Go, which JSON shows as null. */
const zeroMillis = -62_135_596_800_000;

/** Almost every time there is: nothing about it needs a closer look. */
const plainTime = /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const plainMicroTime =
  /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;

/** metav1.Time as it is written, null for the zero time. The error is the sentence of Go's time.Parse. */
export function canonicalTime(text: string): Result<string | null, string> {
  if (plainTime.test(text)) return ok(text);
  const problem = timeProblem(text, 0);
  if (problem !== undefined) return err(problem);
  const millis = parseTime(text)!;
  if (millis === zeroMillis) return ok(null);
  return ok(text.length === 20 && text.endsWith('Z') ? text : formatTime(millis));
}

/** metav1.MicroTime: six digits of a second, no more and no less. */
export function canonicalMicroTime(text: string): Result<string | null, string> {
  if (plainMicroTime.test(text)) return ok(text);
  const problem = timeProblem(text, 6);
  if (problem !== undefined) return err(problem);
  const millis = parseTime(text)!;
  const digits = text.slice(20, 26);
  if (millis === zeroMillis && digits === '000000') return ok(null);
  return ok(text.endsWith('Z') ? text : `${formatTime(millis).slice(0, 19)}.${digits}Z`);
}

/** The parts of the layout 2006-01-02T15:04:05, what each takes, and the largest that it may be. */
const layoutParts: readonly (readonly [part: string, takes: RegExp, name?: string, max?: number])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/, 'month', 12],
  ['-', /^-/],
  ['02', /^\d{2}/, 'day', 31],
  ['T', /^T/],
  ['15', /^\d{2}/, 'hour', 23],
  [':', /^:/],
  ['04', /^\d{2}/, 'minute', 59],
  [':', /^:/],
  ['05', /^\d{2}/, 'second', 59],
];

/** Why `text` is no RFC 3339 time with so many digits of a second (0 = any number of them). */
function timeProblem(text: string, digits: number): string | undefined {
  const fraction = digits === 0 ? '' : `.${'0'.repeat(digits)}`;
  const cannotParse = (rest: string, part: string): string =>
    `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05${fraction}Z07:00": ` +
    `cannot parse ${JSON.stringify(rest)} as "${part}"`;
  let rest = text;
  for (const [part, takes, name, max = 99] of layoutParts) {
    const [taken] = takes.exec(rest) ?? [];
    if (taken === undefined) return cannotParse(rest, part);
    const value = Number(taken);
    if (name !== undefined && (value > max || (value === 0 && max <= 31 && max !== 23))) {
      return `parsing time ${JSON.stringify(text)}: ${name} out of range`;
    }
    rest = rest.slice(taken.length);
  }
  const [taken = ''] = (digits === 0 ? /^\.\d+/ : new RegExp(`^\\.\\d{${digits}}`)).exec(rest) ?? [];
  if (digits > 0 && taken === '') return cannotParse(rest, fraction);
  rest = rest.slice(taken.length);
  const [zone] = /^(?:Z|[+-]\d{2}:\d{2})/.exec(rest) ?? [];
  if (zone === undefined) return cannotParse(rest, 'Z07:00');
  if (zone.length < rest.length) {
    return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest.slice(zone.length))}`;
  }
  const day = Number(text.slice(8, 10));
  const inMonth = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (day > inMonth) return `parsing time ${JSON.stringify(text)}: day out of range`;
  return parseTime(text) === undefined ? cannotParse(rest, 'Z07:00') : undefined;
}
