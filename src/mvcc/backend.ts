import { assert } from '../base/assert.ts';
import type { KeyValue } from './types.ts';

/**
 * Where the values are: every change of every key, under its revision (main, sub). A tombstone is a
 * KeyValue of version 0. The store keeps the key index in memory and reads values only through this
 * port, so that pages on disk can stand in for memory.
 */
export interface Backend {
  /** How many records there are. */
  readonly size: number;
  get(main: number, sub: number): KeyValue | undefined;
  /** Revisions only ever ascend. */
  put(main: number, sub: number, kv: KeyValue): void;
  delete(main: number, sub: number): void;
  /** Visits the records with fromMain <= main < endMain by (main, sub). `visit` must not change anything. */
  scan(fromMain: number, endMain: number, visit: (kv: KeyValue, sub: number) => void): void;
  /** Ends one transaction. What lies between two commits becomes durable together or not at all. */
  commit(): void;
}

/** A Backend in memory: nothing is durable, values are shared and not copied. */
export class MemoryBackend implements Backend {
  /** By main, then by sub; main ascends in insertion order, and compaction leaves holes. */
  readonly #records = new Map<number, (KeyValue | undefined)[]>();
  #size = 0;
  #lastMain = 0;

  get size(): number {
    return this.#size;
  }

  get(main: number, sub: number): KeyValue | undefined {
    return this.#records.get(main)?.[sub];
  }

  put(main: number, sub: number, kv: KeyValue): void {
    assert(main >= this.#lastMain, 'revisions ascend');
    this.#lastMain = main;
    this.#size++;
    const ofMain = this.#records.get(main);
    if (ofMain === undefined) {
      const first: (KeyValue | undefined)[] = [];
      first[sub] = kv;
      this.#records.set(main, first);
    } else {
      assert(sub >= ofMain.length, 'sub-revisions ascend');
      ofMain[sub] = kv;
    }
  }

  delete(main: number, sub: number): void {
    const ofMain = this.#records.get(main);
    assert(ofMain?.[sub] !== undefined, () => `no record at ${main}.${sub}`);
    this.#size--;
    ofMain[sub] = undefined;
    if (ofMain.every((kv) => kv === undefined)) this.#records.delete(main);
  }

  scan(fromMain: number, endMain: number, visit: (kv: KeyValue, sub: number) => void): void {
    // Above the compacted revision every main is present; below, few are left of many.
    if (endMain - fromMain <= this.#records.size) {
      for (let main = fromMain; main < endMain; main++) visitAll(this.#records.get(main), visit);
      return;
    }
    for (const [main, ofMain] of this.#records) {
      if (main >= endMain) return;
      if (main >= fromMain) visitAll(ofMain, visit);
    }
  }

  commit(): void {
    // Memory has nothing to make durable.
  }
}

function visitAll(
  ofMain: readonly (KeyValue | undefined)[] | undefined,
  visit: (kv: KeyValue, sub: number) => void,
): void {
  if (ofMain === undefined) return;
  for (let sub = 0; sub < ofMain.length; sub++) {
    const kv = ofMain[sub];
    if (kv !== undefined) visit(kv, sub);
  }
}
