import { concatBytes, decodeUtf8, encodeUtf8 } from '../../base/bytes.ts';

/**
 * The CRI log format, one entry a line: `2026-11-23T06:18:31.418000000Z stdout F hello`.
 * F ends a line of the container; P is a piece of one that goes on in the next entry of its stream.
 */
export interface LogEntry {
  readonly timeMillis: number;
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
  /** Without the line's end. */
  readonly content: Uint8Array;
}

const newline = 0x0a;
const space = 0x20;

/** RFC 3339 with nine digits of fraction, as the CRI writes times. */
export function formatLogTime(timeMillis: number): string {
  return new Date(timeMillis).toISOString().replace('Z', '000000Z');
}

export function formatLogEntry(entry: LogEntry): Uint8Array {
  const head = `${formatLogTime(entry.timeMillis)} ${entry.stream} ${entry.partial ? 'P' : 'F'} `;
  return concatBytes([encodeUtf8(head), entry.content, Uint8Array.of(newline)]);
}

/** `line` is without its end. Undefined when it is not in the format (a torn write, a foreign file). */
export function parseLogEntry(line: Uint8Array): LogEntry | undefined {
  const timeEnd = line.indexOf(space);
  const streamEnd = timeEnd < 0 ? -1 : line.indexOf(space, timeEnd + 1);
  const tagEnd = streamEnd < 0 ? -1 : line.indexOf(space, streamEnd + 1);
  if (tagEnd < 0) return undefined;
  const timeMillis = Date.parse(decodeUtf8(line.subarray(0, timeEnd)));
  const stream = decodeUtf8(line.subarray(timeEnd + 1, streamEnd));
  const tag = decodeUtf8(line.subarray(streamEnd + 1, tagEnd));
  if (Number.isNaN(timeMillis) || (tag !== 'F' && tag !== 'P')) return undefined;
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  return { timeMillis, stream, partial: tag === 'P', content: line.subarray(tagEnd + 1) };
}

/** Cuts a byte stream into lines; a line longer than `lineBytesMax` leaves in partial pieces. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  push(bytes: Uint8Array): { readonly content: Uint8Array; readonly partial: boolean }[] {
    const pieces: { content: Uint8Array; partial: boolean }[] = [];
    let data = this.#rest.length === 0 ? bytes : concatBytes([this.#rest, bytes]);
    for (;;) {
      const end = data.indexOf(newline);
      if (end >= 0 && end <= this.#lineBytesMax) {
        pieces.push({ content: data.subarray(0, end), partial: false });
        data = data.subarray(end + 1);
      } else if (data.length > this.#lineBytesMax) {
        pieces.push({ content: data.subarray(0, this.#lineBytesMax), partial: true });
        data = data.subarray(this.#lineBytesMax);
      } else {
        break;
      }
    }
    this.#rest = data.slice();
    return pieces;
  }

  /** What came after the last line's end, as a whole line. */
  finish(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return rest.length === 0 ? undefined : rest;
  }
}
