import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../../src/base/bytes.ts';
import { allStructs, structNamed } from '../../../src/api/schema/library.ts';
import { canonicalize } from '../../../src/api/schema/canonical.ts';
import { decodeJson } from '../../../src/api/schema/walker.ts';
import { arbitraryObject } from './arbitrary-object.ts';

const kinds = allStructs().filter((struct) => struct.byName.has('kind') && struct.byName.has('metadata'));

function strict(text: string, type: string): string {
  const decoded = decodeJson(encodeUtf8(text), type, 'Strict');
  return decoded.ok ? JSON.stringify(decoded.value.object) : decoded.error.message;
}

describe('a JSON body of any kind', () => {
  it('of any values whatever is read or refused, never more', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...kinds)
          .chain((struct) =>
            fc.tuple(
              fc.constant(struct),
              fc.dictionary(fc.constantFrom(...struct.byName.keys(), '__proto__'), fc.jsonValue()),
            ),
          ),
        ([struct, object]) => {
          const decoded = decodeJson(encodeUtf8(JSON.stringify(object)), struct.name, 'Warn');
          if (!decoded.ok) expect(decoded.error.status.code).toBe(400);
          else expect(canonicalize(decoded.value.object, struct).ok).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of broken text is read or refused', () => {
    const pods = arbitraryObject(structNamed('v1.Pod')).map((object) => JSON.stringify(object));
    fc.assert(
      fc.property(pods, fc.nat(), fc.string({ maxLength: 3 }), (text, seed, inserted) => {
        const at = seed % (text.length + 1);
        const broken = text.slice(0, at) + inserted + text.slice(at + (seed % 3));
        const decoded = decodeJson(encodeUtf8(broken), 'v1.Pod', 'Strict');
        if (!decoded.ok) expect(decoded.error.status.code).toBe(400);
      }),
      { numRuns: 1000 },
    );
  });

  it('says which fields came twice and which there are not, wherever they are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.stringMatching(/^zz[a-z]{1,6}$/), (struct, name) => {
        expect(strict(`{"metadata":{"${name}":1}}`, struct.name)).toContain(
          `strict decoding error: unknown field "metadata.${name}"`,
        );
        expect(strict('{"metadata":{},"metadata":{}}', struct.name)).toContain(
          'strict decoding error: duplicate field "metadata"',
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [
      'v1.Pod',
      '{"spec":{"restartPolicy":1}}',
      'Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      'v1.Pod',
      '{"spec":{"containers":{}}}',
      'cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      'v1.ResourceQuota',
      '{"spec":{"hard":[]}}',
      'cannot unmarshal array into Go struct field ResourceQuotaSpec.spec.hard of type v1.ResourceList',
    ],
    [
      'coordination.k8s.io/v1.Lease',
      '{"spec":{"renewTime":"2026-01-01T00:00:00Z"}}',
      'cannot parse "Z" as ".000000"',
    ],
    [
      'v1.Pod',
      '{"metadata":{"creationTimestamp":"2026-02-30T00:00:00Z"}}',
      'parsing time "2026-02-30T00:00:00Z": day out of range',
    ],
    ['v1.Pod', '{"metadata":{"creationTimestamp":"yesterday"}}', 'cannot parse "yesterday" as "2006"'],
    ['v1.Pod', '{"metadata":{"creationTimestamp":"2026-13-01T00:00:00Z"}}', 'month out of range'],
  ])('%s %s: %s', (type, text, sentence) => {
    expect(strict(text, type)).toContain(sentence);
  });
});
