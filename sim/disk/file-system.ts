import { compareStrings } from '../../src/base/order.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { RandomStream } from '../random-streams.ts';
import { FileInode } from './inode.ts';

export interface DirectoryInode {
  readonly type: 'directory';
  readonly entries: Map<string, Inode>;
  /** Paths are for messages only; a rename may make them stale. */
  readonly path: string;
}

export type Inode = FileInode | DirectoryInode;

/** A change of names that no directory sync has made durable. A rename touches two places and is atomic. */
interface PendingNames {
  readonly changes: readonly NameChange[];
}

interface NameChange {
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly before: Inode | undefined;
}

/**
 * Names and inodes of one host's disk, synchronous. A name is pending until its folder is synced; when power is
 * lost the newest pending changes are undone and a random older part of them survives, as a journal would leave it.
 */
export class FileSystem {
  readonly #root: DirectoryInode = { type: 'directory', entries: new Map(), path: '/' };
  #pending: PendingNames[] = [];

  /** @throws DiskError ENOENT, ENOTDIR */
  find(path: string): Inode {
    const inode = this.#lookUp(path);
    if (inode === undefined) throw new DiskError('ENOENT', path, `no such file or folder: ${path}`);
    return inode;
  }

  exists(path: string): boolean {
    return this.#lookUp(path) !== undefined;
  }

  /** @throws DiskError ENOENT, EISDIR */
  file(path: string): FileInode {
    const inode = this.find(path);
    if (inode.type === 'directory') throw new DiskError('EISDIR', path, `a folder, not a file: ${path}`);
    return inode;
  }

  /** @throws DiskError ENOENT, ENOTDIR */
  directory(path: string): DirectoryInode {
    const inode = this.find(path);
    if (inode.type === 'file') throw new DiskError('ENOTDIR', path, `a file, not a folder: ${path}`);
    return inode;
  }

  /** @throws DiskError EEXIST, ENOENT */
  create(path: string): FileInode {
    const { directory, name } = this.#place(path);
    if (directory.entries.has(name)) throw new DiskError('EEXIST', path, `exists already: ${path}`);
    const inode = new FileInode();
    this.#change([{ directory, name, inode }]);
    return inode;
  }

  makeDirectory(path: string): void {
    let directory = this.#root;
    for (const name of parts(path)) {
      let next = directory.entries.get(name);
      if (next === undefined) {
        next = { type: 'directory', entries: new Map(), path: join(directory.path, name) };
        this.#change([{ directory, name, inode: next }]);
      }
      if (next.type === 'file')
        throw new DiskError('ENOTDIR', path, `${join(directory.path, name)} is a file`);
      directory = next;
    }
  }

  list(path: string): readonly string[] {
    return [...this.directory(path).entries.keys()].toSorted(compareStrings);
  }

  rename(from: string, to: string): void {
    const inode = this.find(from);
    const source = this.#place(from);
    const target = this.#place(to);
    const replaced = target.directory.entries.get(target.name);
    if (replaced === inode) return;
    if (replaced?.type === 'directory' && inode.type === 'file') {
      throw new DiskError('EISDIR', to, `a folder stands at ${to}`);
    }
    if (replaced?.type === 'file' && inode.type === 'directory') {
      throw new DiskError('ENOTDIR', to, `a file stands at ${to}`);
    }
    if (replaced?.type === 'directory' && replaced.entries.size > 0) {
      throw new DiskError('EEXIST', to, `a folder that is not empty stands at ${to}`);
    }
    this.#change([
      { ...source, inode: undefined },
      { ...target, inode },
    ]);
  }

  remove(path: string): void {
    this.file(path);
    this.#change([{ ...this.#place(path), inode: undefined }]);
  }

  removeTree(path: string): void {
    const inode = this.#lookUp(path);
    if (inode === undefined) return;
    if (inode.type === 'directory') {
      for (const name of inode.entries.keys()) this.removeTree(join(path, name));
    }
    this.#change([{ ...this.#place(path), inode: undefined }]);
  }

  /** Every change of names in this folder so far is durable. */
  syncDirectory(path: string): void {
    const directory = this.directory(path);
    this.#pending = this.#pending.filter((pending) =>
      pending.changes.every((change) => change.directory !== directory),
    );
  }

  /** Of a file; 0 for a folder, or when there is nothing. */
  sizeOf(path: string): number {
    const inode = this.#lookUp(path);
    return inode?.type === 'file' ? inode.sizeBytes : 0;
  }

  /** The sum of all files' sizes. */
  usedBytes(): number {
    let sum = 0;
    for (const { inode } of this.files()) sum += inode.sizeBytes;
    return sum;
  }

  /** All files, folder by folder in the order in which they were named. */
  files(): Iterable<{ readonly path: string; readonly inode: FileInode }> {
    return filesIn(this.#root, '');
  }

  /** One of its own with what is durable of this one: the names too. */
  copy(): FileSystem {
    const copy = new FileSystem();
    const undone = new Map<DirectoryInode, Map<string, Inode | undefined>>();
    for (const { changes } of this.#pending.toReversed()) {
      for (const { directory, name, before } of changes.toReversed()) {
        let names = undone.get(directory);
        if (names === undefined) undone.set(directory, (names = new Map()));
        names.set(name, before);
      }
    }
    copyDirectory(this.#root, copy.#root, undone);
    return copy;
  }

  /** Power is lost. `keptProbability` as for sectors: 0 undoes everything that was pending. */
  losePower(
    random: RandomStream,
    faults: { readonly keptProbability: number; readonly tornProbability: number },
  ): { readonly lost: number; readonly torn: number; readonly names: number } {
    const files = new Set<FileInode>();
    for (const { inode } of this.files()) files.add(inode);
    let kept = 0;
    while (kept < this.#pending.length && random.chance(faults.keptProbability)) kept++;
    for (const { changes } of this.#pending.slice(kept).toReversed()) {
      for (const { directory, name, before } of changes.toReversed()) {
        if (before === undefined) directory.entries.delete(name);
        else directory.entries.set(name, before);
      }
    }
    const names = this.#pending.length - kept;
    this.#pending = [];
    // A file that came back by an undone removal has its unsynced contents too.
    for (const { inode } of this.files()) files.add(inode);
    let lost = 0;
    let torn = 0;
    for (const file of files) {
      const sectors = file.losePower(random, faults);
      lost += sectors.lost;
      torn += sectors.torn;
    }
    return { lost, torn, names };
  }

  #change(changes: readonly { directory: DirectoryInode; name: string; inode: Inode | undefined }[]): void {
    const undo = changes.map(({ directory, name }) => ({
      directory,
      name,
      before: directory.entries.get(name),
    }));
    for (const { directory, name, inode } of changes) {
      if (inode === undefined) directory.entries.delete(name);
      else directory.entries.set(name, inode);
    }
    this.#pending.push({ changes: undo });
  }

  #lookUp(path: string): Inode | undefined {
    let inode: Inode = this.#root;
    for (const name of parts(path)) {
      if (inode.type === 'file') throw new DiskError('ENOTDIR', path, `a file is on the way to ${path}`);
      const next = inode.entries.get(name);
      if (next === undefined) return undefined;
      inode = next;
    }
    return inode;
  }

  #place(path: string): { directory: DirectoryInode; name: string } {
    const names = parts(path);
    const name = names.pop();
    if (name === undefined)
      throw new DiskError('EISDIR', path, 'the root cannot be created, renamed or removed');
    return { directory: this.directory(names.join('/')), name };
  }
}

/** Names on the way from the root; `.` and `..` resolved. Relative paths start at the root too. */
export function parts(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

function* filesIn(
  directory: DirectoryInode,
  path: string,
): IterableIterator<{ readonly path: string; readonly inode: FileInode }> {
  for (const [name, inode] of directory.entries) {
    if (inode.type === 'file') yield { path: `${path}/${name}`, inode };
    else yield* filesIn(inode, `${path}/${name}`);
  }
}

/** `undone`: what stands durably in the place of a name. */
function copyDirectory(
  from: DirectoryInode,
  to: DirectoryInode,
  undone: ReadonlyMap<DirectoryInode, ReadonlyMap<string, Inode | undefined>>,
): void {
  const entries = new Map<string, Inode | undefined>(from.entries);
  for (const [name, before] of undone.get(from) ?? []) entries.set(name, before);
  for (const [name, inode] of entries) {
    if (inode === undefined) continue;
    if (inode.type === 'file') {
      to.entries.set(name, inode.copy());
      continue;
    }
    const directory: DirectoryInode = { type: 'directory', entries: new Map(), path: inode.path };
    to.entries.set(name, directory);
    copyDirectory(inode, directory, undone);
  }
}
