import { must } from '../../base/assert.ts';
import type { Column, Resource, Subresource, Verb } from '../resource.ts';
import { text } from './generated/resources.ts';

/** What Kubernetes says of a resource, before anything here serves it. */
export interface ResourceFacts extends Pick<
  Resource,
  | 'group'
  | 'version'
  | 'resource'
  | 'singular'
  | 'kind'
  | 'namespaced'
  | 'verbs'
  | 'shortNames'
  | 'categories'
  | 'columns'
  | 'selectableFields'
> {
  /** Undefined for what is never stored: reviews, bindings. */
  readonly storagePrefix: string | undefined;
  /** All that a default server has, by name. */
  readonly subresources: readonly Subresource[];
}

/** The facts of `pods` in `v1`, of `deployments` in `apps/v1`. @throws AssertionError when there are none */
export function resourceFacts(groupVersion: string, resource: string): ResourceFacts {
  const block = must(blocks().get(`${groupVersion} ${resource}`), () => `no ${resource} in ${groupVersion}`);
  return readBlock(block);
}

/** Every resource that a default server serves: group-version and plural. */
export function allResourceFacts(): readonly ResourceFacts[] {
  return [...blocks().values()].map(readBlock);
}

let known: ReadonlyMap<string, readonly string[]> | undefined;

/** The lines of each resource by group-version and plural. */
function blocks(): ReadonlyMap<string, readonly string[]> {
  known ??= new Map(
    text
      .trim()
      .split(/\n(?! )/)
      .map((block) => {
        const [groupVersion, resource] = block.split(' ', 2);
        return [`${groupVersion} ${resource}`, block.split('\n')];
      }),
  );
  return known;
}

/** A table of what has no columns of its own. */
const fallbackColumns: readonly Column[] = [column('Name', 'string', 0), column('Created At', 'date', 0)];

function readBlock([header = '', ...lines]: readonly string[]): ResourceFacts {
  const [groupVersion = '', resource = '', singular = '', kind = '', scope, prefix = '-'] = header.split(' ');
  const rows = lines.map((line) => line.trim().split(' '));
  const of = (word: string): readonly (readonly string[])[] =>
    rows.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const list = (word: string): readonly string[] => of(word)[0]?.[0]?.split(',') ?? [];
  const columns = of('column').map(([priority, type, ...name]) =>
    column(name.join(' '), type === '-' ? 'string' : (type as Column['type']), Number(priority)),
  );
  return {
    ...splitGroupVersion(groupVersion),
    resource,
    singular,
    kind,
    namespaced: scope === 'namespaced',
    verbs: list('verbs') as readonly Verb[],
    shortNames: list('short'),
    categories: list('categories'),
    storagePrefix: prefix === '-' ? undefined : prefix,
    subresources: of('sub').map(([name = '', subGroupVersion = '', subKind = '', verbs = '']) => ({
      name,
      kind: subKind,
      ...splitGroupVersion(subGroupVersion),
      verbs: verbs.split(',') as readonly Verb[],
    })),
    columns: columns.length === 0 ? fallbackColumns : columns,
    selectableFields: of('field').map(([field = '']) => field),
  };
}

/** 'apps/v1' → apps, v1; 'v1' → '', v1. */
export function splitGroupVersion(groupVersion: string): {
  readonly group: string;
  readonly version: string;
} {
  const slash = groupVersion.indexOf('/');
  return { group: groupVersion.slice(0, Math.max(slash, 0)), version: groupVersion.slice(slash + 1) };
}

function column(name: string, type: Column['type'], priority: number): Column {
  return { name, type, format: name === 'Name' ? 'name' : '', description: '', priority };
}
