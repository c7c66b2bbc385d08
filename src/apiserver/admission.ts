import type { Resource } from '../api/resource.ts';
import type { ApiObject, Pod, Toleration } from '../api/types.ts';

/** Changes a new object before it is validated (kube-apiserver's mutating admission plugins). Pure. */
interface AdmissionPlugin {
  readonly name: string;
  /** `group/resource`; the core group is ''. */
  readonly resource: string;
  admit(object: ApiObject): ApiObject;
}

const toleratedSeconds = 300;

/**
 * A pod stays for five minutes on a node that is not ready or not reachable, unless it says otherwise: what
 * controllers do with those taints is thereby written on the pod (plugin DefaultTolerationSeconds).
 */
const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  resource: '/pods',
  admit(object) {
    const pod = object as Pod;
    const tolerations = pod.spec.tolerations ?? [];
    const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
      .filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)))
      .map((key): Toleration => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: toleratedSeconds,
      }));
    if (missing.length === 0) return pod;
    return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...missing] } } as Pod;
  },
};

function tolerates({ key = '', effect }: Toleration, taint: string): boolean {
  return (key === '' || key === taint) && (effect === undefined || effect === 'NoExecute');
}

/** Every plugin, in the order in which they are asked. */
const plugins: readonly AdmissionPlugin[] = [defaultTolerationSeconds];

/** What the plugins make of a new object of `resource`. */
export function admitNew({ group, resource }: Resource, object: ApiObject): ApiObject {
  return plugins
    .filter((plugin) => plugin.resource === `${group}/${resource}`)
    .reduce((admitted, plugin) => plugin.admit(admitted), object);
}
