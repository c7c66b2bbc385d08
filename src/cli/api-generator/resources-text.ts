import type { Source, SourceColumn } from './source.ts';

/**
 * The resources that a default server serves, as text: a block each, in the order of discovery.
 *
 *   v1 pods pod Pod namespaced /registry/pods
 *     verbs create,delete,…
 *     short po
 *     categories all
 *     sub eviction policy/v1 Eviction create
 *     column Restarts string 1
 *     field spec.nodeName
 *
 * The first line: group-version, plural, singular, kind, scope, key prefix (- = not stored).
 */
export function resourcesText(source: Source): string {
  return source.resources.items
    .flatMap((one) => {
      const kind = `${one.gv}/${one.kind}`;
      const scope = one.namespaced ? 'namespaced' : 'cluster';
      const prefix = one.etcd === undefined ? '-' : one.etcd.replace(/\/$/, '');
      const columns = source.columns.items.find((item) => item.kind === kind)?.columns ?? [];
      const fields = source.fieldSelectors.items.find((item) => item.kind === kind)?.fields ?? [];
      return [
        `${one.gv} ${one.resource} ${one.singular} ${one.kind} ${scope} ${prefix}`,
        `  verbs ${one.verbs.join(',')}`,
        ...(one.shortNames === undefined ? [] : [`  short ${one.shortNames.join(',')}`]),
        ...(one.categories === undefined ? [] : [`  categories ${one.categories.join(',')}`]),
        ...Object.entries(one.sub ?? {}).map(
          ([name, sub]) => `  sub ${name} ${sub.gv ?? one.gv} ${sub.kind} ${sub.verbs.join(',')}`,
        ),
        ...columns.map((column) => `  ${columnRow(column)}`),
        ...fields.map((field) => `  field ${field}`),
      ];
    })
    .join('\n');
}

/** The name may hold spaces: it comes last. A type that was not seen is left open. */
function columnRow([name, type, priority]: SourceColumn): string {
  return `column ${priority} ${type ?? '-'} ${name}`;
}
