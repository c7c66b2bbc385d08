import type { Pod } from '../api/types.ts';

/** Parts of a pod that change what it does, and that this kubelet cannot give it yet. */
const unsupportedOfPod = [
  'initContainers',
  'volumes',
  'activeDeadlineSeconds',
  'hostNetwork',
  'readinessGates',
] as const;
const unsupportedOfContainer = ['envFrom', 'volumeMounts', 'lifecycle', 'startupProbe'] as const;

/**
 * Names what the pod asks for and would not get, or undefined. Running it without would be a lie, so such a
 * pod waits with CreateContainerConfigError.
 */
export function unsupportedBy(pod: Pod): string | undefined {
  const asked = [
    ...asksFor(pod.spec, unsupportedOfPod),
    ...pod.spec.containers.flatMap((container) => asksFor(container, unsupportedOfContainer)),
  ];
  return asked.length === 0 ? undefined : `this kubelet does not support ${[...new Set(asked)].join(', ')}`;
}

function asksFor(holder: object, names: readonly string[]): string[] {
  const fields = holder as Readonly<Record<string, unknown>>;
  return names.filter((name) => {
    const value = fields[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== false;
  });
}
