import type { FieldError } from '../field-error.ts';
import { mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { nameOf, sinceText } from './cells.ts';
import { define, textAt } from './define.ts';

/** What happened to whom. The server lets them expire. */
export const events: Resource = define('v1', 'events', {
  fields: {
    source: (event) => textAt(event, 'source.component') || textOf(event['reportingComponent']),
  },
  cells: eventCells,
  nameProblems: dnsSubdomainProblems,
  allowCreateOnUpdate: true,
  validate(event) {
    const namespace = textOf(mapOf(event['metadata'])['namespace']);
    const involved = textOf(mapOf(event['involvedObject'])['namespace']);
    const errors: FieldError[] = [];
    // Events about cluster-scoped objects live in the default namespace.
    const fits = involved === namespace || (involved === '' && namespace === 'default');
    if (!fits) {
      const detail = 'does not match event.namespace';
      errors.push({ type: 'Invalid', field: 'involvedObject.namespace', value: involved, detail });
    }
    return errors;
  },
});

function eventCells(event: JsonMap, nowMillis: number): readonly unknown[] {
  const involved = mapOf(event['involvedObject']);
  const source = mapOf(event['source']);
  const series = event['series'];
  const first = event['firstTimestamp'] ?? event['eventTime'];
  const last = event['lastTimestamp'] ?? mapOf(series)['lastObservedTime'] ?? first;
  const component = textOf(source['component']) || textOf(event['reportingComponent']);
  const host = textOf(source['host']) || textOf(event['reportingInstance']);
  const kind = textOf(involved['kind']).toLowerCase();
  const object = textOf(involved['name']);
  return [
    sinceText(last, nowMillis),
    textOf(event['type']),
    textOf(event['reason']),
    object === '' ? kind : `${kind}/${object}`,
    textOf(involved['fieldPath']),
    host === '' ? component : `${component}, ${host}`,
    textOf(event['message']).trim(),
    sinceText(first, nowMillis),
    Number(mapOf(series)['count'] ?? event['count'] ?? 1),
    nameOf(event),
  ];
}
