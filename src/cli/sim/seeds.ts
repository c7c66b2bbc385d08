import { CliError } from '../cli-error.ts';

/** More than months of one machine; a range that is larger is a slip of the finger. */
const seedsMax = 100_000_000;

/** Which seeds a sweep runs: `from` to `to`, and of these every `of`th, beginning with the `index`th. */
export interface Seeds {
  readonly from: number;
  /** Infinity: until time is up. */
  readonly to: number;
  readonly index: number;
  readonly of: number;
}

/** @throws CliError, exit code 2 */
export function parseSeeds(range: string | undefined, shard: string | undefined): Seeds {
  const { from, to } = range === undefined ? { from: 1, to: Infinity } : parseRange(range);
  const match = /^(\d+)\/(\d+)$/.exec(shard ?? '0/1');
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index < of)) {
    throw new CliError(
      `--shard ${shard} is not a part of a whole: write 0/8 for the first of eight, up to 7/8`,
      { exitCode: 2 },
    );
  }
  return { from, to, index, of };
}

export function* seedsIn({ from, to, index, of }: Seeds): Generator<number> {
  for (let seed = from + index; seed <= to; seed += of) yield seed;
}

/** How many there are; Infinity when only time ends it. */
export function countOf({ from, to, index, of }: Seeds): number {
  return Math.max(0, Math.ceil((to - from - index + 1) / of));
}

function parseRange(range: string): { readonly from: number; readonly to: number } {
  const match = /^(\d+)\.\.(\d+)$/.exec(range);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (!(from <= to && Number.isSafeInteger(to) && to - from < seedsMax)) {
    throw new CliError(
      `--seeds ${range} is not a range of at most ${seedsMax} seeds: write 1..100, for example`,
      { exitCode: 2 },
    );
  }
  return { from, to };
}
