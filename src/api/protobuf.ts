import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { ProtoError, ProtoWriter } from '../base/protobuf.ts';
import type { JsonMap } from './json.ts';
import { structNamed } from './schema/library.ts';
import { readUnknown, startsWithMagic, writeUnknown } from './schema/protobuf-envelope.ts';
import { readMessage } from './schema/protobuf-reader.ts';
import { writeStruct } from './schema/protobuf-writer.ts';
import { kindOfType, unrecognized, wrongKind } from './schema/refusals.ts';
import type { Decoded } from './schema/walker.ts';
import type { ApiError } from './status.ts';

/** `application/vnd.kubernetes.protobuf` bodies of built-in kinds, read and written by the schema. */

/** Reads a body as `type` ('v1.ConfigMap', 'meta/v1.DeleteOptions'); the envelope must say the same kind. */
export function decodeProtobuf(bytes: Uint8Array, type: string): Result<Decoded, ApiError> {
  if (!startsWithMagic(bytes)) {
    const why = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
    return err(unrecognized(why, bytes, type));
  }
  const wanted = kindOfType(type);
  try {
    const { apiVersion, kind, raw } = readUnknown(bytes);
    const isVersioned = !type.startsWith('meta/');
    if (kind !== wanted.kind || (isVersioned && apiVersion !== wanted.apiVersion)) {
      return err(wrongKind(apiVersion, kind, wanted));
    }
    return ok({ object: withKind(readMessage(structNamed(type), raw), kind, apiVersion), warnings: [] });
  } catch (problem) {
    if (problem instanceof ProtoError) return err(unrecognized(problem.message, bytes, type));
    throw problem;
  }
}

/** Reused, for it grows to the size of what it writes; what a very large object made of it is not kept. */
let writer = new ProtoWriter(16 * 1024);
const keptBytesMax = 1024 * 1024;

/** `object`, in canonical form, as a body; `type` is a schema type: 'v1.Pod'. */
export function encodeProtobuf(object: JsonMap, type: string): Uint8Array {
  const { apiVersion, kind } = kindOfType(type);
  const struct = structNamed(type);
  writer.clear();
  const bytes = writeUnknown(
    writer,
    typeof object['apiVersion'] === 'string' ? object['apiVersion'] : apiVersion,
    typeof object['kind'] === 'string' ? object['kind'] : kind,
    () => writeStruct(writer, struct, object),
  );
  if (bytes.length > keptBytesMax) writer = new ProtoWriter(16 * 1024);
  return bytes;
}

/** kind and apiVersion stand first, as everywhere. */
function withKind(object: JsonMap, kind: string, apiVersion: string): JsonMap {
  return { kind, apiVersion, ...object };
}
