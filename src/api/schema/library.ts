import { assert, must } from '../../base/assert.ts';
import { compareStrings } from '../../base/order.ts';
import { schemaTexts } from './generated/index.ts';
import { isAlwaysWritten, makeStruct } from './schema.ts';
import type { Field, FieldType, Inline, Scalar, Struct, StructType, VariantType } from './schema.ts';

/**
 * The built-in types, read from the generated texts. Each is read when it is first asked for: a server that never sees
 * a ResourceSlice never pays for it.
 */

/** The struct of that name. @throws AssertionError when the schema has none */
export function structNamed(name: string): Struct {
  const known = structs.get(name);
  if (known !== undefined) return known;
  const block = must(blockNamed(name), () => `the schema has no ${name}`);
  assert(isStruct(block), () => `${name} is not a struct`);
  const struct = readStruct(name, block);
  structs.set(name, struct);
  return struct;
}

/** Whether the schema describes that struct. */
export function isKnownType(name: string): boolean {
  const block = blockNamed(name);
  return block !== undefined && isStruct(block);
}

/** Every struct of every group-version, by name in code-unit order. */
export function allStructs(): readonly Struct[] {
  return [...schemaTexts.keys()]
    .flatMap((groupVersion) =>
      [...blocksOf(groupVersion)]
        .filter(([, block]) => isStruct(block))
        .map(([name]) => `${groupVersion}.${name}`),
    )
    .toSorted()
    .map(structNamed);
}

/** Every struct that `roots` reach, themselves included, by name in code-unit order. */
export function reachableStructs(roots: readonly string[]): readonly Struct[] {
  return reachableFrom(roots.map(structNamed)).toSorted((a, b) => compareStrings(a.name, b.name));
}

/** Every struct that `roots` reach, themselves included. */
export function reachableFrom(roots: readonly Struct[]): readonly Struct[] {
  const seen = new Set<Struct>();
  const pending = [...roots];
  for (let struct = pending.pop(); struct !== undefined; struct = pending.pop()) {
    if (seen.has(struct)) continue;
    seen.add(struct);
    for (const field of struct.fields) {
      const leaf = leafOf(field.type);
      if (leaf !== undefined) pending.push(leaf);
    }
  }
  return [...seen];
}

function leafOf(type: FieldType): Struct | undefined {
  switch (type.kind) {
    case 'scalar':
      return undefined;
    case 'struct':
      return type.struct;
    case 'variant':
      return type.object.struct;
    case 'list':
    case 'map':
      return leafOf(type.element);
  }
}

/** The header of a type and the rows of its fields. */
interface Block {
  readonly header: string;
  readonly rows: readonly string[];
}

const structs = new Map<string, Struct>();
const blocks = new Map<string, ReadonlyMap<string, Block>>();

function blocksOf(groupVersion: string): ReadonlyMap<string, Block> {
  const known = blocks.get(groupVersion);
  if (known !== undefined) return known;
  const result = new Map<string, Block>();
  for (const text of (schemaTexts.get(groupVersion) ?? '').trim().split(/\n(?! )/)) {
    const [header = '', ...rows] = text.split('\n');
    result.set(header.split(' ')[0]!, { header, rows });
  }
  blocks.set(groupVersion, result);
  return result;
}

function blockNamed(name: string): Block | undefined {
  const { home, short } = split(name);
  return schemaTexts.has(home) ? blocksOf(home).get(short) : undefined;
}

function isStruct({ header }: Block): boolean {
  return !/ = | form=/.test(header);
}

/** 'apps/v1.Deployment' → apps/v1, Deployment. */
function split(name: string): { readonly home: string; readonly short: string } {
  const dot = name.lastIndexOf('.');
  return { home: name.slice(0, dot), short: name.slice(dot + 1) };
}

function readStruct(name: string, block: Block): Struct {
  const { home } = split(name);
  const structType = flagsOf(block.header.split(' ')).get('struct');
  const fields: Field[] = [];
  const parts: (Field | Inline)[] = [];
  for (const row of block.rows) {
    const [fieldName, number, type] = row.trim().split(' ');
    assert(fieldName && number && type, () => `bad schema line: ${row}`);
    if (fieldName === '@inline') {
      const inline = structNamed(fullName(type, home));
      if (number !== '-') parts.push({ inline, number: Number(number), offset: fields.length });
      for (const field of inline.fields) {
        const { number: own, ...rest } = field;
        const isCarried = own !== undefined && number !== '-';
        fields.push({ ...rest, ...(isCarried ? { number: own } : {}), index: fields.length });
      }
    } else {
      const field = readField(row, home, fields.length);
      fields.push(field);
      if (field.number !== undefined) parts.push(field);
    }
  }
  return makeStruct(name, fields, { parts, structType });
}

function readField(row: string, home: string, index: number): Field {
  const words = row.trim().split(' ');
  const [name = '', number = '-', type = ''] = words;
  const flags = flagsOf(words.slice(3));
  const mergeKey = flags.get('key');
  const gate = flags.get('gate');
  const oneOf = flags.get('oneof');
  const defaultText = flags.get('default');
  const shape = {
    type: withMergeRules(readType(type, home), flags),
    pointer: flags.has('pointer'),
    omitEmpty: flags.has('omitempty'),
    omitZero: flags.has('omitzero'),
  };
  return {
    name,
    index,
    always: isAlwaysWritten(shape),
    ...(number === '-' ? {} : { number: Number(number) }),
    ...shape,
    required: flags.has('required'),
    nullable: flags.has('nullable'),
    ...(defaultText === undefined ? {} : { default: JSON.parse(defaultText) as unknown }),
    patchStrategies: flags.get('strategy')?.split(',') ?? [],
    ...(mergeKey === undefined ? {} : { patchMergeKey: mergeKey }),
    ...(gate === undefined ? {} : { gate }),
    discriminator: flags.has('discriminator'),
    ...(oneOf === undefined ? {} : { oneOf }),
    rules: words.filter((word) => word.startsWith('@')).map((word) => word.slice(1)),
  };
}

function flagsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** How the value merges stands at the field; it belongs to the type there. */
function withMergeRules(type: FieldType, flags: ReadonlyMap<string, string>): FieldType {
  const listType = flags.get('list');
  const mapType = flags.get('map');
  const structType = flags.get('struct');
  if (type.kind === 'list' && listType !== undefined) {
    return { ...type, listType, listMapKeys: flags.get('keys')?.split(',') ?? [] };
  }
  if (type.kind === 'map' && mapType !== undefined) return { ...type, mapType };
  if (type.kind === 'struct') {
    const own = structType ?? mapType;
    // A struct in a recursive type is not read yet: its getter must survive the copy.
    return own === undefined ? type : structOf(type.name, own);
  }
  return type;
}

function structOf(name: string, structType?: string): StructType {
  let known: Struct | undefined;
  return {
    kind: 'struct',
    name,
    get struct() {
      return (known ??= structNamed(name));
    },
    ...(structType === undefined ? {} : { structType }),
  };
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bool',
  'int32',
  'int64',
  'float64',
  'bytes',
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
  'FieldsV1',
  'raw',
  'any',
]);

function readType(text: string, home: string): FieldType {
  if (text.startsWith('[]')) {
    return { kind: 'list', element: readType(text.slice(2), home), listMapKeys: [] };
  }
  if (text.startsWith('{')) {
    const end = text.indexOf('}');
    const key = text.slice(1, end);
    const element = readType(text.slice(end + 1), home);
    return { kind: 'map', element, ...(key === '' ? {} : { keyName: fullName(key, home) }) };
  }
  if (scalars.has(text)) return { kind: 'scalar', scalar: text as Scalar };
  if (text === 'RawExtension') return { kind: 'scalar', scalar: 'raw', name: 'runtime.RawExtension' };
  return readNamed(fullName(text, home));
}

function readNamed(name: string): FieldType {
  const block = must(blockNamed(name), () => `the schema has no ${name}`);
  const { home } = split(name);
  const words = block.header.split(' ');
  if (words[1] === '=') {
    const flags = flagsOf(words.slice(3));
    const type = readType(words[2]!, home);
    if (type.kind === 'list') return { ...type, name, ...(flags.has('wrapped') ? { wrapped: true } : {}) };
    if (type.kind === 'map') return { ...type, name };
    assert(type.kind === 'scalar', () => `${name} names a struct`);
    const values = flags.get('values')?.split(',');
    return {
      ...type,
      name,
      ...(values === undefined ? {} : { values }),
      ...(flags.has('closed') ? { closed: true } : {}),
    };
  }
  const form = flagsOf(words).get('form');
  if (form === undefined) return structOf(name);
  // The object stands in the first field that is a struct.
  const row = must(block.rows.find((one) => one.trim().startsWith('Schema ')));
  const object = fullName(row.trim().split(' ')[2]!, home);
  return { kind: 'variant', name, form: form as VariantType['form'], object: structOf(object) };
}

function fullName(name: string, home: string): string {
  return name.includes('.') ? name : `${home}.${name}`;
}
