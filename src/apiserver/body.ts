import { badRequest, unsupportedMediaType } from '../api/errors.ts';
import { decodeProtobuf } from '../api/protobuf.ts';
import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { Decoded, FieldValidation } from '../api/schema/walker.ts';
import { decodeJson, decodeYaml } from '../api/schema/walker.ts';
import type { ApiObject, NewObject } from '../api/types.ts';
import { encodeUtf8 } from '../base/bytes.ts';
import type { HttpRequest } from '../platform/http.ts';
import { mediaTypeOf } from './negotiation.ts';
import { jsonType } from './responses.ts';

const protobufType = 'application/vnd.kubernetes.protobuf';
const yamlType = 'application/yaml';

const nestingMax = 1_000;
const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = encodeUtf8('"\\{}[]');

/** Reads a body as the schema type `type`, in whatever form it came. No Content-Type is JSON. @throws ApiError */
export function decodeBody(request: HttpRequest, type: string, mode: FieldValidation): Decoded {
  refuseDeep(request.body);
  const mediaType = mediaTypeOf(request.headers['content-type']);
  switch (mediaType) {
    case '':
    case jsonType:
      return valueOf(decodeJson(request.body, type, mode));
    case yamlType:
      return valueOf(decodeYaml(request.body, type, mode));
    case protobufType:
      return valueOf(decodeProtobuf(request.body, type));
    default:
      throw unsupportedMediaType([jsonType, yamlType, protobufType]);
  }
}

/**
 * Refuses text that nests deeper than any object of ours: what walks it recursively must not run out of
 * stack. Brackets inside strings do not count; protobuf has none that add up. @throws ApiError BadRequest
 */
export function refuseDeep(text: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === openBrace || byte === openBracket) {
      if (++depth > nestingMax)
        throw badRequest(`exceeded max depth: more than ${nestingMax} levels of nesting`);
    } else if (byte === closeBrace || byte === closeBracket) {
      depth--;
    }
  }
}

/** The schema type of a kind's objects: `v1.Pod`. */
export function schemaTypeOf(kind: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}): string {
  return `${apiVersionOf(kind)}.${kind.kind}`;
}

/** @throws ApiError BadRequest */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const text = query.get('fieldValidation') ?? '';
  // Warn is what the real server does when nothing is said.
  if (text === '') return 'Warn';
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text;
  throw badRequest(`Invalid value: "${text}": supported values: "Ignore", "Warn", "Strict"`);
}

/**
 * A decoded body as an object of the resource, in the place the URL names: its kind must be the resource's
 * (or absent), its namespace and name those of the URL (or absent). @throws ApiError BadRequest
 */
export function asObjectOf(
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  body: Readonly<Record<string, unknown>>,
  place: { readonly namespace?: string | undefined; readonly name?: string | undefined },
): NewObject<ApiObject> {
  const apiVersion = apiVersionOf(resource);
  const { kind } = resource;
  const { apiVersion: givenVersion, kind: givenKind, metadata: givenMetadata, ...rest } = body;
  if (isGiven(givenVersion) && givenVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${String(givenVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (isGiven(givenKind) && givenKind !== kind) {
    throw badRequest(`${String(givenKind)} in version "${apiVersion}" cannot be handled as a ${kind}`);
  }
  const metadata = { ...(givenMetadata as NewObject<ApiObject>['metadata'] | undefined) };
  if (isGiven(metadata.namespace) && metadata.namespace !== place.namespace) {
    throw badRequest(
      place.namespace === undefined
        ? 'namespace may not be set on cluster-scoped objects'
        : 'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (place.name !== undefined && !isGiven(metadata.name)) {
    throw badRequest(
      `the name of the object (${place.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (place.name !== undefined && metadata.name !== place.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${place.name})`,
    );
  }
  if (place.namespace !== undefined) metadata.namespace = place.namespace;
  return { kind, apiVersion, metadata, ...rest };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '';
}

function valueOf<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error },
): T {
  if (!result.ok) throw result.error;
  return result.value;
}
