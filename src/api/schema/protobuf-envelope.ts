import { equalBytes } from '../../base/bytes.ts';
import { ProtoReader, ProtoWriter } from '../../base/protobuf.ts';

/**
 * The envelope of `application/vnd.kubernetes.protobuf`: four bytes `k8s\0`, then runtime.Unknown
 * { 1: typeMeta { 1: apiVersion, 2: kind }, 2: raw, 3: contentEncoding, 4: contentType }.
 */

export interface Unknown {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

const magic = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

export function startsWithMagic(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, magic.length), magic);
}

/** Of bytes that start with the magic. @throws ProtoError */
export function readUnknown(bytes: Uint8Array): Unknown {
  const reader = new ProtoReader(bytes.subarray(magic.length));
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array(0);
  for (let number = reader.tag(); number !== 0; number = reader.tag()) {
    if (number === 1) {
      const meta = reader.message();
      for (let inner = meta.tag(); inner !== 0; inner = meta.tag()) {
        if (inner === 1) apiVersion = meta.string();
        else if (inner === 2) kind = meta.string();
        else meta.skip();
      }
    } else if (number === 2) {
      raw = reader.bytes();
    } else {
      reader.skip();
    }
  }
  return { apiVersion, kind, raw };
}

/** Writes an envelope around what `writeRaw` writes. Go writes the empty last fields, too. */
export function writeUnknown(
  writer: ProtoWriter,
  apiVersion: string,
  kind: string,
  writeRaw: () => void,
): Uint8Array {
  writer.literal(magic);
  writer.message(1, () => {
    writer.elementString(1, apiVersion);
    writer.elementString(2, kind);
  });
  writer.message(2, writeRaw);
  writer.elementString(3, '');
  writer.elementString(4, '');
  return writer.finish();
}
