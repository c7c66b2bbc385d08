/**
 * The protobuf wire format (protobuf.dev/programming-guides/encoding), read front to back and written front to back. No
 * knowledge of any message: codecs ask for the fields they know and skip the rest.
 */

import { decodeUtf8 } from './bytes.ts';

/** Bytes that are no message. `message` is in the words of gogo/protobuf, etcd's, which clients may see. */
export class ProtoError extends Error {
  override readonly name = 'ProtoError';
}

/** What errors call a message and its fields. */
export interface MessageNames {
  /** `etcdserverpb.PutRequest` */
  readonly name: string;
  /** `RangeEnd` */
  fieldName(number: number): string;
}

const unnamed: MessageNames = { name: 'message', fieldName: String };

/** Wire types. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const groupStart = 3;
const groupEnd = 4;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the fields of one message out of `bytes`. Everything throws ProtoError on malformed input. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  readonly #names: MessageNames;
  readonly #end: number;
  #at: number;
  /** Where the tag that was read last begins: errors look at it again. */
  #tagAt = 0;
  /** The wire type of the field that `tag` has just read. */
  wireType: number = wire.varint;

  constructor(bytes: Uint8Array, names: MessageNames = unnamed, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#names = names;
    this.#at = start;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  /** Where the message ends. */
  get end(): number {
    return this.#end;
  }

  /** The number of the next field, 0 at the end. Its wire type is then in `wireType`. */
  tag(): number {
    if (this.#at >= this.#end) return 0;
    this.#tagAt = this.#at;
    const field = this.#tag();
    if (field <= 0 || this.wireType === groupEnd) throw this.#notATag();
    return field;
  }

  /** A field's number, signed as etcd reads it, also one that no message may have. */
  #tag(): number {
    const start = this.#at;
    const byte = this.#bytes[start]!;
    if (byte < 0x80) {
      this.#at = start + 1;
      this.wireType = byte & 7;
      return byte >>> 3;
    }
    const low = this.#low32();
    this.wireType = low & 7;
    if (this.#at - start < 5) return low >>> 3;
    this.#at = start;
    return (this.#highLow().high << 29) | (low >>> 3);
  }

  #tagAgain(): { readonly field: number; readonly tag: bigint } {
    this.#at = this.#tagAt;
    const { high, low } = this.#highLow();
    const tag = (BigInt(high) << 32n) | BigInt(low);
    return { field: Number(BigInt.asIntN(32, tag >> 3n)), tag };
  }

  #notATag(): ProtoError {
    const name = this.#names.name.slice(this.#names.name.lastIndexOf('.') + 1);
    const { field, tag } = this.#tagAgain();
    // What gogo/protobuf calls the wire type there is the whole tag.
    return new ProtoError(
      this.wireType === groupEnd
        ? `proto: ${name}: wiretype end group for non-group`
        : `proto: ${name}: illegal tag ${field} (wire type ${tag})`,
    );
  }

  /** An int32, uint32, enum or bool as it stands in 32 bits, signed. */
  int32(): number {
    this.#expect(wire.varint);
    return this.#low32() | 0;
  }

  uint32(): number {
    this.#expect(wire.varint);
    return this.#low32() >>> 0;
  }

  bool(): boolean {
    this.#expect(wire.varint);
    return this.#varint64() !== 0;
  }

  /** A signed 64-bit integer as a number: exact up to 2^53, beyond that the nearest one. */
  int64(): number {
    this.#expect(wire.varint);
    return this.#varint64();
  }

  /** A signed 64-bit integer, every bit of it: a number where one can hold it. */
  int64Exact(): number | bigint {
    const start = this.#at;
    const value = this.int64();
    if (Number.isSafeInteger(value)) return value;
    this.#at = start;
    return this.int64Big();
  }

  /** A 64-bit integer, every bit of it, unsigned. */
  uint64Big(): bigint {
    this.#expect(wire.varint);
    const { high, low } = this.#highLow();
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** A 64-bit integer, every bit of it, signed. */
  int64Big(): bigint {
    this.#expect(wire.varint);
    const { high, low } = this.#highLow();
    return (BigInt(high | 0) << 32n) | BigInt(low);
  }

  /** A view of the field's bytes, not a copy. */
  bytes(): Uint8Array {
    const end = this.#run();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  /** The field's bytes as a string with one unit (0..255) per byte. */
  byteString(): string {
    const end = this.#run();
    const text = byteStringOf(this.#bytes, this.#at, end);
    this.#at = end;
    return text;
  }

  /** The eight bytes of a fixed64 or double; a view. */
  fixed64Bytes(): Uint8Array {
    this.#expect(wire.fixed64);
    const start = this.#at;
    this.#advance(8);
    return this.#bytes.subarray(start, this.#at);
  }

  /** The field's bytes as text; what is no UTF-8 in it becomes U+FFFD. */
  string(): string {
    const end = this.#run();
    const start = this.#at;
    this.#at = end;
    // A view and a decoder cost more than the few ASCII letters that most texts are.
    if (end - start <= shortTextMax && isAscii(this.#bytes, start, end)) {
      return byteStringOf(this.#bytes, start, end);
    }
    return decodeUtf8(this.#bytes.subarray(start, end));
  }

  /** The field's bytes as text. Invalid UTF-8 is refused, as Google's protobuf refuses it. */
  strictString(): string {
    const bytes = this.bytes();
    try {
      return strictUtf8.decode(bytes);
    } catch (error) {
      throw new ProtoError('string field contains invalid UTF-8', { cause: error });
    }
  }

  /** A reader of the field's bytes as a message. */
  message(names: MessageNames = unnamed): ProtoReader {
    const end = this.#run();
    const reader = new ProtoReader(this.#bytes, names, this.#at, end);
    this.#at = end;
    return reader;
  }

  /** The field's bytes as a list of int32s or enums without tags. */
  packedInt32s(): number[] {
    const inner = this.message();
    const list: number[] = [];
    while (inner.#at < inner.#end) list.push(inner.#low32() | 0);
    return list;
  }

  /** Passes over the field whose tag was just read; over a group, long deprecated, up to its end mark. */
  skip(): void {
    for (let groups = 0; ;) {
      switch (this.wireType) {
        case wire.varint:
          this.#varint64();
          break;
        case wire.fixed64:
          this.#advance(8);
          break;
        case wire.bytes:
          this.#at = this.#run();
          break;
        case groupStart:
          groups++;
          break;
        case groupEnd:
          groups--;
          break;
        case wire.fixed32:
          this.#advance(4);
          break;
        default:
          throw new ProtoError(`proto: illegal wireType ${this.wireType}`);
      }
      if (groups === 0) return;
      if (this.#at >= this.#end) throw new ProtoError('unexpected EOF');
      this.#tag();
    }
  }

  #expect(wireType: number): void {
    if (this.wireType === wireType) return;
    const field = this.#names.fieldName(this.#tagAgain().field);
    throw new ProtoError(`proto: wrong wireType = ${this.wireType} for field ${field}`);
  }

  /** Where the run of bytes ends whose length stands next. */
  #run(): number {
    this.#expect(wire.bytes);
    const length = this.#varint64();
    if (length < 0) throw new ProtoError('proto: negative length found during unmarshaling');
    const end = this.#at + length;
    if (end > this.#end) throw new ProtoError('unexpected EOF');
    return end;
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#at > this.#end) throw new ProtoError('unexpected EOF');
  }

  /** The lower 32 bits of a varint, which may be longer. */
  #low32(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) throw new ProtoError('unexpected EOF');
      const byte = bytes[at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return value;
      }
    }
    throw new ProtoError('proto: integer overflow');
  }

  #varint64(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    // Three bytes are most of what there is.
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= this.#end) throw new ProtoError('unexpected EOF');
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return value;
      }
    }
    const { high, low } = this.#highLow();
    return (high | 0) * 4_294_967_296 + low;
  }

  /** Both unsigned. */
  #highLow(): { readonly high: number; readonly low: number } {
    const bytes = this.#bytes;
    let at = this.#at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) throw new ProtoError('unexpected EOF');
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#at = at;
        return { high: high >>> 0, low: low >>> 0 };
      }
    }
    throw new ProtoError('proto: integer overflow');
  }
}

/** Up to here a loop over the letters is faster than the platform's encoder and decoder. */
const shortTextMax = 64;

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}

/** A string with one unit per byte of `bytes[start, end)`. */
export function byteStringOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  // Short keys are the rule; fromCharCode with several arguments saves most of the concatenations.
  let text = '';
  let at = start;
  for (; at + 8 <= end; at += 8) {
    text += String.fromCharCode(
      bytes[at]!,
      bytes[at + 1]!,
      bytes[at + 2]!,
      bytes[at + 3]!,
      bytes[at + 4]!,
      bytes[at + 5]!,
      bytes[at + 6]!,
      bytes[at + 7]!,
    );
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** The bytes of a string with one unit per byte. */
export function bytesOfByteString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** How many bytes `value`, a non-negative safe integer, takes as a varint. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++;
  return count;
}

/** Writes a varint of a non-negative safe integer; returns the place behind it. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 0x8000_0000) {
    bytes[next++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

const encoder = new TextEncoder();

/**
 * Writes the fields of a message in the order of the calls. Zero values are left out, as proto3 does it, except by the methods
 * named `element…`, which write elements of a list. Reusable: `finish` hands out a copy and starts anew.
 */
export class ProtoWriter {
  #bytes: Uint8Array;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#at;
  }

  /** int32, int64, uint32, uint64 and enums up to 2^53, negative ones as 64 bits of two's complement. */
  int(field: number, value: number): void {
    if (value !== 0) this.elementInt(field, value);
  }

  elementInt(field: number, value: number): void {
    if (value < 0) {
      this.elementBig(field, BigInt(value));
      return;
    }
    this.#reserve(15);
    this.#at = putVarint(this.#bytes, this.#tag(field, wire.varint), value);
  }

  /** All 64 bits, signed or not. */
  big(field: number, value: bigint): void {
    if (value !== 0n) this.elementBig(field, value);
  }

  /** What `int64Exact` has read. */
  exact(field: number, value: number | bigint): void {
    if (typeof value === 'number') this.int(field, value);
    else this.big(field, value);
  }

  elementBig(field: number, value: bigint): void {
    this.#reserve(15);
    this.#at = this.#tag(field, wire.varint);
    this.#putBig(value);
  }

  #putBig(value: bigint): void {
    for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
      const bits = Number(rest & 0x7fn);
      if (rest < 0x80n) {
        this.#bytes[this.#at++] = bits;
        return;
      }
      this.#bytes[this.#at++] = bits | 0x80;
    }
  }

  /** An integer of a packed list, without a tag. */
  packed(value: bigint): void {
    this.#reserve(10);
    this.#putBig(value);
  }

  bool(field: number, value: boolean): void {
    if (value) this.elementInt(field, 1);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length > 0) this.elementBytes(field, value);
  }

  elementBytes(field: number, value: Uint8Array): void {
    this.#reserve(15 + value.length);
    this.#at = putVarint(this.#bytes, this.#tag(field, wire.bytes), value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** A string with one unit per byte. */
  byteString(field: number, value: string): void {
    if (value.length > 0) this.elementByteString(field, value);
  }

  elementByteString(field: number, value: string): void {
    this.#reserve(15 + value.length);
    let at = putVarint(this.#bytes, this.#tag(field, wire.bytes), value.length);
    for (let i = 0; i < value.length; i++) this.#bytes[at++] = value.charCodeAt(i);
    this.#at = at;
  }

  /** Text as UTF-8. */
  string(field: number, value: string): void {
    if (value.length > 0) this.elementString(field, value);
  }

  elementString(field: number, value: string): void {
    if (value.length > shortTextMax || !this.#putShortAscii(field, value)) {
      this.elementBytes(field, encoder.encode(value));
    }
  }

  /** False, and nothing written, when a letter is none of ASCII. */
  #putShortAscii(field: number, value: string): boolean {
    this.#reserve(15 + value.length);
    let at = putVarint(this.#bytes, this.#tag(field, wire.bytes), value.length);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** Eight bytes as they are: a double, a fixed64. */
  elementFixed64(field: number, value: Uint8Array): void {
    this.#reserve(13);
    this.#at = this.#tag(field, wire.fixed64);
    this.#bytes.set(value, this.#at);
    this.#at += 8;
  }

  /** Bytes as they are, without a tag: what stands before a message. */
  literal(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A message within this one; also written when it is empty, for then it says that it is there. */
  message(field: number, write: () => void): void {
    const start = this.begin(field);
    write();
    this.end(start);
  }

  /** Begins a message within this one; its fields follow, then `end` with what this returns. */
  begin(field: number): number {
    this.#reserve(15);
    this.#at = this.#tag(field, wire.bytes) + 1;
    return this.#at;
  }

  end(start: number): void {
    const length = this.#at - start;
    const lengthBytes = varintBytes(length);
    if (lengthBytes > 1) {
      // One byte was left for the length: make room for more.
      this.#reserve(lengthBytes);
      this.#bytes.copyWithin(start + lengthBytes - 1, start, this.#at);
      this.#at += lengthBytes - 1;
    }
    putVarint(this.#bytes, start - 1, length);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#at = 0;
  }

  /** The message, in an array of its own. */
  finish(): Uint8Array {
    const message = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return message;
  }

  /** Writes the tag and returns the place behind it; there is room. */
  #tag(field: number, wireType: number): number {
    return putVarint(this.#bytes, this.#at, field * 8 + wireType);
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}
