/**
 * A message to be sent: its bytes, or pieces that make it up in order. Pieces are copied once, into DATA frames; they
 * may be shared by many messages. Nobody changes them once they are handed over.
 */
export type Message = Uint8Array | MessagePieces;

export interface MessagePieces {
  readonly pieces: readonly Uint8Array[];
  /** The sum of the pieces' lengths, in bytes. */
  readonly length: number;
}
