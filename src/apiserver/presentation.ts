import { badRequest } from '../api/errors.ts';
import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import { toTable } from '../api/table.ts';
import type { TableOptions } from '../api/table.ts';
import type { ApiObject, ListMeta } from '../api/types.ts';
import type { CacheEvent, SeenEvent } from './cache-event.ts';
import { jsonFrame } from './cache-event.ts';
import type { EncodedObject } from './encoded-object.ts';
import type { Form } from './negotiation.ts';

/** How one request's objects are shown: whole, as a Table, or as metadata alone. */
export interface Presentation {
  /** One object, as a value for JSON. */
  object(object: ApiObject): unknown;
  /** A whole list's JSON text, in pieces. */
  list(objects: readonly EncodedObject[], meta: Partial<ListMeta>): readonly string[];
  /** An event of a watch as a frame. */
  event(seen: SeenEvent, event?: CacheEvent): Uint8Array;
}

/** @throws ApiError BadRequest for an unknown `includeObject` */
export function presentationOf(
  form: Form,
  resource: Resource,
  query: URLSearchParams,
  nowMillis: () => number,
): Presentation {
  switch (form) {
    case 'object':
      return wholeObjects(resource);
    case 'metadata':
      return metadataOnly();
    case 'table':
      return tables(resource, includeObjectOf(query), nowMillis);
  }
}

function wholeObjects(resource: Resource): Presentation {
  return {
    object: (object) => object,
    list: (objects, meta) =>
      listPieces(`${resource.kind}List`, apiVersionOf(resource), meta, objects.map(itemJson)),
    event: (seen, event) => event?.frameOf(seen) ?? jsonFrame(seen.type, seen.object.json),
  };
}

function metadataOnly(): Presentation {
  const apiVersion = 'meta.k8s.io/v1';
  const partial = ({ metadata }: ApiObject): unknown => ({
    kind: 'PartialObjectMetadata',
    apiVersion,
    metadata,
  });
  return {
    object: partial,
    list: (objects, meta) =>
      listPieces(
        'PartialObjectMetadataList',
        apiVersion,
        meta,
        objects.map(({ object }) => JSON.stringify(partial(object))),
      ),
    event: (seen) => jsonFrame(seen.type, JSON.stringify(partial(seen.object.object))),
  };
}

function tables(
  resource: Resource,
  includeObject: TableOptions['includeObject'],
  nowMillis: () => number,
): Presentation {
  // The client of a watch keeps the columns of the first event.
  let columnDefinitions = true;
  return {
    object: (object) =>
      toTable(
        resource,
        [object],
        { includeObject, now: nowMillis() },
        {
          resourceVersion: object.metadata.resourceVersion,
        },
      ),
    list: (objects, meta) => {
      const rows = objects.map(({ object }) => object);
      return [`${JSON.stringify(toTable(resource, rows, { includeObject, now: nowMillis() }, meta))}\n`];
    },
    event: (seen) => {
      const { object } = seen.object;
      const table = toTable(
        resource,
        [object],
        { includeObject, now: nowMillis(), columnDefinitions },
        {
          resourceVersion: object.metadata.resourceVersion,
        },
      );
      columnDefinitions = false;
      return jsonFrame(seen.type, JSON.stringify(table));
    },
  };
}

function itemJson(object: EncodedObject): string {
  return object.itemJson;
}

function listPieces(
  kind: string,
  apiVersion: string,
  meta: unknown,
  items: readonly string[],
): readonly string[] {
  const head = JSON.stringify({ kind, apiVersion, metadata: meta });
  const pieces = [`${head.slice(0, -1)},"items":[`];
  for (const [index, item] of items.entries()) pieces.push(index === 0 ? item : `,${item}`);
  pieces.push(']}\n');
  return pieces;
}

function includeObjectOf(query: URLSearchParams): TableOptions['includeObject'] {
  const text = query.get('includeObject') ?? '';
  if (text === '' || text === 'Metadata') return 'Metadata';
  if (text === 'None' || text === 'Object') return text;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: "${text}": must be 'Metadata', 'Object', 'None', or empty`,
  );
}
