import { apiVersionOf } from './resource.ts';
import type { Column, Resource } from './resource.ts';
import type { ApiObject, ListMeta } from './types.ts';

export interface TableOptions {
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** What ages are measured against, in milliseconds. */
  readonly now: number;
  /** Later events of a watch leave the column definitions out. Default true. */
  readonly columnDefinitions?: boolean;
}

/** meta.k8s.io/v1 Table: what `kubectl get` prints. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: Partial<ListMeta>;
  readonly columnDefinitions: readonly Column[] | null;
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: unknown;
}

/** The objects as rows, in their order. */
export function toTable(
  resource: Resource,
  objects: readonly ApiObject[],
  options: TableOptions,
  listMeta: Partial<ListMeta> = {},
): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: options.columnDefinitions === false ? null : resource.columns,
    rows: objects.map((object) => ({
      cells: resource.cellsOf(object, options.now),
      ...rowObject(resource, object, options.includeObject),
    })),
  };
}

function rowObject(
  resource: Resource,
  object: ApiObject,
  includeObject: TableOptions['includeObject'],
): { readonly object?: unknown } {
  switch (includeObject) {
    case 'None':
      return {};
    case 'Metadata':
      return { object: partialMetadata(object) };
    case 'Object':
      return { object: { ...object, kind: resource.kind, apiVersion: apiVersionOf(resource) } };
  }
}

/** meta.k8s.io/v1 PartialObjectMetadata of an object. */
function partialMetadata(object: ApiObject): Record<string, unknown> {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
