import type { RandomStream } from '../random-streams.ts';

export const sectorBytes = 512;
const pageBytes = 4096;
/** Never written to. */
const zeroSector = new Uint8Array(sectorBytes);
/** Copies of sectors that nobody holds any more, to be used again: each write of a log needs one until its sync. */
const spareSectors: Uint8Array[] = [];
const spareSectorsMax = 4096;

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
  /** Sectors of which the platter holds something else than the page cache: the work of misdirected writes. */
  readonly #misplaced = new Map<number, { readonly bytes: Uint8Array; readonly sparesTail: boolean }>();
  #tailOffset = 0;
  #contentsBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get dirtySectorCount(): number {
    return this.#dirty.size;
  }

  /** Ascending in the order in which they became dirty. */
  dirtySectors(): readonly number[] {
    return [...this.#dirty.keys()];
  }

  /** Behind these there are only zeros that were written ahead. */
  get contentsBytes(): number {
    return this.#contentsBytes;
  }

  /** Where the last write of contents began. What follows may be torn by a crash, and is zeros at the end. */
  get tailOffset(): number {
    return this.#tailOffset;
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
    if (!isPadding(bytes)) {
      this.#tailOffset = offset;
      this.#contentsBytes = Math.max(this.#contentsBytes, end);
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  truncate(length: number): void {
    if (length < this.#sizeBytes) {
      this.#remember(length, this.#sizeBytes);
      this.#zero(length, this.#sizeBytes);
    }
    this.#sizeBytes = length;
    this.#tailOffset = Math.min(this.#tailOffset, length);
    this.#contentsBytes = Math.min(this.#contentsBytes, length);
  }

  /** Everything written so far is durable, except what a failed sync has forsaken. */
  sync(): void {
    for (const old of this.#dirty.values()) {
      if (old !== zeroSector && spareSectors.length < spareSectorsMax) spareSectors.push(old);
    }
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
  ): { readonly lost: number; readonly torn: number } {
    let lost = 0;
    let torn = 0;
    for (const [sector, old] of this.#dirty) {
      if (random.chance(faults.tornProbability)) {
        this.#put(sector * sectorBytes, this.#torn(sector, old, random));
        torn++;
      } else if (!random.chance(faults.keptProbability)) {
        this.#put(sector * sectorBytes, old);
        lost++;
      }
    }
    for (const [sector, { bytes, sparesTail }] of this.#misplaced) {
      if (!sparesTail || (sector + 1) * sectorBytes <= this.#tailOffset)
        this.#put(sector * sectorBytes, bytes);
    }
    this.#misplaced.clear();
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
    return { lost, torn };
  }

  /**
   * The platter keeps the old contents of a dirty sector although its sync succeeds: the write went elsewhere. With
   * `sparesTail` it is as if nothing had happened while it is part of what was written last.
   *
   * @returns what was written
   */
  misplace(sector: number, sparesTail: boolean): Uint8Array {
    const old = this.#dirty.get(sector)?.slice() ?? zeroSector;
    this.#misplaced.set(sector, { bytes: old, sparesTail });
    return this.#sector(sector);
  }

  /** The platter holds `bytes` in a sector, whatever the page cache shows. */
  receive(sector: number, bytes: Uint8Array, sparesTail: boolean): void {
    this.#misplaced.set(sector, { bytes, sparesTail });
  }

  /** A file of its own with what is durable of this one. */
  copy(): FileInode {
    const copy = new FileInode();
    for (const [index, page] of this.#pages) copy.#pages.set(index, page.slice());
    for (const [sector, old] of this.#dirty) copy.#put(sector * sectorBytes, old);
    for (const [sector, old] of this.#forsaken) copy.#put(sector * sectorBytes, old);
    copy.#sizeBytes = this.#durableSizeBytes;
    copy.#durableSizeBytes = this.#durableSizeBytes;
    copy.#tailOffset = Math.min(this.#tailOffset, this.#durableSizeBytes);
    copy.#contentsBytes = Math.min(this.#contentsBytes, this.#durableSizeBytes);
    return copy;
  }

  /** Rot: the durable content of a byte changes behind everyone's back. */
  flipBit(offset: number, bit: number): void {
    const byte = this.read(offset, 1);
    if (byte.length === 1) this.#put(offset, Uint8Array.of(byte[0]! ^ (1 << bit)));
  }

  #remember(from: number, to: number): void {
    for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) {
      // What is written again is right again.
      this.#misplaced.delete(sector);
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
    const copy = spareSectors.pop() ?? new Uint8Array(sectorBytes);
    copy.set(page.subarray(start % pageBytes, (start % pageBytes) + sectorBytes));
    return copy;
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

/** Zeros ahead of a log: judged by the beginning, for a write costs enough as it is. */
function isPadding(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length && i < 16; i++) if (bytes[i] !== 0) return false;
  return true;
}
