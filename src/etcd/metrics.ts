import { assert } from '../base/assert.ts';

/**
 * Numbers about a running member, in Prometheus' text format 0.0.4. What is counted where it happens is a Counter or a Histogram:
 * an addition, no allocation. What can be read is a gauge with a function, called when somebody asks.
 */
export class Metrics {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string): Counter {
    const counter = new Counter();
    this.#add(name, help, 'counter', () => [{ suffix: '', labels: '', value: counter.value }]);
    return counter;
  }

  /** A counter that is kept elsewhere. */
  counted(name: string, help: string, read: () => number): void {
    this.#add(name, help, 'counter', () => [{ suffix: '', labels: '', value: read() }]);
  }

  /** Counters or gauges by the values of labels that are kept elsewhere, in the order of `labelNames`. */
  labelled(
    name: string,
    help: string,
    type: 'counter' | 'gauge',
    labelNames: readonly string[],
    read: () => Iterable<readonly [values: readonly string[], value: number]>,
  ): void {
    this.#add(name, help, type, () =>
      Array.from(read(), ([values, value]) => ({
        suffix: '',
        labels: formatLabels(labelsOf(labelNames, values)),
        value,
      })),
    );
  }

  /** One counter for each combination of values, in the order of `labelNames`. */
  counters(name: string, help: string, labelNames: readonly string[]): CounterFamily {
    const family = new CounterFamily(labelNames);
    this.#add(name, help, 'counter', () => family.samples());
    return family;
  }

  /** `read` gives undefined while there is nothing to say. */
  gauge(name: string, help: string, read: () => number | undefined, labels: () => Labels = () => ({})): void {
    this.#add(name, help, 'gauge', () => {
      const value = read();
      return value === undefined ? [] : [{ suffix: '', labels: formatLabels(labels()), value }];
    });
  }

  /** @param bounds the upper bounds of the buckets, ascending, without the infinite one */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds);
    this.observed(name, help, histogram);
    return histogram;
  }

  /** A histogram, or one for each combination of labels, that is kept elsewhere. */
  observed(name: string, help: string, kept: Histogram | HistogramFamily): void {
    this.#add(name, help, 'histogram', () => kept.samples());
  }

  /** All families by name. */
  text(): string {
    let text = '';
    for (const name of [...this.#families.keys()].toSorted()) {
      const { help, type, samples } = this.#families.get(name)!;
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (const { suffix, labels, value } of samples()) {
        text += `${name}${suffix}${labels} ${formatNumber(value)}\n`;
      }
    }
    return text;
  }

  #add(name: string, help: string, type: Family['type'], samples: Family['samples']): void {
    assert(!this.#families.has(name), () => `${name} is made once`);
    this.#families.set(name, { help, type, samples });
  }
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly suffix: string;
  readonly labels: string;
  readonly value: number;
}

interface Family {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: () => readonly Sample[];
}

export class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  add(amount = 1): void {
    this.#value += amount;
  }
}

export class CounterFamily {
  readonly #labelNames: readonly string[];
  readonly #counters = new Map<string, Counter>();

  constructor(labelNames: readonly string[]) {
    this.#labelNames = labelNames;
  }

  /** The counter of these values; keep it where it is used often. */
  of(...values: readonly string[]): Counter {
    const labels = formatLabels(labelsOf(this.#labelNames, values));
    let counter = this.#counters.get(labels);
    if (counter === undefined) this.#counters.set(labels, (counter = new Counter()));
    return counter;
  }

  samples(): readonly Sample[] {
    return [...this.#counters].toSorted().map(([labels, { value }]) => ({ suffix: '', labels, value }));
  }
}

export class Histogram {
  readonly #bounds: readonly number[];
  /** How many fell into each bucket and no lower one; the last is the infinite one. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  samples(labels: Labels = {}): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((inBucket, i) => {
      count += inBucket;
      const bound = this.#bounds[i];
      const le = bound === undefined ? '+Inf' : formatNumber(bound);
      return { suffix: '_bucket', labels: formatLabels({ ...labels, le }), value: count };
    });
    const own = formatLabels(labels);
    return [
      ...buckets,
      { suffix: '_sum', labels: own, value: this.#sum },
      { suffix: '_count', labels: own, value: count },
    ];
  }
}

/** A histogram for each combination of values, in the order of `labelNames`. */
export class HistogramFamily {
  readonly #labelNames: readonly string[];
  readonly #bounds: readonly number[];
  readonly #histograms = new Map<string, { readonly labels: Labels; readonly histogram: Histogram }>();

  constructor(labelNames: readonly string[], bounds: readonly number[]) {
    this.#labelNames = labelNames;
    this.#bounds = bounds;
  }

  /** The histogram of these values; keep it where it is used often. */
  of(...values: readonly string[]): Histogram {
    const key = values.join('\0');
    const known = this.#histograms.get(key);
    if (known !== undefined) return known.histogram;
    const histogram = new Histogram(this.#bounds);
    this.#histograms.set(key, { labels: labelsOf(this.#labelNames, values), histogram });
    return histogram;
  }

  samples(): readonly Sample[] {
    return [...this.#histograms.keys()].toSorted().flatMap((key) => {
      const { labels, histogram } = this.#histograms.get(key)!;
      return histogram.samples(labels);
    });
  }
}

/** `count` bounds from `start` on, each `factor` times the last (Go's ExponentialBuckets). */
export function exponentialBounds(start: number, factor: number, count: number): readonly number[] {
  // Rounded: powers of two of a thousandth are to read 0.001, 0.002, ….
  return Array.from({ length: count }, (_, i) => Number((start * factor ** i).toPrecision(12)));
}

function labelsOf(names: readonly string[], values: readonly string[]): Labels {
  assert(values.length === names.length, 'a value for each label');
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

function formatLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** As Go's %g, shortest: buckets must have the names that etcd's have. */
function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  const scientific = value.toExponential();
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  if (exponent >= -4 && exponent < 6) return String(value);
  return scientific.replace(/e([+-])(\d)$/, 'e$10$2');
}
