import { concatBytes, decodeUtf8 } from '../base/bytes.ts';
import { NetworkError } from '../platform/errors.ts';

const newline = 0x0a;

/** A line that is longer is not a watch event (etcd bounds an object at 1.5 MiB). */
const lineBytesMax = 16 * 1024 * 1024;

/**
 * Cuts a byte stream into newline-delimited JSON values, the framing of a JSON watch.
 *
 * @throws NetworkError if the stream breaks off within a line, or a line is no JSON
 */
export async function* parseJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      pending.push(chunk.subarray(start, end));
      const line = decodeUtf8(concatBytes(pending));
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.length > 0) yield parseJson(line);
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > lineBytesMax) {
      throw new NetworkError('EOTHER', `a line of a stream exceeds ${lineBytesMax} bytes`);
    }
  }
  if (pendingBytes > 0) throw new NetworkError('ECONNRESET', 'the stream broke off within a line');
}

/** JSON from the network. @throws NetworkError if it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NetworkError('EOTHER', 'the server sent malformed JSON', { cause });
  }
}
