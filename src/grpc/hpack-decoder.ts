import { ConnectionError, errorCode } from './frame.ts';
import { HeaderBlock } from './header-block.ts';
import { decodeHuffman } from './huffman.ts';
import { staticTable, type TableEntry } from './static-table.ts';

/** RFC 7541 §4.1. */
const entryOverheadBytes = 32;
/** The dynamic table we let the peer use: the default, which we never change. */
const tableBytesMax = 4_096;
/** Distinct blocks remembered while the table stays as it is. */
const cachedBlocksMax = 16;
/** Longer blocks are decoded anew each time. */
const cachedBlockBytesMax = 512;

interface CachedBlock {
  readonly bytes: Uint8Array;
  readonly block: HeaderBlock;
}

/**
 * HPACK decoder of one direction of one connection (RFC 7541).
 *
 * gRPC clients send the same few blocks again and again. While the dynamic table does not change, equal bytes mean
 * equal headers: those are looked up, not decoded.
 */
export class HpackDecoder {
  readonly #listBytesMax: number;
  /** The newest first. */
  #table: TableEntry[] = [];
  #tableBytes = 0;
  #tableBytesLimit = tableBytesMax;
  #cache: CachedBlock[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /** @throws ConnectionError COMPRESSION_ERROR */
  decode(bytes: Uint8Array, start: number, end: number): HeaderBlock {
    for (const cached of this.#cache) if (equalRange(cached.bytes, bytes, start, end)) return cached.block;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const changed = { table: false };
    const fields: string[] = [];
    let listBytes = 0;
    while (this.#at < end) {
      const first = bytes[this.#at]!;
      let name: string;
      let value: string;
      if (first >= 0x80) {
        ({ name, value } = this.#entry(this.#integer(7)));
      } else if (first >= 0x40) {
        const index = this.#integer(6);
        name = index === 0 ? this.#string() : this.#entry(index).name;
        value = this.#string();
        this.#insert({ name, value });
        changed.table = true;
      } else if (first >= 0x20) {
        // §4.2: a change of size comes first in a block.
        if (fields.length > 0) throw malformed('a table size update inside a header block');
        this.#resize(this.#integer(5));
        changed.table = true;
        continue;
      } else {
        const index = this.#integer(4);
        name = index === 0 ? this.#string() : this.#entry(index).name;
        value = this.#string();
      }
      listBytes += name.length + value.length + entryOverheadBytes;
      // The rest must still be decoded: it may change the table.
      if (listBytes <= this.#listBytesMax) fields.push(name, value);
    }
    const block = new HeaderBlock(fields, listBytes > this.#listBytesMax);
    if (changed.table) this.#cache = [];
    else this.#remember(bytes, start, end, block);
    this.#bytes = emptyBlock;
    return block;
  }

  #remember(bytes: Uint8Array, start: number, end: number, block: HeaderBlock): void {
    if (end - start > cachedBlockBytesMax) return;
    if (this.#cache.length >= cachedBlocksMax) this.#cache.pop();
    this.#cache.unshift({ bytes: bytes.slice(start, end), block });
  }

  #entry(index: number): TableEntry {
    const entry = index < staticTable.length ? staticTable[index] : this.#table[index - staticTable.length];
    if (index === 0 || entry === undefined) throw malformed(`no header at index ${index}`);
    return entry;
  }

  #insert(entry: TableEntry): void {
    const size = entry.name.length + entry.value.length + entryOverheadBytes;
    this.#evict(this.#tableBytesLimit - size);
    // §4.4: an entry larger than the table just empties it.
    if (size > this.#tableBytesLimit) return;
    this.#table.unshift(entry);
    this.#tableBytes += size;
  }

  #resize(limit: number): void {
    if (limit > tableBytesMax) throw malformed(`a table of ${limit} bytes was not offered`);
    this.#tableBytesLimit = limit;
    this.#evict(limit);
  }

  #evict(bytesLeft: number): void {
    while (this.#tableBytes > bytesLeft) {
      const entry = this.#table.pop();
      if (entry === undefined) return;
      this.#tableBytes -= entry.name.length + entry.value.length + entryOverheadBytes;
    }
  }

  /** §5.1. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const octet = this.#byte();
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw malformed('an integer is too long');
  }

  /** §5.2. */
  #string(): string {
    const coded = this.#at < this.#end && this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    if (length > this.#end - start) throw malformed('a string ends behind its block');
    this.#at = start + length;
    if (!coded) return latin1(this.#bytes, start, this.#at);
    const text = decodeHuffman(this.#bytes, start, this.#at);
    if (text === undefined) throw malformed('a string is no Huffman code');
    return text;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed('a header block ends too early');
    return this.#bytes[this.#at++]!;
  }
}

const emptyBlock = new Uint8Array(0);

function malformed(message: string): ConnectionError {
  return new ConnectionError(errorCode.compressionError, message);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

function equalRange(cached: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (cached.length !== length) return false;
  // From the back: blocks differ there, they begin with the same pseudo-headers.
  for (let i = length - 1; i >= 0; i--) if (cached[i] !== bytes[start + i]) return false;
  return true;
}
