import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import type { Backend, BackendReader } from '../../src/mvcc/backend.ts';
import { recordKeyBytes } from '../../src/mvcc/memory-backend.ts';

/** Where a suite opens its backends. */
export interface BackendWorld {
  /** Opens the one backend of this world, or opens it again after `close`. */
  open(): Promise<Backend>;
  remove(): Promise<void>;
}

export interface BackendTraits {
  /** What it holds survives `close`. */
  readonly durable: boolean;
  readonly runs: number;
}

type Step =
  | { readonly do: 'put'; readonly mains: number; readonly length: number }
  | { readonly do: 'delete'; readonly pick: number }
  | { readonly do: 'value'; readonly name: number; readonly length: number | undefined }
  | { readonly do: 'commit' | 'flush' | 'reopen' | 'view' | 'wait' | 'compact' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      // 0: another sub-revision of the same main.
      mains: fc.nat(3),
      length: fc.oneof(fc.nat(40), fc.nat(400), fc.nat(20_000)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), pick: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('value' as const),
      name: fc.nat(5),
      length: fc.option(fc.nat(50), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom('commit', 'commit', 'commit', 'flush', 'view', 'wait', 'wait').map((what) => ({
      do: what as 'commit' | 'flush' | 'view' | 'wait',
    })),
  },
  { weight: 1, arbitrary: fc.constantFrom('reopen', 'compact').map((what) => ({ do: what as 'reopen' })) },
);

const names = ['a', 'b', 'lease/1', 'lease/10', 'lease/2', 'leases'];

/** Whole tables, copied whenever they are needed later. */
class NaiveBackend {
  records: (readonly [main: number, sub: number, record: Uint8Array])[] = [];
  named = new Map<string, Uint8Array>();

  copy(): NaiveBackend {
    const copy = new NaiveBackend();
    copy.records = [...this.records];
    copy.named = new Map(this.named);
    return copy;
  }

  get liveBytes(): number {
    let bytes = 0;
    for (const [, , record] of this.records) bytes += recordKeyBytes + record.length;
    for (const [name, value] of this.named) bytes += name.length + value.length;
    return bytes;
  }
}

function scanned(reader: BackendReader, from: number, end: number): [number, number, Uint8Array][] {
  const found: [number, number, Uint8Array][] = [];
  reader.scan(from, end, (main, sub, record) => void found.push([main, sub, record.slice()]));
  return found;
}

/** That all readers of `reader` say what the model says. */
export function expectSame(reader: BackendReader, model: NaiveBackend): void {
  expect(scanned(reader, 0, Infinity)).toEqual(model.records);
  const last = model.records.at(-1)?.[0] ?? 0;
  for (const [from, end] of [
    [1, last],
    [Math.floor(last / 2), last + 1],
    [last, last],
    [last + 1, Infinity],
  ] as const) {
    expect(scanned(reader, from, end)).toEqual(model.records.filter(([main]) => main >= from && main < end));
  }
  for (const [main, sub, record] of model.records) {
    expect(reader.get(main, sub)).toEqual(record);
    // Neighbours that are not there.
    const after = model.records.find((other) => other[0] === main && other[1] === sub + 1);
    expect(reader.get(main, sub + 1)).toEqual(after?.[2]);
  }
  expect(reader.get(last + 1, 0)).toBeUndefined();
  expect(reader.get(0, 0)).toBeUndefined();
  for (const name of names) expect(reader.value(name)).toEqual(model.named.get(name));
  for (const prefix of ['', 'lease', 'lease/', 'lease/1', 'x']) {
    const wanted = names.filter((name) => name.startsWith(prefix) && model.named.has(name));
    expect(reader.values(prefix)).toEqual(wanted.map((name) => [name, model.named.get(name)]));
  }
}

/** What every Backend must do. */
export function backendCompliance(
  name: string,
  make: () => Promise<BackendWorld>,
  traits: BackendTraits,
): void {
  const inWorld = async (work: (backend: Backend, world: BackendWorld) => Promise<void>): Promise<void> => {
    const world = await make();
    try {
      const backend = await world.open();
      await work(backend, world);
      await backend.close();
    } finally {
      await world.remove();
    }
  };
  const bytes = encodeUtf8;

  describe(`backend: ${name}`, () => {
    it('is empty at first', () =>
      inWorld(async (backend) => {
        expectSame(backend, new NaiveBackend());
        expect([backend.recordCount, backend.liveBytes]).toEqual([0, 0]);
        await backend.flush();
      }));

    it('gives back at once what was put, committed or not (B1)', () =>
      inWorld(async (backend) => {
        backend.put(2, 0, bytes('one'));
        backend.setValue('a', bytes('1'));
        expect(backend.get(2, 0)).toEqual(bytes('one'));
        expect(backend.value('a')).toEqual(bytes('1'));
        backend.commit();
        await backend.flush();
        expect(backend.get(2, 0)).toEqual(bytes('one'));
        backend.delete(2, 0);
        backend.setValue('a', undefined);
        expect(backend.get(2, 0)).toBeUndefined();
        expect(backend.value('a')).toBeUndefined();
        expect([backend.recordCount, backend.liveBytes]).toEqual([0, 0]);
      }));

    it('ends a scan when the visitor has seen enough', () =>
      inWorld(async (backend) => {
        for (let main = 2; main < 200; main++) backend.put(main, 0, bytes(`record ${main}`));
        backend.commit();
        await backend.flush();
        for (let main = 200; main < 210; main++) backend.put(main, 0, bytes(`record ${main}`));
        for (const enough of [1, 50, 198, 205]) {
          let seen = 0;
          backend.scan(2, Infinity, () => ++seen < enough);
          expect(seen).toBe(enough);
        }
      }));

    it('refuses to delete what is not there, and to put what is not newest', () =>
      inWorld(async (backend) => {
        backend.put(5, 1, bytes('x'));
        expect(() => backend.delete(5, 0)).toThrow(AssertionError);
        expect(() => backend.delete(6, 0)).toThrow(AssertionError);
        backend.delete(5, 1);
        expect(() => backend.delete(5, 1)).toThrow(AssertionError);
        expect(() => backend.put(4, 0, bytes('x'))).toThrow(AssertionError);
      }));

    it('keeps views as they were while everything is written anew (B3)', () =>
      inWorld(async (backend) => {
        const model = new NaiveBackend();
        for (let main = 2; main < 400; main++) {
          const record = bytes(`record ${main} ${'x'.repeat(main)}`);
          backend.put(main, 0, record);
          model.records.push([main, 0, record]);
        }
        backend.commit();
        const early = backend.view();
        await backend.flush();
        const late = backend.view();
        for (let main = 2; main < 400; main += 2) backend.delete(main, 0);
        backend.commit();
        await backend.flush();
        for (let main = 3; main < 400; main += 2) backend.delete(main, 0);
        for (let main = 400; main < 800; main++) backend.put(main, 0, bytes(`again ${'y'.repeat(main)}`));
        backend.commit();
        await backend.flush();
        expectSame(early, model);
        expectSame(late, model);
        early.close();
        late.close();
        late.close();
      }));

    it('does what a naive table does, whatever happens in which order (B1-B3)', () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
          const world = await make();
          let backend = await world.open();
          let model = new NaiveBackend();
          let committed = model.copy();
          let main = 1;
          let sub = 0;
          const views: { view: ReturnType<Backend['view']>; model: NaiveBackend }[] = [];
          const closeViews = (): void => {
            for (const { view, model } of views.splice(0)) {
              expectSame(view, model);
              view.close();
            }
          };
          try {
            for (const [i, step] of steps.entries()) {
              switch (step.do) {
                case 'put': {
                  sub = step.mains === 0 ? sub + 1 : 0;
                  main += step.mains;
                  const record = new Uint8Array(step.length).fill(i + 1);
                  backend.put(main, sub, record);
                  model.records.push([main, sub, record]);
                  break;
                }
                case 'delete': {
                  if (model.records.length === 0) break;
                  const place = step.pick % model.records.length;
                  const [found] = model.records.splice(place, 1);
                  backend.delete(found![0], found![1]);
                  break;
                }
                case 'compact':
                  for (const [main, sub] of model.records.splice(0, model.records.length - 2)) {
                    backend.delete(main, sub);
                  }
                  break;
                case 'value': {
                  const value =
                    step.length === undefined ? undefined : new Uint8Array(step.length).fill(i + 1);
                  backend.setValue(names[step.name]!, value);
                  if (value === undefined) model.named.delete(names[step.name]!);
                  else model.named.set(names[step.name]!, value);
                  break;
                }
                case 'commit':
                  backend.commit();
                  committed = model.copy();
                  break;
                case 'flush':
                  await backend.flush();
                  break;
                case 'wait':
                  await new Promise((resolve) => void setTimeout(resolve, 1));
                  break;
                case 'view':
                  // A table in memory shows the present: it has nothing else.
                  views.push({ view: backend.view(), model: traits.durable ? committed : model.copy() });
                  break;
                case 'reopen':
                  if (!traits.durable) break;
                  closeViews();
                  await backend.close();
                  backend = await world.open();
                  model = committed.copy();
                  // What the lost step had taken may be taken again, or not.
                  main++;
                  sub = 0;
                  break;
              }
              if (i % 16 === 0) expectSame(backend, model);
            }
            expectSame(backend, model);
            expect(backend.recordCount).toBe(model.records.length);
            expect(backend.liveBytes).toBe(model.liveBytes);
            closeViews();
          } finally {
            for (const { view } of views) view.close();
            await backend.close();
            await world.remove();
          }
        }),
        { numRuns: traits.runs },
      ));

    it.runIf(traits.durable)('is found again as the last commit left it (B2)', () =>
      inWorld(async (backend, world) => {
        for (let main = 2; main < 300; main++)
          backend.put(main, 0, bytes(`record ${main}`.repeat(main % 20)));
        backend.setValue('applied', bytes('299'));
        backend.commit();
        for (let main = 2; main < 100; main++) backend.delete(main, 0);
        backend.commit();
        const { liveBytes } = backend;
        backend.put(300, 0, bytes('never committed'));
        backend.setValue('applied', bytes('300'));
        await backend.close();
        await backend.close();
        const again = await world.open();
        expect(scanned(again, 0, Infinity).map(([main]) => main)).toEqual(
          Array.from({ length: 200 }, (_, i) => 100 + i),
        );
        expect(again.value('applied')).toEqual(bytes('299'));
        expect([again.recordCount, again.liveBytes]).toEqual([200, liveBytes]);
        again.put(300, 0, bytes('now'));
        again.commit();
        await again.flush();
        expect(again.get(300, 0)).toEqual(bytes('now'));
        await again.close();
      }),
    );

    it('takes any number of steps between two flushes, and lets the owner wait for the disk', () =>
      inWorld(async (backend) => {
        const record = new Uint8Array(100_000).fill(1);
        for (let main = 2; main < 600; main++) {
          backend.put(main, 0, record);
          backend.commit();
          if (main % 100 === 0) await backend.drained();
        }
        await backend.flush();
        expect(backend.recordCount).toBe(598);
        expect(backend.get(300, 0)).toEqual(record);
      }));
  });
}
