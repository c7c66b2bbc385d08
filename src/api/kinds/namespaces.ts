import { mapOf, textOf } from '../json.ts';
import { dnsLabelProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { define, withParts } from './define.ts';

/** Namespaces go in two steps: DELETE marks them Terminating, and `finalize` lets go of the emptied ones. */
export const namespaces: Resource = define('v1', 'namespaces', {
  subresources: ['finalize', 'status'],
  cells: (object, nowMillis) => [
    nameOf(object),
    textOf(mapOf(object['status'])['phase']),
    ageOf(object, nowMillis),
  ],
  nameProblems: dnsLabelProblems,
  defaults(object) {
    const metadata = mapOf(object['metadata']);
    const spec = mapOf(object['spec']);
    const name = textOf(metadata['name']);
    return withParts(object, {
      // The label lets selectors name namespaces.
      metadata:
        name === ''
          ? metadata
          : { ...metadata, labels: { ...mapOf(metadata['labels']), 'kubernetes.io/metadata.name': name } },
      spec: spec['finalizers'] === undefined ? { ...spec, finalizers: ['kubernetes'] } : spec,
    });
  },
  newStatus: () => ({ phase: 'Active' }),
  // spec.finalizers changes through the finalize subresource only.
  prepareForUpdate: (object, old) => withParts(object, { spec: old['spec'] }),
});
