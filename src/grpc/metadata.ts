import { decodeBase64 } from '../base/base64.ts';
import type { HeaderBlock } from './header-block.ts';

/**
 * Custom headers of a call. Names are in lower case. Values of names that end in `-bin` are bytes, base64 on the wire.
 */
export interface Metadata {
  /** The value; several of one name are joined by commas, as HTTP does. */
  get(name: string): string | undefined;
  /** The bytes of a `-bin` header; undefined when it is absent or no base64. */
  getBytes(name: string): Uint8Array | undefined;
}

/** The metadata of a header block. */
export class BlockMetadata implements Metadata {
  readonly #block: HeaderBlock;

  constructor(block: HeaderBlock) {
    this.#block = block;
  }

  get(name: string): string | undefined {
    const { fields } = this.#block;
    let value: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) value = value === undefined ? fields[i + 1]! : `${value},${fields[i + 1]!}`;
    }
    return value;
  }

  getBytes(name: string): Uint8Array | undefined {
    const value = this.#block.get(name);
    return value === undefined ? undefined : decodeBase64(value);
  }
}
