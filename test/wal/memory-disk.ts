import { compareStrings } from '../../src/base/order.ts';
import type { Disk, DiskFile, DiskLock } from '../../src/platform/disk.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { DiskErrorCode } from '../../src/platform/errors.ts';

type Change =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly length: number };

/** A file's contents: what is durable, and the changes since, oldest first. */
class Inode {
  durable = new Uint8Array(0);
  changes: Change[] = [];

  current(): Uint8Array {
    return this.changes.reduce(applyChange, this.durable);
  }
}

function applyChange(bytes: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  const length =
    change.type === 'truncate' ? change.length : Math.max(bytes.length, change.offset + change.bytes.length);
  const next = new Uint8Array(length);
  next.set(bytes.subarray(0, length));
  if (change.type === 'write') next.set(change.bytes, change.offset);
  return next;
}

/** What happened to names since the last sync of their folder. */
type NameChange =
  | { readonly type: 'create'; readonly path: string; readonly inode: Inode }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'remove'; readonly path: string };

function applyNameChange(names: Map<string, Inode>, change: NameChange): void {
  if (change.type === 'create') names.set(change.path, change.inode);
  else if (change.type === 'remove') names.delete(change.path);
  else {
    const inode = names.get(change.from);
    if (inode !== undefined) names.set(change.to, inode);
    names.delete(change.from);
  }
}

/**
 * A Disk in memory that can lose power. Folders exist as soon as they are named. Names, like contents,
 * become durable only when synced; all folders are synced as one. After `failAfter(n)` operations every further one fails with EIO.
 */
export class MemoryDisk implements Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  #operationsLeft = Number.POSITIVE_INFINITY;
  #refused: { readonly path: string; after: number } | undefined;
  operations = 0;
  syncs = 0;

  /** Lets `count` more changing operations (write, truncate, sync, rename, remove, …) succeed. */
  failAfter(count: number): void {
    this.#operationsLeft = count;
  }

  /** One change of the file fails with EIO, after so many that succeed. */
  refuse(path: string, after: number): void {
    this.#refused = { path, after };
  }

  /**
   * Power is lost and comes back: of each file's unsynced changes a part survives, chosen by `draw`, which
   * returns an integer in [0, bound). A write may survive in part, from its start or in its later pages only.
   */
  crash(draw: (bound: number) => number): MemoryDisk {
    const next = new MemoryDisk();
    // Each unsynced name change survives or not, whatever became of the others.
    const names = new Map(this.#durableNames);
    for (const change of this.#nameChanges) if (draw(2) === 1) applyNameChange(names, change);
    for (const [path, inode] of names) {
      const copy = new Inode();
      let bytes: Uint8Array<ArrayBuffer> = inode.durable;
      for (const change of inode.changes) {
        const fate = draw(4);
        if (fate === 0) continue;
        if (fate === 1 || change.type === 'truncate') bytes = applyChange(bytes, change);
        else if (fate === 2) {
          const kept = draw(change.bytes.length + 1);
          bytes = applyChange(bytes, { ...change, bytes: change.bytes.subarray(0, kept) });
        } else {
          const lost = draw(change.bytes.length + 1);
          const kept = change.bytes.subarray(lost);
          bytes = applyChange(bytes, { ...change, offset: change.offset + lost, bytes: kept });
        }
      }
      copy.durable = bytes;
      next.#names.set(path, copy);
      next.#durableNames.set(path, copy);
    }
    return next;
  }

  /** What a file holds, for tests that look at or damage it. */
  peek(path: string): Uint8Array {
    return this.#inode(path).current();
  }

  poke(path: string, bytes: Uint8Array): void {
    const inode = this.#inode(path);
    inode.durable = new Uint8Array(bytes);
    inode.changes = [];
  }

  async open(path: string, access: 'read' | 'update' | 'create'): Promise<DiskFile> {
    const found = this.#names.get(path);
    if (access === 'create') {
      if (found !== undefined) throw error('EEXIST', path);
      this.change(path);
      this.#changeName({ type: 'create', path, inode: new Inode() });
    }
    return new MemoryFile(this, path, this.#inode(path));
  }

  async list(directory: string): Promise<readonly string[]> {
    const names = [...this.#names.keys()].filter((path) => path.startsWith(`${directory}/`));
    return names.map((path) => path.slice(directory.length + 1)).toSorted(compareStrings);
  }

  async exists(path: string): Promise<boolean> {
    return this.#names.has(path) || (await this.list(path)).length > 0;
  }

  async makeDirectory(): Promise<void> {}

  async rename(from: string, to: string): Promise<void> {
    this.change(from);
    this.#inode(from);
    this.#changeName({ type: 'rename', from, to });
  }

  async remove(path: string): Promise<void> {
    this.#inode(path);
    this.change(path);
    this.#changeName({ type: 'remove', path });
  }

  async removeTree(directory: string): Promise<void> {
    for (const name of await this.list(directory)) await this.remove(`${directory}/${name}`);
  }

  async syncDirectory(directory: string): Promise<void> {
    this.change(directory);
    this.#durableNames = new Map(this.#names);
    this.#nameChanges = [];
  }

  async lock(): Promise<DiskLock> {
    return { release: async () => {} };
  }

  /** Counts an operation that changes something, and fails it when the test wants so. */
  change(path: string): void {
    this.operations++;
    if (path === this.#refused?.path && this.#refused.after-- <= 0) {
      this.#refused = undefined;
      throw error('EIO', path);
    }
    if (--this.#operationsLeft < 0) throw error('EIO', path);
  }

  #changeName(change: NameChange): void {
    this.#nameChanges.push(change);
    applyNameChange(this.#names, change);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw error('ENOENT', path);
    return inode;
  }
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #inode: Inode;

  constructor(disk: MemoryDisk, path: string, inode: Inode) {
    this.#disk = disk;
    this.path = path;
    this.#inode = inode;
  }

  async size(): Promise<number> {
    return this.#inode.current().length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#inode.current().slice(offset, offset + length);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    // Noted even when it fails: a failed write may have reached the disk in part.
    this.#inode.changes.push({ type: 'write', offset, bytes: bytes.slice() });
    this.#disk.change(this.path);
  }

  async truncate(length: number): Promise<void> {
    this.#inode.changes.push({ type: 'truncate', length });
    this.#disk.change(this.path);
  }

  async sync(): Promise<void> {
    this.#disk.change(this.path);
    this.#disk.syncs++;
    this.#inode.durable = new Uint8Array(this.#inode.current());
    this.#inode.changes = [];
  }

  async close(): Promise<void> {}
}

function error(code: DiskErrorCode, path: string): DiskError {
  return new DiskError(code, path, `${code} at ${path}`);
}
