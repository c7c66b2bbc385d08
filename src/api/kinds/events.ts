import type { FieldError } from '../field-error.ts';
import { mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { nameOf, sinceText } from './cells.ts';
import { define, textAt } from './define.ts';

/** What happened to whom. The server lets them expire. */
export const events: Resource = define({
  version: 'v1',
  resource: 'events',
  singular: 'event',
  kind: 'Event',
  namespaced: true,
  shortNames: ['ev'],
  columns: [
    ['Last Seen'],
    ['Type'],
    ['Reason'],
    ['Object'],
    ['Subobject', 'string', 1],
    ['Source', 'string', 1],
    ['Message'],
    ['First Seen', 'string', 1],
    ['Count', 'string', 1],
    ['Name', 'string', 1],
  ],
  cells: eventCells,
  fields: {
    'involvedObject.kind': 'involvedObject.kind',
    'involvedObject.namespace': 'involvedObject.namespace',
    'involvedObject.name': 'involvedObject.name',
    'involvedObject.uid': 'involvedObject.uid',
    'involvedObject.apiVersion': 'involvedObject.apiVersion',
    'involvedObject.resourceVersion': 'involvedObject.resourceVersion',
    'involvedObject.fieldPath': 'involvedObject.fieldPath',
    reason: 'reason',
    reportingComponent: 'reportingComponent',
    source: (event) => textAt(event, 'source.component') || textOf(event['reportingComponent']),
    type: 'type',
  },
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
