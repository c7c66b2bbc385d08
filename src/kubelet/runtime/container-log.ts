import { concatBytes } from '../../base/bytes.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk, DiskFile } from '../../platform/disk.ts';
import { DiskError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { openEmpty } from './files.ts';
import { formatLogEntry, LineSplitter } from './log-format.ts';

export interface LogBounds {
  /** A file that has grown beyond this is renamed to `.1`, and a new one begun. */
  readonly fileBytesMax: number;
  /** Output that waits for the disk; what comes on top is dropped, and said so in the agent's log. */
  readonly pendingBytesMax: number;
  /** A longer line is written in partial pieces. */
  readonly lineBytesMax: number;
}

export const defaultLogBounds: LogBounds = {
  fileBytesMax: 10 * 1024 * 1024,
  pendingBytesMax: 4 * 1024 * 1024,
  lineBytesMax: 16 * 1024,
};

/** The older half of a rotated log. */
export function rotatedPath(path: string): string {
  return `${path}.1`;
}

/**
 * Writes one container's output to its log file. Log lines are not synced: they are for people, and a
 * power loss may take the last of them.
 */
export class ContainerLog {
  readonly path: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #bounds: LogBounds;
  readonly #splitters: { readonly stdout: LineSplitter; readonly stderr: LineSplitter };
  #file: DiskFile;
  #sizeBytes = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #droppedBytes = 0;
  #flushing: Promise<void> | undefined;
  #broken = false;
  #rotations = 0;
  #closed = false;

  static async create(
    path: string,
    options: { disk: Disk; clock: Clock; logger: Logger; bounds: LogBounds },
  ): Promise<ContainerLog> {
    return new ContainerLog(path, await openEmpty(options.disk, path), options);
  }

  private constructor(
    path: string,
    file: DiskFile,
    options: { disk: Disk; clock: Clock; logger: Logger; bounds: LogBounds },
  ) {
    this.path = path;
    this.#file = file;
    this.#disk = options.disk;
    this.#clock = options.clock;
    this.#logger = options.logger.with({ path });
    this.#bounds = options.bounds;
    const { lineBytesMax } = options.bounds;
    this.#splitters = { stdout: new LineSplitter(lineBytesMax), stderr: new LineSplitter(lineBytesMax) };
  }

  /** How often the file was begun anew: tells a follower that its file is the older half now. */
  get rotations(): number {
    return this.#rotations;
  }

  /** True when the last line is in the file. */
  get closed(): boolean {
    return this.#closed;
  }

  append(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const timeMillis = this.#clock.wallMillis();
    for (const piece of this.#splitters[stream].push(bytes)) {
      this.#enqueue(formatLogEntry({ timeMillis, stream, ...piece }));
    }
  }

  /** Writes what is left. Append nothing after this. */
  async close(): Promise<void> {
    const timeMillis = this.#clock.wallMillis();
    for (const stream of ['stdout', 'stderr'] as const) {
      const content = this.#splitters[stream].finish();
      if (content !== undefined)
        this.#enqueue(formatLogEntry({ timeMillis, stream, partial: false, content }));
    }
    await this.#flushing;
    if (this.#droppedBytes > 0) {
      this.#logger.warn('container wrote faster than the disk took it: log lines are missing', {
        droppedBytes: this.#droppedBytes,
      });
    }
    await this.#file.close();
    this.#closed = true;
  }

  #enqueue(line: Uint8Array): void {
    if (this.#broken || this.#pendingBytes + line.length > this.#bounds.pendingBytesMax) {
      this.#droppedBytes += line.length;
      return;
    }
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    this.#flushing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const bytes = concatBytes(this.#pending);
        this.#pending = [];
        this.#pendingBytes = 0;
        await this.#file.write(this.#sizeBytes, bytes);
        this.#sizeBytes += bytes.length;
        if (this.#sizeBytes > this.#bounds.fileBytesMax) await this.#rotate();
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      // The container goes on without its log rather than not at all.
      this.#broken = true;
      this.#logger.error('container log cannot be written', { code: error.code, problem: error.message });
    } finally {
      this.#flushing = undefined;
    }
  }

  async #rotate(): Promise<void> {
    await this.#file.close();
    await this.#disk.rename(this.path, rotatedPath(this.path));
    this.#file = await openEmpty(this.#disk, this.path);
    this.#sizeBytes = 0;
    this.#rotations++;
  }
}
