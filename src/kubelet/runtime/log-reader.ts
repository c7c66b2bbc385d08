import { concatBytes, emptyBytes, encodeUtf8 } from '../../base/bytes.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk, DiskFile } from '../../platform/disk.ts';
import { rotatedPath } from './container-log.ts';
import { openIfThere } from './files.ts';
import { formatLogTime, parseLogEntry } from './log-format.ts';
import type { LogEntry } from './log-format.ts';
import type { LogOptions } from './runtime.ts';

const chunkBytes = 64 * 1024;
const followPollMillis = 200;

/** The side of the writer that a follower needs; absent when the container has ended. */
export interface LogProgress {
  readonly rotations: number;
  readonly closed: boolean;
}

/** Reads a container's log, older half first. Ends when the log does, or when `signal` aborts. */
export async function* readContainerLog(
  source: { disk: Disk; clock: Clock; path: string; writer: LogProgress | undefined },
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const { writer } = source;
  const output = new LogOutput(options);
  let rotations = writer?.rotations ?? 0;
  let cursor: LogCursor | undefined;
  try {
    for (const path of [rotatedPath(source.path), source.path]) {
      await cursor?.close();
      cursor = await LogCursor.open(source.disk, path);
      if (cursor === undefined) continue;
      for (;;) {
        const entries = await cursor.next();
        if (entries === undefined || signal.aborted) break;
        output.addHistory(entries);
        yield* output.take();
        if (output.full) return;
      }
    }
    output.endHistory();
    yield* output.take();
    if (!options.follow || writer === undefined) return;

    while (!signal.aborted && !output.full) {
      // Asked before the read: what was written before the close is then surely read.
      const closed = writer.closed;
      const rotated = writer.rotations !== rotations;
      const entries = await cursor?.next();
      if (entries !== undefined) {
        output.add(entries);
        yield* output.take();
      } else if (rotated) {
        rotations = writer.rotations;
        await cursor?.close();
        cursor = await LogCursor.open(source.disk, source.path);
      } else if (closed || !(await source.clock.sleep(followPollMillis, signal))) {
        return;
      }
    }
  } finally {
    await cursor?.close();
  }
}

/** A place in one log file. */
class LogCursor {
  readonly #file: DiskFile;
  #offset = 0;
  #rest: Uint8Array = emptyBytes;

  static async open(disk: Disk, path: string): Promise<LogCursor | undefined> {
    const file = await openIfThere(disk, path);
    return file === undefined ? undefined : new LogCursor(file);
  }

  private constructor(file: DiskFile) {
    this.#file = file;
  }

  /** The next entries, or undefined at the end of the file (which may grow). */
  async next(): Promise<LogEntry[] | undefined> {
    const bytes = await this.#file.read(this.#offset, chunkBytes);
    if (bytes.length === 0) return undefined;
    this.#offset += bytes.length;
    const data = concatBytes([this.#rest, bytes]);
    const entries: LogEntry[] = [];
    let start = 0;
    for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, start)) {
      const entry = parseLogEntry(data.subarray(start, end));
      if (entry !== undefined) entries.push(entry);
      start = end + 1;
    }
    this.#rest = data.subarray(start);
    return entries;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Applies LogOptions to entries: which of them leave, and how they look. */
class LogOutput {
  readonly #options: LogOptions;
  #tail: LogEntry[] = [];
  #chunks: Uint8Array[] = [];
  #bytesLeft: number;
  #lineOpen = false;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#bytesLeft = options.limitBytes ?? Number.MAX_SAFE_INTEGER;
  }

  /** True when `limitBytes` have been given out. */
  get full(): boolean {
    return this.#bytesLeft === 0;
  }

  addHistory(entries: readonly LogEntry[]): void {
    const { tailLines } = this.#options;
    if (tailLines === undefined) {
      this.add(entries);
    } else if (tailLines > 0) {
      this.#tail = [...this.#tail, ...entries.filter((entry) => this.#wanted(entry))].slice(-tailLines);
    }
  }

  endHistory(): void {
    this.add(this.#tail);
    this.#tail = [];
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (!this.#wanted(entry)) continue;
      if (this.#options.timestamps && !this.#lineOpen)
        this.#write(encodeUtf8(`${formatLogTime(entry.timeMillis)} `));
      this.#write(entry.content);
      if (!entry.partial) this.#write(Uint8Array.of(0x0a));
      this.#lineOpen = entry.partial;
    }
  }

  /** What has come together since the last call, as at most one chunk. */
  take(): Uint8Array[] {
    if (this.#chunks.length === 0) return [];
    const chunk = concatBytes(this.#chunks);
    this.#chunks = [];
    return [chunk];
  }

  #wanted(entry: LogEntry): boolean {
    return this.#options.sinceMillis === undefined || entry.timeMillis >= this.#options.sinceMillis;
  }

  #write(bytes: Uint8Array): void {
    const piece = bytes.length > this.#bytesLeft ? bytes.subarray(0, this.#bytesLeft) : bytes;
    this.#bytesLeft -= piece.length;
    if (piece.length > 0) this.#chunks.push(piece);
  }
}
