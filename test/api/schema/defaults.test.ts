import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { canonicalize } from '../../../src/api/schema/canonical.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import { allStructs, structNamed } from '../../../src/api/schema/library.ts';
import { arbitraryObject } from './arbitrary-object.ts';

it('fills in what is declared, at any depth, in the order of the struct', () => {
  const service = { spec: { clusterIP: 'None', ports: [{ port: 80 }, { port: 81, protocol: 'UDP' }] } };
  expect(JSON.stringify(withDefaults(service, structNamed('v1.Service')))).toBe(
    '{"spec":{"ports":[{"protocol":"TCP","port":80},{"port":81,"protocol":"UDP"}],"clusterIP":"None"}}',
  );
});

it('leaves alone what lacks nothing, and what cannot be defaulted', () => {
  const pod = structNamed('v1.Pod');
  const whole = { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, protocol: 'UDP' }] }] } };
  expect(withDefaults(whole, pod)).toBe(whole);
  const wrong = { spec: { containers: 'none', volumes: [3, null] } };
  expect(withDefaults(wrong, pod)).toBe(wrong);
  // The zero value is what Go has already: it stays out of JSON.
  expect(withDefaults({ spec: {} }, structNamed('autoscaling/v1.Scale'))).toEqual({ spec: {} });
});

it('is idempotent, keeps what was said, and keeps canonical objects canonical', () => {
  const structs = allStructs().filter((struct) =>
    /v1\.(Pod|Service|Replication|Persistent)/.test(struct.name),
  );
  fc.assert(
    fc.property(
      fc
        .constantFrom(...structs)
        .chain((struct) => arbitraryObject(struct).map((object) => ({ struct, object }))),
      ({ struct, object }) => {
        const canonical = canonicalize(object, struct);
        if (!canonical.ok) throw new Error(canonical.error);
        const once = withDefaults(canonical.value.value, struct);
        expect(withDefaults(once, struct)).toBe(once);
        expect(once).toMatchObject(canonical.value.value);
        const again = canonicalize(once, struct);
        expect(again.ok && again.value.value).toBe(once);
      },
    ),
    { numRuns: 300 },
  );
});
