/** Code-unit order of strings: total, locale-free, the same everywhere (never use localeCompare). */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The entries of `map` in code-unit order of their keys. */
export function sortedEntries<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].toSorted((a, b) => compareStrings(a[0], b[0]));
}
