import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { concatBytes } from '../../src/base/bytes.ts';
import { Output } from '../../src/grpc/output.ts';

/** A socket that reads what it was given late: whoever writes into that meanwhile is found out. */
class LateSocket {
  readonly #held: Uint8Array[] = [];
  readonly #read: Uint8Array[] = [];
  /** Whether the next writes are read at once. */
  quick = true;

  write(bytes: Uint8Array): void {
    this.#held.push(bytes);
    if (this.quick) this.readAll();
  }

  get isWrittenOut(): boolean {
    return this.#held.length === 0;
  }

  readAll(): void {
    for (const bytes of this.#held.splice(0)) this.#read.push(bytes.slice());
  }

  get bytes(): Uint8Array {
    return concatBytes(this.#read);
  }
}

type Step =
  | { readonly type: 'bytes' | 'range' | 'expect'; readonly length: number }
  | { readonly type: 'header' | 'byte' | 'uint32' | 'flush' | 'read' | 'quick' | 'late' };

const length = fc.oneof(
  fc.nat(100),
  fc.nat(20_000),
  fc.constantFrom(47, 48, 65_535, 65_536, 65_537, 262_144, 300_000),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('bytes', 'range', 'expect'), length }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('header', 'byte', 'uint32', 'flush') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('read', 'quick', 'late') }) },
);

describe('Output', () => {
  it('hands over every byte in order, and writes into no slab that is still read', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        // Two that share the pools of slabs, as connections do.
        const sockets = [new LateSocket(), new LateSocket()];
        const outputs = sockets.map((socket) => new Output(socket));
        const expected: Uint8Array[][] = [[], []];
        for (const [i, one] of steps.entries()) {
          const which = (i * 7) % 3 === 0 ? 1 : 0;
          act(one, i & 0xff, outputs[which]!, sockets[which]!, expected[which]!);
        }
        for (const [which, socket] of sockets.entries()) {
          outputs[which]!.flush();
          expect(outputs[which]!.length).toBe(0);
          socket.readAll();
          const all = concatBytes([new Uint8Array(0), ...expected[which]!]);
          expect(Buffer.compare(socket.bytes, all)).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes a slab that was read for the next turn', () => {
    const arrays = new Set<ArrayBufferLike>();
    const socket = { write: (bytes: Uint8Array) => void arrays.add(bytes.buffer), isWrittenOut: true };
    const output = new Output(socket);
    for (let turn = 0; turn < 1_000; turn++) {
      output.expect(150_000);
      output.bytes(new Uint8Array(150_000));
      output.flush();
      output.byte(1);
      output.flush();
    }
    expect(arrays.size).toBe(2);
  });

  it('hands over a long message in one piece', () => {
    const lengths: number[] = [];
    const output = new Output({
      write: ({ length: bytes }) => void lengths.push(bytes),
      isWrittenOut: false,
    });
    output.expect(150_000);
    for (let i = 0; i < 10; i++) output.bytes(new Uint8Array(15_000));
    output.flush();
    expect(lengths).toEqual([150_000]);
  });
});

function act(one: Step, fill: number, output: Output, socket: LateSocket, expected: Uint8Array[]): void {
  switch (one.type) {
    case 'bytes':
    case 'range': {
      const source = new Uint8Array(one.length + 7).fill(fill);
      source[3] = fill ^ 0xff;
      const end = one.type === 'bytes' ? source.length : source.length - 4;
      const start = one.type === 'bytes' ? 0 : 3;
      expected.push(source.slice(start, end));
      if (one.type === 'bytes') output.bytes(source);
      else output.range(source, start, end);
      return;
    }
    case 'expect':
      output.expect(one.length);
      return;
    case 'header':
      output.frameHeader(0x010203, 4, 5, 0x06070809);
      expected.push(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
      return;
    case 'byte':
      output.byte(fill);
      expected.push(Uint8Array.of(fill));
      return;
    case 'uint32':
      output.uint32(0xfffefdfc);
      expected.push(Uint8Array.of(0xff, 0xfe, 0xfd, 0xfc));
      return;
    case 'flush':
      output.flush();
      return;
    case 'read':
      socket.readAll();
      return;
    case 'quick':
    case 'late':
      socket.quick = one.type === 'quick';
  }
}
