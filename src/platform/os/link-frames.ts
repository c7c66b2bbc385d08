import { Packr, Unpackr } from 'msgpackr';

/**
 * Messages as bytes: MessagePack. Plain objects only (no records, whose definitions would have to outlive
 * a connection). A bigint always travels as int64 or uint64 and comes back as a bigint; integers beyond 32
 * bits travel as float64 and come back as numbers, so neither is ever taken for the other.
 */
const options = { useRecords: false, int64AsType: 'bigint' } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

/** The bytes share a buffer with others: hand them on, or copy them, before the turn ends. */
export function encodeFrame(message: unknown): Uint8Array {
  return packr.pack(message);
}

/** Byte strings inside the message are views of `bytes`. Throws when `bytes` are no message. */
export function decodeFrame(bytes: Uint8Array): unknown {
  // A plain view, for otherwise the byte strings inside come out as Node's Buffers.
  return unpackr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
