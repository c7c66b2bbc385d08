import { setFlagsFromString } from 'node:v8';

/**
 * Has the heap of all threads collected when it is so many percent larger than what lived in it the last time. V8 by itself lets it
 * become up to four times as large, which is good for a page that comes and goes; a store whose log lives for a moment and then dies
 * would hold a hundred megabytes of dead entries. docs/storage.md has what it costs.
 */
export function limitHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
