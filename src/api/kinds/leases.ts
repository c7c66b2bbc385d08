import type { FieldError } from '../field-error.ts';
import { mapOf, textOf } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { define } from './define.ts';
import { notNegative } from './pod-validation.ts';

/** Who holds an office, and until when: leader election and node heartbeats. */
export const leases: Resource = define('coordination.k8s.io/v1', 'leases', {
  cells: (object, nowMillis) => [
    nameOf(object),
    textOf(mapOf(object['spec'])['holderIdentity']),
    ageOf(object, nowMillis),
  ],
  nameProblems: dnsSubdomainProblems,
  allowCreateOnUpdate: true,
  // A holder that has not read the lease may not write it.
  allowUnconditionalUpdate: false,
  validate(object) {
    const spec = mapOf(object['spec']);
    const errors: FieldError[] = [];
    const duration = spec['leaseDurationSeconds'];
    if (duration !== undefined && Number(duration) <= 0) {
      const detail = 'must be greater than 0';
      errors.push({ type: 'Invalid', field: 'spec.leaseDurationSeconds', value: duration, detail });
    }
    return [...errors, ...notNegative(spec['leaseTransitions'], 'spec.leaseTransitions')];
  },
});
