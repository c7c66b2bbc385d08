/**
 * The word of `words` that `wrong` was probably meant to be: the one with the fewest letters added, dropped, changed
 * or swapped; the first of equals. Undefined when none is near.
 *
 * @example nearest('losst', ['leader', 'lost']) === 'lost'
 */
export function nearest(wrong: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.ceil(wrong.length / 3) + 1;
  for (const word of words) {
    const distance = distanceOf(wrong.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** `; did you mean lost?`, or nothing. */
export function suggestion(wrong: string, words: readonly string[]): string {
  const word = nearest(wrong, words);
  return word === undefined ? '' : `; did you mean ${word}?`;
}

/** Damerau and Levenshtein's distance, in which a swap of neighbours counts once. */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? rows[i - 2]![j - 2]! + 1 : changed;
      row.push(Math.min(changed, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
