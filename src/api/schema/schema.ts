import { assert, must } from '../../base/assert.ts';
import { schemaText } from './generated.ts';

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'bytes'
  | 'Quantity'
  | 'IntOrString'
  | 'Time'
  | 'MicroTime'
  | 'FieldsV1';

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'struct'; readonly name: string }
  | { readonly kind: 'list'; readonly element: FieldType }
  | { readonly kind: 'map'; readonly element: FieldType };

export interface Field {
  readonly name: string;
  /** Protobuf field number; absent where protobuf does not carry the field. */
  readonly number?: number;
  readonly type: FieldType;
  /** A Go pointer: absent and zero are different. */
  readonly pointer: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** Published as required. */
  readonly required: boolean;
  /** `merge`, `replace`, `retainKeys`, or two of them. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey?: string;
  readonly listType?: string;
  readonly listMapKeys: readonly string[];
  readonly mapType?: string;
}

export interface Struct {
  /** `v1.Pod`, `meta/v1.ObjectMeta`, `coordination.k8s.io/v1.Lease`. */
  readonly name: string;
  /** As in JSON: inlined structs are flattened, order is that of the output. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** As in protobuf: an inlined struct is a message of its own whose fields land in the same object. */
  readonly byNumber: ReadonlyMap<number, Field | { readonly inline: string }>;
}

interface Row {
  readonly field: Field;
  readonly inline: string | undefined;
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bool',
  'int32',
  'int64',
  'bytes',
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
  'FieldsV1',
]);

const structs = readSchema(schemaText);

/** The struct of that name. @throws AssertionError when the schema has none */
export function structNamed(name: string): Struct {
  return must(structs.get(name), () => `the schema has no ${name}`);
}

/** Whether the schema describes that type. */
export function isKnownType(name: string): boolean {
  return structs.has(name);
}

/** The schema's name of a kind: ('', 'v1', 'Pod') → 'v1.Pod'. */
export function typeName(group: string, version: string, kind: string): string {
  return group === '' ? `${version}.${kind}` : `${group}/${version}.${kind}`;
}

/** Every struct that `root` reaches, itself included, by name in code-unit order. */
export function reachableStructs(roots: readonly string[]): readonly Struct[] {
  const seen = new Set<string>();
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const field of structNamed(name).fields) {
      const leaf = leafOf(field.type);
      if (leaf !== undefined) pending.push(leaf);
    }
  }
  return [...seen].toSorted().map(structNamed);
}

function leafOf(type: FieldType): string | undefined {
  if (type.kind === 'scalar') return undefined;
  return type.kind === 'struct' ? type.name : leafOf(type.element);
}

function readSchema(text: string): ReadonlyMap<string, Struct> {
  const rowsByName = new Map<string, Row[]>();
  let rows: Row[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('  ')) {
      rows.push(readRow(line.trim()));
    } else {
      rows = [];
      rowsByName.set(line.split(' ')[0]!, rows);
    }
  }
  const result = new Map<string, Struct>();
  for (const name of rowsByName.keys()) result.set(name, readStruct(name, rowsByName));
  return result;
}

function readStruct(name: string, rowsByName: ReadonlyMap<string, readonly Row[]>): Struct {
  const flatten = (from: string): Field[] =>
    must(rowsByName.get(from), () => `the schema has no ${from}`).flatMap((row) =>
      row.inline === undefined ? [row.field] : flatten(row.inline),
    );
  const fields = flatten(name);
  const byNumber = new Map<number, Field | { readonly inline: string }>();
  for (const { field, inline } of rowsByName.get(name) ?? []) {
    if (field.number !== undefined) byNumber.set(field.number, inline === undefined ? field : { inline });
  }
  return { name, fields, byName: new Map(fields.map((field) => [field.name, field])), byNumber };
}

function readRow(line: string): Row {
  const [name, number, type, ...flags] = line.split(' ');
  assert(name !== undefined && number !== undefined && type !== undefined, () => `bad schema line: ${line}`);
  const valueOf = (key: string): string | undefined =>
    flags.find((flag) => flag.startsWith(`${key}=`))?.slice(key.length + 1);
  const mergeKey = valueOf('key');
  const listType = valueOf('list');
  const mapType = valueOf('map');
  return {
    inline: name === '@inline' ? type : undefined,
    field: {
      name,
      ...(number === '-' ? {} : { number: Number(number) }),
      type: readType(type),
      pointer: flags.includes('pointer'),
      omitEmpty: flags.includes('omitempty'),
      omitZero: flags.includes('omitzero'),
      required: flags.includes('required'),
      patchStrategies: valueOf('strategy')?.split(',') ?? [],
      ...(mergeKey === undefined ? {} : { patchMergeKey: mergeKey }),
      ...(listType === undefined ? {} : { listType }),
      listMapKeys: valueOf('keys')?.split(',') ?? [],
      ...(mapType === undefined ? {} : { mapType }),
    },
  };
}

function readType(text: string): FieldType {
  if (text.startsWith('[]')) return { kind: 'list', element: readType(text.slice(2)) };
  if (text.startsWith('{}')) return { kind: 'map', element: readType(text.slice(2)) };
  return scalars.has(text) ? { kind: 'scalar', scalar: text as Scalar } : { kind: 'struct', name: text };
}
