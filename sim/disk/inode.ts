import type { RandomStream } from '../random-streams.ts';

export const sectorBytes = 512;
const pageBytes = 4096;
/** Never written to. */
const zeroSector = new Uint8Array(sectorBytes);

/**
 * A file's contents: what readers see (the page cache) and, for each sector changed since the last sync, what
 * the platter still holds. Costs are proportional to the bytes written, never to the size of the file.
 */
export class FileInode {
  readonly type = 'file';
  #sizeBytes = 0;
  /** Content by page; a missing page is zeros. */
  readonly #pages = new Map<number, Uint8Array>();
  /** Old durable content of each dirty sector. */
  #dirty = new Map<number, Uint8Array>();
  #durableSizeBytes = 0;
  /**
   * Sectors a failed sync dropped from the cache's books: no later sync will write them (fsyncgate, 2018) unless
   * they are written to again.
   */
  readonly #forsaken = new Map<number, Uint8Array>();

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get dirtySectorCount(): number {
    return this.#dirty.size;
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.#sizeBytes);
    const bytes = new Uint8Array(Math.max(0, end - offset));
    for (let at = offset; at < end;) {
      const within = at % pageBytes;
      const count = Math.min(pageBytes - within, end - at);
      const page = this.#pages.get((at - within) / pageBytes);
      if (page !== undefined) bytes.set(page.subarray(within, within + count), at - offset);
      at += count;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    this.#remember(offset, end);
    this.#put(offset, bytes);
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  truncate(length: number): void {
    if (length < this.#sizeBytes) {
      this.#remember(length, this.#sizeBytes);
      this.#zero(length, this.#sizeBytes);
    }
    this.#sizeBytes = length;
  }

  /** Everything written so far is durable, except what a failed sync has forsaken. */
  sync(): void {
    this.#dirty.clear();
    this.#durableSizeBytes = this.#sizeBytes;
  }

  /** A failed sync: the kernel marks the pages clean, and they will never reach the platter. */
  forsake(): void {
    for (const [sector, old] of this.#dirty) {
      if (!this.#forsaken.has(sector)) this.#forsaken.set(sector, old);
    }
    this.#dirty = new Map();
  }

  /**
   * Power is lost: each dirty sector keeps its new content with probability `keptProbability`, or falls back to
   * its old one; with `tornProbability` what was being changed in it is garbage. What a write did not touch stands
   * even then: the power-safe overwrite that SQLite and etcd's log rely on. A grown or cut size may or may not have got through.
   */
  losePower(
    random: RandomStream,
    faults: { readonly keptProbability: number; readonly tornProbability: number },
  ): void {
    for (const [sector, old] of this.#dirty) {
      if (random.chance(faults.tornProbability))
        this.#put(sector * sectorBytes, this.#torn(sector, old, random));
      else if (!random.chance(faults.keptProbability)) this.#put(sector * sectorBytes, old);
    }
    for (const [sector, old] of this.#forsaken) this.#put(sector * sectorBytes, old);
    if (this.#sizeBytes !== this.#durableSizeBytes && !random.chance(faults.keptProbability)) {
      this.#sizeBytes = this.#durableSizeBytes;
    }
    // Beyond the end there are only zeros, whatever the sectors there went through.
    const lastPage = Math.floor(this.#sizeBytes / pageBytes);
    for (const page of this.#pages.keys()) if (page > lastPage) this.#pages.delete(page);
    this.#zero(this.#sizeBytes, (lastPage + 1) * pageBytes);
    this.#dirty.clear();
    this.#forsaken.clear();
    this.#durableSizeBytes = this.#sizeBytes;
  }

  /** Rot: the durable content of a byte changes behind everyone's back. */
  flipBit(offset: number, bit: number): void {
    const byte = this.read(offset, 1);
    if (byte.length === 1) this.#put(offset, Uint8Array.of(byte[0]! ^ (1 << bit)));
  }

  #remember(from: number, to: number): void {
    for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) {
      if (this.#dirty.has(sector)) continue;
      this.#dirty.set(sector, this.#forsaken.get(sector) ?? this.#sector(sector));
      this.#forsaken.delete(sector);
    }
  }

  /** Garbage in the place of every byte that differs from the durable one. */
  #torn(sector: number, old: Uint8Array, random: RandomStream): Uint8Array {
    const written = this.#sector(sector);
    return random.bytes(sectorBytes).map((garbage, i) => (written[i] === old[i] ? old[i]! : garbage));
  }

  /** A copy of a sector; sectors beyond the end share one of zeros. */
  #sector(sector: number): Uint8Array {
    const start = sector * sectorBytes;
    const page = this.#pages.get(Math.floor(start / pageBytes));
    if (page === undefined || start >= this.#sizeBytes) return zeroSector;
    return page.slice(start % pageBytes, (start % pageBytes) + sectorBytes);
  }

  #put(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = offset + done;
      const within = at % pageBytes;
      const count = Math.min(pageBytes - within, bytes.length - done);
      const index = (at - within) / pageBytes;
      let page = this.#pages.get(index);
      if (page === undefined) {
        page = new Uint8Array(pageBytes);
        this.#pages.set(index, page);
      }
      page.set(bytes.subarray(done, done + count), within);
      done += count;
    }
  }

  #zero(from: number, to: number): void {
    for (let at = from; at < to;) {
      const within = at % pageBytes;
      const count = Math.min(pageBytes - within, to - at);
      this.#pages.get((at - within) / pageBytes)?.fill(0, within, within + count);
      at += count;
    }
  }
}
