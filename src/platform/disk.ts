/**
 * A host's file system, as much of it as a log needs. Paths use `/`, and are absolute or relative to
 * the host's root. Every failure rejects with a DiskError.
 *
 * Durability: contents are durable after `DiskFile.sync`; a created, renamed or removed *name* is
 * durable after `syncDirectory` of its folder.
 */
export interface Disk {
  /**
   * `read` and `update` need an existing file; `create` makes a new one and fails with EEXIST when there
   * is one already. `mode` (default 0o600) is the permission of a created file.
   */
  open(path: string, access: 'read' | 'update' | 'create', mode?: number): Promise<DiskFile>;
  /** Names in a folder, in code-unit order. ENOENT if it is missing. */
  list(directory: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** Makes the folder and its parents (0o700); nothing if it is there. */
  makeDirectory(directory: string): Promise<void>;
  /** Atomically replaces `to`. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Removes a folder and all below it; nothing if it is missing. */
  removeTree(directory: string): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
  /** Takes the folder for this process alone, until `release` or the process ends. ELOCKED if taken. */
  lock(directory: string): Promise<DiskLock>;
}

export interface DiskFile {
  readonly path: string;
  size(): Promise<number>;
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Writes all of `bytes` at `offset`, extending the file with zeros if there is a hole. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(length: number): Promise<void>;
  /** fdatasync. A failure is final: the caller must stop, never retry (the kernel may have dropped the pages). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DiskLock {
  release(): Promise<void>;
}
