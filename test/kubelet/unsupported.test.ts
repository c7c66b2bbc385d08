import { expect, it } from 'vitest';

import type { Container, PodSpec } from '../../src/api/types.ts';
import { unsupportedBy } from '../../src/kubelet/unsupported.ts';
import { podOf } from './objects.ts';

it.each([
  [{}, {}, undefined],
  [{ volumes: [], hostNetwork: false, initContainers: null }, { envFrom: [] }, undefined],
  [{ volumes: [{ name: 'v' }] }, {}, 'this kubelet does not support volumes'],
  [{ hostNetwork: true }, {}, 'this kubelet does not support hostNetwork'],
  [{ activeDeadlineSeconds: 5 }, {}, 'this kubelet does not support activeDeadlineSeconds'],
  [
    { volumes: [{ name: 'v' }] },
    { volumeMounts: [{ name: 'v' }], startupProbe: {} },
    'this kubelet does not support volumes, volumeMounts, startupProbe',
  ],
])('%j with %j: %s', (spec, container, expected) => {
  // Fields that the types leave out come from the API all the same.
  const main = { name: 'main', image: 'host', ...container } as Container;
  expect(unsupportedBy(podOf({ spec: { containers: [main], ...spec } as Partial<PodSpec> }))).toBe(expected);
});
