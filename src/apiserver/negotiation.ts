import { noRepresentation, notAcceptable } from '../api/errors.ts';

/** How the client wants objects shown: whole, as a Table for people, or their metadata alone. */
export type Form = 'object' | 'table' | 'metadata';

const offered = ['application/json'];
/** What a client may list to get them. */
const ranges: ReadonlySet<string> = new Set(['application/json', 'application/*', '*/*']);

/**
 * The first form of an Accept header that is served. JSON only: a client that lists protobuf first gets JSON
 * if it accepts it at all. `shape` is what the answer holds. @throws ApiError NotAcceptable
 */
export function negotiateForm(accept: string | undefined, shape: 'object' | 'list'): Form {
  if (accept === undefined || accept.trim() === '') return 'object';
  let producible = false;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (!ranges.has(type)) continue;
    producible = true;
    const values = new Map(parameters.map((part) => part.split('=', 2) as [string, string]));
    if (values.get('stream') !== undefined && values.get('stream') !== 'watch') continue;
    const as = values.get('as');
    if (as === undefined) return 'object';
    if (values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === (shape === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata')) return 'metadata';
  }
  throw producible ? notAcceptable(offered) : noRepresentation(offered);
}

/** The media type of a Content-Type header, without its parameters; '' when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
