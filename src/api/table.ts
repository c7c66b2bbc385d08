import type { Resource } from './resource.ts';
import type { ApiObject, ListMeta } from './types.ts';

export interface TableOptions {
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** What ages are measured against. */
  readonly now: number;
  /** Later events of a watch leave the column definitions out. Default true. */
  readonly columnDefinitions?: boolean;
}

/** meta.k8s.io/v1 Table. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: Partial<ListMeta>;
  readonly columnDefinitions: readonly unknown[] | null;
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: unknown }[];
}

export function toTable(
  resource: Resource,
  objects: readonly ApiObject[],
  options: TableOptions,
  listMeta?: Partial<ListMeta>,
): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta ?? {},
    columnDefinitions: options.columnDefinitions === false ? null : resource.columns,
    rows: objects.map((object) => ({ cells: resource.cellsOf(object, options.now), object })),
  };
}
