/**
 * Custom headers of a call. Names are in lower case. Values of names that end in `-bin` are bytes, base64 on the wire;
 * here they appear as Latin-1 text, one character per byte.
 */
export interface Metadata {
  /** The value; several of one name are joined by commas as they came. */
  get(name: string): string | undefined;
  /** The bytes of a `-bin` header; undefined when absent or not base64. */
  getBytes(name: string): Uint8Array | undefined;
}
