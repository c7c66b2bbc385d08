import { assert } from '../base/assert.ts';
import { OrderedMap } from '../base/ordered-map.ts';
import type { Backend, BackendReader, BackendView, VisitRecord } from './backend.ts';

/** What a named value and a record cost besides their contents: their keys. */
export const recordKeyBytes = 17;

/** The content of a backend in memory, changed in place. */
class Tables implements BackendReader {
  /** By main, then by sub. Main ascends in insertion order, and compaction leaves holes. */
  readonly records = new Map<number, (Uint8Array | undefined)[]>();
  readonly named = new OrderedMap<Uint8Array>();
  count = 0;
  bytes = 0;
  lastMain = 0;

  get(main: number, sub: number): Uint8Array | undefined {
    return this.records.get(main)?.[sub];
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    // Above the compacted revision every main is present; below, few are left of many.
    if (endMain - fromMain <= this.records.size) {
      for (let main = fromMain; main < endMain; main++) {
        if (!visitAll(main, this.records.get(main), visit)) return;
      }
      return;
    }
    for (const [main, ofMain] of this.records) {
      if (main >= endMain) return;
      if (main >= fromMain && !visitAll(main, ofMain, visit)) return;
    }
  }

  value(name: string): Uint8Array | undefined {
    return this.named.get(name);
  }

  values(prefix: string): readonly (readonly [string, Uint8Array])[] {
    const found: (readonly [string, Uint8Array])[] = [];
    const cursor = this.named.scan(prefix);
    while (cursor.next() && cursor.key.startsWith(prefix)) found.push([cursor.key, cursor.value]);
    return found;
  }
}

function visitAll(
  main: number,
  ofMain: readonly (Uint8Array | undefined)[] | undefined,
  visit: VisitRecord,
): boolean {
  if (ofMain === undefined) return true;
  for (let sub = 0; sub < ofMain.length; sub++) {
    const record = ofMain[sub];
    if (record !== undefined && visit(main, sub, record) === false) return false;
  }
  return true;
}

/** A Backend in memory: nothing is durable, bytes are shared and not copied. For tests, and the base of the simulated one. */
export class MemoryBackend implements Backend {
  readonly #tables = new Tables();
  readonly failed: Promise<Error> = new Promise(() => {});

  get liveBytes(): number {
    return this.#tables.bytes;
  }

  get fileBytes(): number {
    return this.#tables.bytes;
  }

  get recordCount(): number {
    return this.#tables.count;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    return this.#tables.get(main, sub);
  }

  put(main: number, sub: number, record: Uint8Array): void {
    const tables = this.#tables;
    assert(main >= tables.lastMain, 'revisions ascend');
    tables.lastMain = main;
    tables.count++;
    tables.bytes += recordKeyBytes + record.length;
    const ofMain = tables.records.get(main);
    if (ofMain === undefined) {
      const first: (Uint8Array | undefined)[] = [];
      first[sub] = record;
      tables.records.set(main, first);
    } else {
      assert(sub >= ofMain.length, 'sub-revisions ascend');
      ofMain[sub] = record;
    }
  }

  delete(main: number, sub: number): void {
    const tables = this.#tables;
    const ofMain = tables.records.get(main);
    const record = ofMain?.[sub];
    assert(ofMain !== undefined && record !== undefined, () => `no record at ${main}.${sub}`);
    tables.count--;
    tables.bytes -= recordKeyBytes + record.length;
    ofMain[sub] = undefined;
    if (ofMain.every((other) => other === undefined)) tables.records.delete(main);
  }

  scan(fromMain: number, endMain: number, visit: VisitRecord): void {
    this.#tables.scan(fromMain, endMain, visit);
  }

  value(name: string): Uint8Array | undefined {
    return this.#tables.value(name);
  }

  values(prefix: string): readonly (readonly [string, Uint8Array])[] {
    return this.#tables.values(prefix);
  }

  setValue(name: string, value: Uint8Array | undefined): void {
    const { named } = this.#tables;
    const old = named.get(name);
    if (old !== undefined) this.#tables.bytes -= name.length + old.length;
    if (value === undefined) {
      named.delete(name);
      return;
    }
    this.#tables.bytes += name.length + value.length;
    named.set(name, value);
  }

  commit(): void {
    // Memory has nothing to make durable.
  }

  async flush(): Promise<void> {}

  async drained(): Promise<void> {}

  /** A copy of the tables, not of the bytes in them. */
  view(): BackendView {
    const copy = new Tables();
    for (const [main, ofMain] of this.#tables.records) copy.records.set(main, [...ofMain]);
    for (const [name, value] of this.#tables.values('')) copy.named.set(name, value);
    return Object.assign(copy, { close: () => {} });
  }

  async close(): Promise<void> {}
}
