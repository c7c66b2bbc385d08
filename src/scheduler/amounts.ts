import { mustParseQuantity, quantityMilliValue, quantityValue } from '../api/quantity.ts';
import type { ResourceList } from '../api/types.ts';

/** The two resources that every pod uses, and so the two that scores look at. */
export interface CpuAndMemory {
  readonly milliCpu: number;
  readonly memoryBytes: number;
}

/**
 * Amounts of resources as whole numbers (kube: framework.Resource). CPU and memory are fields, for they are read for
 * every node in every cycle; all others are by name, in their own units.
 */
export interface Amounts extends CpuAndMemory {
  readonly others: Readonly<Record<string, number>>;
}

/** Amounts that a cache adds to and takes from. */
export class RunningTotal implements Amounts {
  milliCpu = 0;
  memoryBytes = 0;
  readonly others: Record<string, number> = {};

  add(amounts: Amounts, sign: 1 | -1 = 1): void {
    this.milliCpu += sign * amounts.milliCpu;
    this.memoryBytes += sign * amounts.memoryBytes;
    for (const name in amounts.others) {
      this.others[name] = amountNamed(this.others, name) + sign * amountNamed(amounts.others, name);
    }
  }
}

export function amountsOf(list: ResourceList): Amounts {
  const others: Record<string, number> = {};
  let milliCpu = 0;
  let memoryBytes = 0;
  for (const [name, text] of Object.entries(list)) {
    if (name === 'cpu') milliCpu = milliCpuOf(text);
    else if (name === 'memory') memoryBytes = wholeAmountOf(text);
    else others[name] = wholeAmountOf(text);
  }
  return { milliCpu, memoryBytes, others };
}

/** 0 if there is none of that name. */
export function amountNamed(others: Amounts['others'], name: string): number {
  // A resource may be called what every object inherits: "constructor".
  return Object.hasOwn(others, name) ? others[name]! : 0;
}

/** Rounded up: "100m" is 100, "0.0001" is 1. */
export function milliCpuOf(text: string): number {
  return quantityMilliValue(mustParseQuantity(text));
}

/** Bytes, or whatever is counted; rounded up. */
export function wholeAmountOf(text: string): number {
  return quantityValue(mustParseQuantity(text));
}
