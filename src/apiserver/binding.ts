import { conflict, success, unclassified } from '../api/errors.ts';
import type { Status } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { ApiObject, Binding, Condition, NewObject, Pod } from '../api/types.ts';
import type { Registry, WriteOptions } from './registry.ts';

/** What refusals name: the subresource, not the pod. */
const binding = { group: '', resource: 'pods/binding' } as const;

/**
 * POST pods/NAME/binding: gives the pod to a node, once. The answer to a race between schedulers: the
 * second one gets a Conflict, whoever it is. @throws ApiError
 */
export async function bindPod(
  pods: Registry,
  namespace: string | undefined,
  name: string,
  body: NewObject<ApiObject>,
  nowMillis: number,
  options: WriteOptions,
): Promise<Status> {
  const { target, metadata } = body as unknown as Binding;
  if (target === undefined || (target.kind !== undefined && target.kind !== '' && target.kind !== 'Node')) {
    throw unclassified(
      `target.kind: Unsupported value: "${target?.kind ?? ''}": supported values: "Node", "<empty>"`,
    );
  }
  if (typeof target.name !== 'string' || target.name === '')
    throw unclassified('target.name: Required value');
  await pods.update(
    namespace,
    name,
    (current) => {
      const pod = current as Pod;
      if (pod.metadata.deletionTimestamp !== undefined) {
        throw conflict(binding, name, `pod ${name} is being deleted, cannot be assigned to a host`);
      }
      if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '') {
        const why = `pod ${name} is already assigned to node "${pod.spec.nodeName}"`;
        throw conflict(binding, name, why);
      }
      return bound(pod, target.name, metadata, nowMillis);
    },
    { ...options, scope: 'raw' },
  );
  return success(undefined, 201);
}

function bound(pod: Pod, nodeName: string, given: Partial<Pod['metadata']>, nowMillis: number): Pod {
  const scheduled: Condition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: formatTime(nowMillis),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const { annotations, uid, resourceVersion } = given;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      // A binding may name the very pod it means; `update` refuses another one.
      ...(uid !== undefined && uid !== '' && { uid }),
      ...(resourceVersion !== undefined && resourceVersion !== '' && { resourceVersion }),
      ...(annotations !== undefined && { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, conditions: [...others, scheduled] },
  };
}
