/**
 * schema/: the language in which every type of the API is described, and the walkers over it.
 *
 * Built-in types come from the generated texts (`library.ts`), custom resources from their openAPIV3Schema
 * (`structural.ts`); both become the types below, and nothing that walks them asks where they are from.
 *
 * Walkers: `canonical.ts` (JSON as the Go struct would write it, strict decoding), `protobuf-reader.ts` and
 * `protobuf-writer.ts`, `defaults.ts`, `prune.ts`, `field-set-of.ts` (managed fields); beside this folder
 * `strategic-merge-patch.ts` and `openapi.ts`.
 *
 * Invariants
 *   S1  A walker never changes what it is given. Where nothing changes it returns the very same value.
 *   S2  No input makes a walker throw or recurse without bound: the decoders limit depth before values are built.
 *   S3  A canonical value is a fixed point of `canonicalize`, and survives protobuf unchanged – but that an empty
 *       list where Go has a slice without omitempty comes back as null, as it does there.
 */

export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'Quantity'
  | 'IntOrString'
  | 'Time'
  | 'MicroTime'
  /** Any JSON, kept as it came; in protobuf a message around its text. */
  | 'raw'
  /** The same, of managed fields. */
  | 'FieldsV1'
  /** Any JSON; never in protobuf. */
  | 'any';

export type FieldType = ScalarType | StructType | ListType | MapType | VariantType;

export interface ScalarType {
  readonly kind: 'scalar';
  readonly scalar: Scalar;
  /** `v1.RestartPolicy`, where Go gives the scalar a name. */
  readonly name?: string;
  /** The known values of a named string, in the order of their declaration. */
  readonly values?: readonly string[];
  /** No other value is valid. */
  readonly closed?: boolean;
}

export interface StructType {
  readonly kind: 'struct';
  readonly name: string;
  readonly struct: Struct;
  /** `atomic`: the whole is owned and replaced at once. */
  readonly structType?: string;
}

export interface ListType {
  readonly kind: 'list';
  readonly element: FieldType;
  readonly name?: string;
  /** In protobuf a message of its own, { 1: items }. */
  readonly wrapped?: boolean;
  /** `atomic` (also when absent), `set`, `map`. */
  readonly listType?: string;
  readonly listMapKeys: readonly string[];
}

export interface MapType {
  readonly kind: 'map';
  readonly element: FieldType;
  readonly name?: string;
  /** `v1.ResourceName`, where the keys' type has a name. */
  readonly keyName?: string;
  /** `granular` (also when absent), `atomic`. */
  readonly mapType?: string;
}

/** One of two JSON forms: an object, or what `form` says beside it. In protobuf a message that holds either. */
export interface VariantType {
  readonly kind: 'variant';
  readonly name: string;
  readonly form: 'object|bool' | 'object|array' | 'object|[]string';
  /** The object. */
  readonly object: StructType;
}

export interface Field {
  readonly name: string;
  /** Its place in the struct. */
  readonly index: number;
  /** Stands in JSON whatever the object says, as null or as its zero value. */
  readonly always: boolean;
  /** Protobuf field number, in the message of its own struct; absent where protobuf does not carry the field. */
  readonly number?: number;
  readonly type: FieldType;
  /** A Go pointer: absent and zero are different. */
  readonly pointer: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  /** Published as required. */
  readonly required: boolean;
  /** May be null without being absent. */
  readonly nullable: boolean;
  /** What an absent value becomes. */
  readonly default?: unknown;
  /** `merge`, `replace`, `retainKeys`, or two of them. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey?: string;
  /** The feature gate behind which the field is. */
  readonly gate?: string;
  /** Says which member of a union is set. */
  readonly discriminator: boolean;
  /** The union that it is a member of. */
  readonly oneOf?: string;
  /** Declarative validation: `immutable`, `maxItems=32`. */
  readonly rules: readonly string[];
}

/** An inlined struct as protobuf has it: a message of its own whose fields land in the same object. */
export interface Inline {
  readonly inline: Struct;
  readonly number: number;
  /** The index of its first field among those of the outer struct. */
  readonly offset: number;
}

export interface Struct {
  /** `v1.Pod`, `meta/v1.ObjectMeta`, `coordination.k8s.io/v1.Lease`; of a custom resource the path in it. */
  readonly name: string;
  /** As in JSON: inlined structs are flattened, order is that of the output. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** As in protobuf, by number. */
  readonly parts: readonly (Field | Inline)[];
  /** The same at their numbers, with holes. */
  readonly byNumber: readonly (Field | Inline | undefined)[];
  /** How many fields stand in JSON whatever the object says. */
  readonly alwaysCount: number;
  readonly structType?: string;
  /** What becomes of fields that it does not have: dropped and reported, or kept as they are. */
  readonly keepsUnknown: boolean;
  /** An object of its own kind in it: apiVersion, kind and metadata belong to it. */
  readonly embedded: boolean;
}

const structLike: ReadonlySet<Scalar> = new Set([
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
  'raw',
  'FieldsV1',
]);

/** Whether omitempty never leaves the value out, for Go finds no struct empty. */
export function isStructLike(type: FieldType): boolean {
  return (
    type.kind === 'struct' ||
    type.kind === 'variant' ||
    (type.kind === 'scalar' && structLike.has(type.scalar))
  );
}

/** Whether a field stands in JSON whatever the object says. */
export function isAlwaysWritten(field: Pick<Field, 'type' | 'pointer' | 'omitEmpty' | 'omitZero'>): boolean {
  if (field.omitZero) return false;
  return !field.omitEmpty || (!field.pointer && isStructLike(field.type));
}

/** Puts the indexes together. `fields` are in the order of JSON; `parts` default to those with a number. */
export function makeStruct(
  name: string,
  fields: readonly Field[],
  options: {
    readonly parts?: readonly (Field | Inline)[];
    readonly structType?: string | undefined;
    readonly keepsUnknown?: boolean;
    readonly embedded?: boolean;
  } = {},
): Struct {
  const parts = (options.parts ?? fields)
    .filter((part) => part.number !== undefined)
    .toSorted((a, b) => a.number! - b.number!);
  const byNumber: (Field | Inline | undefined)[] = [];
  for (const part of parts) byNumber[part.number!] = part;
  return {
    name,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    parts,
    byNumber,
    alwaysCount: fields.filter((field) => field.always).length,
    ...(options.structType === undefined ? {} : { structType: options.structType }),
    keepsUnknown: options.keepsUnknown ?? false,
    embedded: options.embedded ?? false,
  };
}

/** The schema's name of a kind: ('', 'v1', 'Pod') → 'v1.Pod'. */
export function typeName(group: string, version: string, kind: string): string {
  return group === '' ? `${version}.${kind}` : `${group}/${version}.${kind}`;
}
