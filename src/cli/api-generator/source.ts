/** The facts that the generator reads: types.json, resources.json, columns.json, fieldselectors.json. */

export interface SourceField {
  /** JSON name; empty when inlined. */
  readonly n: string;
  readonly t: string;
  /** Protobuf: number, wire form, label. */
  readonly p?: readonly [number, string, string];
  readonly o?: 1;
  readonly oz?: 1;
  readonly inl?: 1;
  readonly opt?: 1;
  readonly req?: 1;
  readonly nul?: 1;
  readonly def?: unknown;
  readonly ps?: string;
  readonly pk?: string;
  readonly lt?: string;
  readonly lk?: readonly string[];
  readonly mt?: string;
  readonly st?: string;
  readonly fg?: string;
  readonly ud?: 1;
  readonly un?: string | 1;
  readonly v?: readonly string[];
}

export interface SourceType {
  readonly fields?: readonly SourceField[];
  readonly base?: string;
  readonly enum?: readonly string[];
  readonly closed?: boolean;
  readonly js?: string;
  readonly pm?: 1;
  readonly st?: string;
  readonly mt?: string;
}

/** By group-version: `v1`, `apps/v1`, `meta/v1`, `runtime`. */
export type SourceTypes = Readonly<Record<string, { readonly types: Readonly<Record<string, SourceType>> }>>;

export interface SourceSubresource {
  readonly kind: string;
  readonly verbs: readonly string[];
  /** Of the kind, where it is not its parent's. */
  readonly gv?: string;
}

export interface SourceResource {
  readonly gv: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly sub?: Readonly<Record<string, SourceSubresource>>;
  readonly etcd?: string;
}

export type SourceColumn = readonly [name: string, type: string | null, priority: number];

export interface Source {
  readonly types: SourceTypes;
  readonly resources: { readonly items: readonly SourceResource[] };
  readonly columns: {
    readonly items: readonly { readonly kind: string; readonly columns: readonly SourceColumn[] }[];
  };
  readonly fieldSelectors: {
    readonly items: readonly { readonly kind: string; readonly fields: readonly string[] }[];
  };
}
