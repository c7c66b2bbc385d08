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
