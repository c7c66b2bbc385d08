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
    this.#add(name, help, 'histogram', () => histogram.samples());
    return histogram;
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
    assert(values.length === this.#labelNames.length, 'a value for each label');
    const labels = formatLabels(Object.fromEntries(this.#labelNames.map((name, i) => [name, values[i]!])));
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

  samples(): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((inBucket, i) => {
      count += inBucket;
      const bound = this.#bounds[i];
      const le = bound === undefined ? '+Inf' : formatNumber(bound);
      return { suffix: '_bucket', labels: `{le="${le}"}`, value: count };
    });
    return [
      ...buckets,
      { suffix: '_sum', labels: '', value: this.#sum },
      { suffix: '_count', labels: '', value: count },
    ];
  }
}

/** `count` bounds from `start` on, each `factor` times the last (Go's ExponentialBuckets). */
export function exponentialBounds(start: number, factor: number, count: number): readonly number[] {
  // Rounded: powers of two of a thousandth are to read 0.001, 0.002, ….
  return Array.from({ length: count }, (_, i) => Number((start * factor ** i).toPrecision(12)));
}

function formatLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
