/** The protobuf wire format, read front to back. Malformed input throws RangeError, which decoders turn into a 400. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and wire type: 0 varint, 1 fixed64, 2 bytes, 5 fixed32. */
  tag(): { readonly number: number; readonly wireType: number } {
    const tag = Number(this.varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError('proto: illegal tag 0');
    return { number, wireType: tag % 8 };
  }

  /** Up to 64 bits, unsigned. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('proto: integer overflow');
  }

  /** A length-prefixed run of bytes: a view, not a copy. */
  bytes(): Uint8Array {
    return this.#run(Number(this.varint()));
  }

  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#run(8);
        return;
      case 2:
        this.bytes();
        return;
      case 5:
        this.#run(4);
        return;
      default:
        throw new RangeError(`proto: illegal wireType ${wireType}`);
    }
  }

  #run(length: number): Uint8Array {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new RangeError('unexpected EOF');
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }
}
