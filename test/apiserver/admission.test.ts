import { describe, expect, it } from 'vitest';

import { findResource, builtinResources } from '../../src/api/resources.ts';
import type { Pod, Toleration } from '../../src/api/types.ts';
import { admitNew } from '../../src/apiserver/admission.ts';
import { must } from '../../src/base/assert.ts';

const pods = must(findResource(builtinResources, '', 'v1', 'pods'));

function admitted(tolerations?: readonly Toleration[]): readonly Toleration[] | undefined {
  const pod = {
    spec: { containers: [], ...(tolerations === undefined ? {} : { tolerations }) },
  } as unknown as Pod;
  return (admitNew(pods, pod) as Pod).spec.tolerations;
}

const fiveMinutes = (key: string): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
});
const notReady = fiveMinutes('node.kubernetes.io/not-ready');
const unreachable = fiveMinutes('node.kubernetes.io/unreachable');

describe('DefaultTolerationSeconds', () => {
  it('lets a pod stay for five minutes on a node that is not ready or not reachable', () => {
    expect(admitted()).toEqual([notReady, unreachable]);
  });

  it('adds to what the pod says, and only what it does not say itself', () => {
    const own: Toleration = {
      key: notReady.key!,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 7,
    };
    expect(admitted([own])).toEqual([own, unreachable]);
    const other: Toleration = { key: notReady.key!, operator: 'Exists', effect: 'NoSchedule' };
    expect(admitted([other])).toEqual([other, notReady, unreachable]);
  });

  it('leaves a pod alone that tolerates everything', () => {
    const all: Toleration = { operator: 'Exists' };
    expect(admitted([all])).toEqual([all]);
  });
});
