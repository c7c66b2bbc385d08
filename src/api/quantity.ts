import { assert } from '../base/assert.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';

/**
 * Amounts of resources ("100m", "1Gi", "1e3", "0.5"), exact (apimachinery's `resource.Quantity`).
 * Everything is kept as a whole number of nanos, the finest that the format can say.
 */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: 'BinarySI' | 'DecimalSI' | 'DecimalExponent';
}

const nanosPerUnit = 1_000_000_000n;

/** Suffix → nanos of one. */
const binarySuffixes: readonly (readonly [string, bigint])[] = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'].map(
  (suffix, index) => [suffix, nanosPerUnit * 1024n ** BigInt(6 - index)] as const,
);
const decimalSuffixes: readonly (readonly [string, bigint])[] = [
  'E',
  'P',
  'T',
  'G',
  'M',
  'k',
  '',
  'm',
  'u',
  'n',
].map((suffix, index) => [suffix, 10n ** BigInt(27 - 3 * index)] as const);

const shape = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]|)$/;

/** No exponent reaches further: what is larger is clamped anyway, and what is smaller rounds up to a nano. */
const exponentMax = 60;

/** What is said of text that is no quantity at all. */
export const quantityShapeMessage =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Reads a quantity. Below one nano rounds away from zero, as the real parser does. */
export function parseQuantity(text: string): Result<Quantity, string> {
  const match = shape.exec(text);
  if (match === null) return err(quantityShapeMessage);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return err(quantityShapeMessage);
  const digits = BigInt(whole + fraction);
  const binary = binarySuffixes.find(([name]) => name === suffix);
  const decimal = decimalSuffixes.find(([name]) => name === suffix);
  let scale: bigint;
  let denominator = 10n ** BigInt(fraction.length);
  let format: Quantity['format'] = 'DecimalSI';
  if (binary !== undefined) {
    scale = binary[1];
    format = 'BinarySI';
  } else if (decimal !== undefined) {
    scale = decimal[1];
  } else {
    const exponent = Number(suffix.slice(1));
    if (Math.abs(exponent) > exponentMax) return err("unable to parse quantity's suffix");
    format = 'DecimalExponent';
    scale = exponent >= 0 ? nanosPerUnit * 10n ** BigInt(exponent) : nanosPerUnit;
    if (exponent < 0) denominator *= 10n ** BigInt(-exponent);
  }
  const product = digits * scale;
  const nanos = (product + denominator - 1n) / denominator;
  return ok({ nanos: sign === '-' ? -nanos : nanos, format });
}

/** A quantity that is known to be one: from a validated object. @throws AssertionError when it is not */
export function mustParseQuantity(text: string): Quantity {
  const result = parseQuantity(text);
  assert(result.ok, () => `not a quantity: ${text}`);
  return result.value;
}

/** The canonical text: no fraction, the largest suffix that keeps it whole. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, format } = quantity;
  if (nanos === 0n) return '0';
  const magnitude = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  // A binary amount below 1024, or with a fraction, is shown in the decimal form.
  if (format === 'BinarySI' && magnitude >= 1024n * nanosPerUnit && magnitude % nanosPerUnit === 0n) {
    const [suffix, scale] = binarySuffixes.find(([, one]) => magnitude % one === 0n) ?? ['', nanosPerUnit];
    return `${sign}${magnitude / scale}${suffix}`;
  }
  const [suffix, scale] = decimalSuffixes.find(([, one]) => magnitude % one === 0n)!;
  if (format !== 'DecimalExponent' || suffix === '') return `${sign}${magnitude / scale}${suffix}`;
  const exponent = scale.toString().length - 1 - 9;
  return `${sign}${magnitude / scale}e${exponent}`;
}

/** The same amount in its canonical text; text that is no quantity is returned as it is. */
export function canonicalQuantity(text: string): string {
  const result = parseQuantity(text);
  return result.ok ? formatQuantity(result.value) : text;
}

/** The same few amounts come again and again: so many are remembered. */
const quantitiesMax = 4096;
/** What is longer is rare, and may be long indeed. */
const rememberedLengthMax = 32;
const quantities = new Map<string, string>();

/** The same amount in its canonical text, undefined when it is none. Remembers what it has seen. */
export function canonicalQuantityText(text: string): string | undefined {
  const known = quantities.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (!parsed.ok) return undefined;
  const canonical = formatQuantity(parsed.value);
  if (text.length > rememberedLengthMax) return canonical;
  if (quantities.size >= quantitiesMax) quantities.clear();
  quantities.set(text, canonical);
  return canonical;
}

/** Negative, zero or positive. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** Whole units, rounded up: how bytes and pods are counted (`Quantity.Value`). */
export function quantityValue(quantity: Quantity): number {
  return Number(ceilDivide(quantity.nanos, nanosPerUnit));
}

/** Thousandths, rounded up: how CPU is counted (`Quantity.MilliValue`). */
export function quantityMilliValue(quantity: Quantity): number {
  return Number(ceilDivide(quantity.nanos, nanosPerUnit / 1000n));
}

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b > 0n ? quotient + 1n : quotient;
}
