import { emptyBytes } from '../base/bytes.ts';

const prefixBytes = 5;
/** First guess for a message that comes in several frames; it doubles, so that a length alone takes no memory. */
const firstBodyBytes = 65_536;

export interface MessageReceiver {
  message(bytes: Uint8Array): void;
  /** A message of that length is above the limit. Nothing more is read. */
  tooLarge(length: number): void;
  /** A message is flagged as compressed. Nothing more is read. */
  compressed(): void;
  /** Room for an unfinished message is wanted, or given back (negative). False: there is none; nothing more is read. */
  hold(bytes: number): boolean;
}

/** Cuts the DATA of one stream into gRPC's length-prefixed messages. Whole messages are views, not copies. */
export class MessageReader {
  readonly #receiver: MessageReceiver;
  readonly #bytesMax: number;
  readonly #prefix = new Uint8Array(prefixBytes);
  #prefixLength = 0;
  #body: Uint8Array | undefined;
  #bodyLength = 0;
  #expected = 0;
  #stopped = false;

  constructor(receiver: MessageReceiver, bytesMax: number) {
    this.#receiver = receiver;
    this.#bytesMax = bytesMax;
  }

  /** Whether a message has begun and not ended. */
  get isInside(): boolean {
    return this.#prefixLength > 0;
  }

  /** Ends reading: the stream is over. */
  stop(): void {
    this.#stopped = true;
    this.#dropBody();
  }

  read(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      if (this.#prefixLength === 0 && bytes.length - at >= prefixBytes) {
        const length = this.#begin(bytes, at);
        if (this.#stopped) return;
        if (bytes.length - at - prefixBytes >= length) {
          at += prefixBytes + length;
          this.#receiver.message(bytes.subarray(at - length, at));
          continue;
        }
      }
      at = this.#prefixLength < prefixBytes ? this.#readPrefix(bytes, at) : this.#readBody(bytes, at);
    }
  }

  #readPrefix(bytes: Uint8Array, start: number): number {
    let at = start;
    while (this.#prefixLength < prefixBytes && at < bytes.length)
      this.#prefix[this.#prefixLength++] = bytes[at++]!;
    if (this.#prefixLength < prefixBytes) return at;
    this.#expected = this.#begin(this.#prefix, 0);
    if (this.#expected === 0 && !this.#stopped) {
      this.#prefixLength = 0;
      this.#receiver.message(emptyBytes);
    }
    return at;
  }

  #readBody(bytes: Uint8Array, at: number): number {
    const take = Math.min(this.#expected - this.#bodyLength, bytes.length - at);
    const needed = this.#bodyLength + take;
    let body = this.#body;
    if (body === undefined || needed > body.length) {
      const size = Math.min(this.#expected, Math.max(firstBodyBytes, needed, (body?.length ?? 0) * 2));
      if (!this.#receiver.hold(size - (body?.length ?? 0))) {
        this.stop();
        return bytes.length;
      }
      const grown = new Uint8Array(size);
      if (body !== undefined) grown.set(body.subarray(0, this.#bodyLength));
      body = grown;
      this.#body = body;
    }
    body.set(bytes.subarray(at, at + take), this.#bodyLength);
    this.#bodyLength = needed;
    if (needed === this.#expected) {
      this.#dropBody();
      this.#bodyLength = 0;
      this.#prefixLength = 0;
      this.#receiver.message(body);
    }
    return at + take;
  }

  #dropBody(): void {
    if (this.#body === undefined) return;
    this.#receiver.hold(-this.#body.length);
    this.#body = undefined;
  }

  /** Looks at a prefix. Returns the length of its message. */
  #begin(bytes: Uint8Array, at: number): number {
    const length =
      bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    if (bytes[at] !== 0) {
      this.#stopped = true;
      this.#receiver.compressed();
    } else if (length > this.#bytesMax) {
      this.#stopped = true;
      this.#receiver.tooLarge(length);
    }
    return length;
  }
}
