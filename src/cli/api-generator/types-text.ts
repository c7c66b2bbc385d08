import type { Source, SourceField, SourceType } from './source.ts';

/**
 * The types of one group-version as schema text: a block per type, sorted by name.
 *
 *   Pod struct=atomic              a struct; its fields follow, indented, in the order of JSON output
 *     @inline 2 VolumeSource       an inlined struct, with its protobuf number
 *     name 1 string flag flag      name, protobuf number (- = not in protobuf), type, flags
 *   DNSPolicy = string closed values=Default,None
 *   Verbs = []string wrapped       a named list, map or string; wrapped = a message of its own in protobuf
 *   JSON = raw                     a type with a JSON form of its own
 *   JSONSchemaPropsOrBool form=object|bool
 *
 * Types: [] list, {} map ({K} where the key type has a name), names of the same group-version bare, others in full.
 */
export function typesText(source: Source, groupVersion: string): string {
  const types = source.types[groupVersion]?.types ?? {};
  return Object.keys(types)
    .toSorted()
    .filter((name) => !builtins.has(name))
    .flatMap((name) => blockOf(source, groupVersion, name, types[name]!))
    .join('\n');
}

/** Types that the schema language itself has; they are named without their group. */
const builtins: ReadonlySet<string> = new Set([
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
  'Duration',
  'FieldsV1',
  'RawExtension',
]);

function blockOf(source: Source, groupVersion: string, name: string, type: SourceType): readonly string[] {
  if (type.js === 'raw') return [`${name} = raw`];
  if (type.base !== undefined) {
    const values = type.enum === undefined ? '' : ` values=${type.enum.join(',')}`;
    return [
      `${name} = ${typeExpression(type.base)}${type.pm === 1 ? ' wrapped' : ''}${
        type.closed === true ? ' closed' : ''
      }${values}`,
    ];
  }
  const form = type.js === undefined ? '' : ` form=${type.js}`;
  const structType = type.st === undefined ? '' : ` struct=${type.st}`;
  const rows = fieldsOf(groupVersion, name, type).map((field) => `  ${rowOf(source, groupVersion, field)}`);
  return [`${name}${form}${structType}`, ...rows];
}

function rowOf(source: Source, groupVersion: string, field: SourceField): string {
  const isInline = field.inl === 1;
  const required = field.req === 1 || (field.o !== 1 && field.oz !== 1 && field.opt !== 1);
  return [
    isInline ? '@inline' : field.n,
    String(field.p?.[0] ?? '-'),
    typeExpression(field.t),
    ...(field.t.startsWith('*') ? ['pointer'] : []),
    ...(field.o === 1 ? ['omitempty'] : []),
    ...(field.oz === 1 ? ['omitzero'] : []),
    ...(required && !isInline ? ['required'] : []),
    ...(field.nul === 1 ? ['nullable'] : []),
    ...flag('default', field.def === undefined ? undefined : defaultOf(source, groupVersion, field)),
    ...flag('strategy', field.ps),
    ...flag('key', field.pk),
    ...flag('list', field.lt),
    ...flag('keys', field.lk?.join(',')),
    ...flag('map', field.mt),
    ...flag('struct', field.st),
    ...flag('gate', field.fg),
    ...(field.ud === 1 ? ['discriminator'] : []),
    ...flag('oneof', field.un === undefined ? undefined : String(field.un)),
    ...rulesOf(field).map((rule) => `@${rule}`),
  ].join(' ');
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}

/** Pointers are a flag of the field: `[]*Name` → `[]Name`. */
function typeExpression(expression: string): string {
  if (expression.startsWith('*')) return typeExpression(expression.slice(1));
  if (expression.startsWith('[]')) return `[]${typeExpression(expression.slice(2))}`;
  const map = /^map\[([^\]]+)\](.*)$/.exec(expression);
  if (map !== null) return `{${map[1] === 'string' ? '' : map[1]}}${typeExpression(map[2]!)}`;
  if (expression === 'int') return 'int64';
  const short = expression.slice(expression.lastIndexOf('.') + 1);
  return builtins.has(short) ? short : expression;
}

/** As JSON without spaces. A constant is given by its name, which ends in the value it stands for. */
function defaultOf(source: Source, groupVersion: string, field: SourceField): string {
  const constant = /^ref\((\w+)\)$/.exec(String(field.def))?.[1];
  if (constant === undefined) return JSON.stringify(field.def);
  const name = field.t.replace(/^\*/, '');
  const dot = name.lastIndexOf('.');
  const home = dot < 0 ? groupVersion : name.slice(0, dot);
  const values = source.types[home]?.types[name.slice(dot + 1)]?.enum ?? [];
  const [value] = values.filter((one) => constant.includes(one)).toSorted((a, b) => b.length - a.length);
  if (value === undefined) throw new Error(`the default ${constant} of ${field.n} is not a known value`);
  return JSON.stringify(value);
}

/** Declarative validation: `immutable`, `maxItems=32`, `subfield(name)=optional`. What other flags say is left out. */
function rulesOf(field: SourceField): readonly string[] {
  return (field.v ?? [])
    .filter((rule) => rule.includes('+k8s:'))
    .map((rule) =>
      rule
        .replace(/^\w+\(since: "[^"]*"\)=/, '')
        .replaceAll('+k8s:', '')
        .replaceAll(/[ "]/g, ''),
    )
    .filter((rule) => !['required', 'optional', 'discriminator'].includes(rule))
    .filter((rule) => !/^listType=|^listMapKey=/.test(rule))
    .toSorted();
}

/**
 * The aggregator's own types are known from its published documents only, which tell neither protobuf numbers nor
 * the order of the structs: both stand here, as its generated.proto has them.
 */
const aggregator: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  APIService: { metadata: 1, spec: 2, status: 3 },
  APIServiceCondition: { type: 1, status: 2, lastTransitionTime: 3, reason: 4, message: 5 },
  APIServiceList: { metadata: 1, items: 2 },
  APIServiceSpec: {
    service: 1,
    group: 2,
    version: 3,
    insecureSkipTLSVerify: 4,
    caBundle: 5,
    groupPriorityMinimum: 7,
    versionPriority: 8,
  },
  APIServiceStatus: { conditions: 1 },
  ServiceReference: { namespace: 1, name: 2, port: 3 },
};

function fieldsOf(groupVersion: string, name: string, type: SourceType): readonly SourceField[] {
  const fields = type.fields ?? [];
  const numbers = groupVersion === 'apiregistration.k8s.io/v1' ? aggregator[name] : undefined;
  if (numbers === undefined) return fields;
  const numberOf = (field: SourceField): number => numbers[field.n] ?? 0;
  return fields
    .map((field): SourceField => {
      const number = numberOf(field);
      return number === 0 ? field : { ...field, p: [number, 'bytes', 'opt'] };
    })
    .toSorted((a, b) => numberOf(a) - numberOf(b));
}
