import type { RandomStream } from '../random-streams.ts';
import { durationMillis, either, ScenarioError, type Schema } from './action.ts';
import type { Ground, GroundHost } from './ground.ts';

/**
 * Values that may be ranges: `2s` is always two seconds, `100ms..2s` something in between that the seed draws. The numbers of
 * a step come from a stream of its own, named after what it does, so that a step which is taken out of a timeline leaves
 * the others as they were.
 */
export function drawsOf<H extends GroundHost>(
  action: string,
  value: unknown,
  stage: { readonly world: Pick<Ground<H>, 'random'> },
): RandomStream {
  return stage.world.random.stream(`nemesis/${action} ${JSON.stringify(value)}`);
}

function rangeSchema(one: string, description: string): Schema {
  return { type: 'string', pattern: `^${one}(\\.\\.${one})?$`, description };
}

const number = '[0-9]+(\\.[0-9]+)?';

export const durationRangeSchema = rangeSchema(
  `${number}(ms|s|m)`,
  'a duration such as 250ms, 10s or 1.5m, or a range such as 100ms..2s',
);

/** With the direction in which a clock goes wrong. */
export const signedDurationRangeSchema = rangeSchema(
  `[+-]?${number}(ms|s|m)`,
  'a duration with its direction such as -10s or +10m, or a range such as -5s..5s',
);

export const shareRangeSchema = rangeSchema(`${number}%`, 'a share such as 10%, or a range such as 1%..20%');

export const bandwidthRangeSchema = rangeSchema(
  `${number}(k|M|G)?bit`,
  'bits per second such as 64kbit or 1Mbit, or a range such as 64kbit..10Mbit',
);

export const bytesRangeSchema = rangeSchema(
  `${number}(B|KiB|MiB|GiB)`,
  'bytes such as 500B or 64KiB, or a range such as 0B..1MiB',
);

export const countRangeSchema: Schema = either(
  { type: 'string' },
  {
    type: 'string',
    pattern: '^[0-9]+\\.\\.[0-9]+$',
    description: 'a whole number such as 3, or a range such as 1..100',
  },
  { type: 'integer', minimum: 0, description: 'a whole number such as 3, or a range such as 1..100' },
);

export function drawMillis(text: string, random: RandomStream): number {
  return draw(text, random, signedMillis);
}

/** The two ends of a range of durations; equal for one duration. */
export function millisBounds(text: string): readonly [number, number] {
  return bounds(text, signedMillis);
}

/** In [0, 1]. */
export function drawShare(text: string, random: RandomStream): number {
  return draw(text, random, (share) => Math.min(1, Number.parseFloat(share) / 100));
}

export function drawBytesPerSecond(text: string, random: RandomStream): number {
  return draw(text, random, (rate) => amount(rate, { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9 }) / 8);
}

export function drawBytes(text: string, random: RandomStream): number {
  return Math.round(
    draw(text, random, (size) => amount(size, { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 })),
  );
}

/** Both ends are possible. */
export function drawCount(value: number | string, random: RandomStream): number {
  const [low, high] = bounds(String(value), Number);
  return low === high ? low : low + random.integer(high - low + 1);
}

export function drawNumber(value: number | string, random: RandomStream): number {
  return draw(String(value), random, Number);
}

/** Why a range is none, as the end of a sentence; undefined when it is one, or a single value. */
export function rangeProblem(
  value: unknown,
  read: (text: string) => readonly [number, number],
): string | undefined {
  if (typeof value !== 'string' || !value.includes('..')) return undefined;
  const [low, high] = read(value);
  return low <= high ? undefined : `is ${value}, which runs backwards; write the smaller end first`;
}

function draw(text: string, random: RandomStream, read: (text: string) => number): number {
  const [low, high] = bounds(text, read);
  return low === high ? low : random.between(low, high);
}

function bounds(text: string, read: (text: string) => number): readonly [number, number] {
  const [low, high = low] = text.split('..') as [string, string?];
  return [read(low), read(high)];
}

function signedMillis(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * durationMillis(text.replace(/^[+-]/, ''));
}

function amount(text: string, units: Readonly<Record<string, number>>): number {
  const [, count, unit] = /^([0-9.]+)([A-Za-z]+)$/.exec(text) ?? [];
  const per = units[unit ?? ''];
  if (per === undefined) throw new ScenarioError(`no unit in ${text}; use ${Object.keys(units).join(', ')}`);
  return Number(count) * per;
}
