import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes src/api/schema/generated.ts from a description of the Kubernetes types:
 * `node dist/src/cli/schema-generator.js TYPES_JSON src/api/schema/generated.ts`.
 *
 * Only what the served kinds reach is kept. Named strings and lists are replaced by what they are, so the
 * result knows structs and built-in types only.
 */

interface SourceField {
  readonly n: string;
  readonly t: string;
  readonly p?: readonly [number, string, string];
  readonly o?: 1;
  readonly oz?: 1;
  readonly inl?: 1;
  readonly opt?: 1;
  readonly req?: 1;
  readonly ps?: string;
  readonly pk?: string;
  readonly lt?: string;
  readonly lk?: readonly string[];
  readonly mt?: string;
  readonly st?: string;
}

interface SourceType {
  readonly fields?: readonly SourceField[];
  readonly base?: string;
  readonly js?: string;
  readonly st?: string;
}

type Source = Readonly<Record<string, { readonly types: Readonly<Record<string, SourceType>> }>>;

/** The kinds that are read or written by name; everything they reach follows. */
const roots: readonly string[] = [
  ...[
    'Binding',
    'ConfigMap',
    'Event',
    'Namespace',
    'Node',
    'Pod',
    'ReplicationController',
    'Secret',
    'Service',
    'ServiceAccount',
  ].flatMap((kind) => (kind === 'Binding' ? [`v1.${kind}`] : [`v1.${kind}`, `v1.${kind}List`])),
  'autoscaling/v1.Scale',
  'coordination.k8s.io/v1.Lease',
  'coordination.k8s.io/v1.LeaseList',
  'discovery.k8s.io/v1.EndpointSlice',
  'discovery.k8s.io/v1.EndpointSliceList',
  'meta/v1.DeleteOptions',
  'meta/v1.Status',
];

const scalars = new Set(['string', 'bool', 'int', 'int32', 'int64', 'float64', 'bytes', 'any']);
const specials = new Set([
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
  'Duration',
  'FieldsV1',
  'RawExtension',
]);

function generate(source: Source): string {
  const typeOf = (name: string): SourceType | undefined => {
    const dot = name.lastIndexOf('.');
    return source[name.slice(0, dot)]?.types[name.slice(dot + 1)];
  };

  /** The type in terms of structs and built-ins, pointers dropped: `[]*Name` → `[]v1.Name`. */
  const resolve = (expression: string, home: string): string => {
    if (expression.startsWith('*')) return resolve(expression.slice(1), home);
    if (expression.startsWith('[]')) {
      return expression === '[]byte' ? 'bytes' : `[]${resolve(expression.slice(2), home)}`;
    }
    const map = /^map\[[^\]]+\](.*)$/.exec(expression);
    if (map !== null) return `{}${resolve(map[1]!, home)}`;
    if (scalars.has(expression)) return expression === 'int' ? 'int64' : expression;
    if (specials.has(expression)) return expression;
    const full = expression.includes('.') ? expression : `${home}.${expression}`;
    const short = full.slice(full.lastIndexOf('.') + 1);
    const type = typeOf(full);
    if (type === undefined) throw new Error(`${full} is not described`);
    if (type.js !== undefined && specials.has(short)) return short;
    if (type.base !== undefined) return resolve(type.base, full.slice(0, full.lastIndexOf('.')));
    return full;
  };

  const pending = [...roots];
  const lines = new Map<string, readonly string[]>();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (lines.has(name)) continue;
    const type = typeOf(name);
    if (type?.fields === undefined) throw new Error(`${name} is not a struct`);
    const home = name.slice(0, name.lastIndexOf('.'));
    const rows = type.fields.map((field) => {
      const resolved = resolve(field.t, home);
      const leaf = resolved.replace(/^(\[\]|\{\})+/, '');
      if (leaf.includes('.')) pending.push(leaf);
      const required =
        field.req === 1 || (field.o === undefined && field.oz === undefined && field.opt === undefined);
      return [
        field.n === '' ? '@inline' : field.n,
        String(field.p?.[0] ?? '-'),
        resolved,
        ...(field.t.startsWith('*') ? ['pointer'] : []),
        ...(field.o === 1 ? ['omitempty'] : []),
        ...(field.oz === 1 ? ['omitzero'] : []),
        ...(required && field.inl !== 1 ? ['required'] : []),
        ...(field.ps === undefined ? [] : [`strategy=${field.ps}`]),
        ...(field.pk === undefined ? [] : [`key=${field.pk}`]),
        ...(field.lt === undefined ? [] : [`list=${field.lt}`]),
        ...(field.lk === undefined ? [] : [`keys=${field.lk.join(',')}`]),
        ...(field.mt === undefined ? [] : [`map=${field.mt}`]),
        ...(field.st === undefined ? [] : [`struct=${field.st}`]),
      ].join(' ');
    });
    lines.set(name, [
      `${name}${type.st === undefined ? '' : ` struct=${type.st}`}`,
      ...rows.map((row) => `  ${row}`),
    ]);
  }
  const names = [...lines.keys()].toSorted();
  return `/**
 * The types of the served kinds, one block each: its name, then a line per field, in the order of JSON output:
 * name, protobuf number (- = not in protobuf), type ([] list, {} map), flags. Written by
 * \`node dist/src/cli/schema-generator.js TYPES_JSON src/api/schema/generated.ts\`; not by hand.
 * Derived from the Kubernetes API types, 1.36 (Apache-2.0).
 */
export const schemaText = \`
${names.flatMap((name) => lines.get(name)!).join('\n')}
\`;
`;
}

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  process.stderr.write('usage: schema-generator TYPES_JSON OUTPUT\n');
  process.exitCode = 2;
} else {
  writeFileSync(output, generate(JSON.parse(readFileSync(input, 'utf8')) as Source));
}
