import type { ApiObject, NewObject, ReplicationController, Scale } from '../api/types.ts';
import { compareStrings } from '../base/order.ts';

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;

/** autoscaling/v1 Scale of a replication controller. */
export function scaleOf(controller: ReplicationController): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = controller.metadata;
  const selector = Object.entries(controller.spec.selector ?? {})
    .toSorted((a, b) => compareStrings(a[0], b[0]))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: controller.spec.replicas === undefined ? {} : { replicas: controller.spec.replicas },
    status: { replicas: controller.status?.replicas ?? 0, ...(selector !== '' && { selector }) },
  };
}

/** The controller with the scale's replicas, and its resourceVersion and uid as preconditions. */
export function withScale(controller: ReplicationController, scale: NewObject<ApiObject>): ApiObject {
  const { spec, metadata } = scale as unknown as NewObject<Scale>;
  return {
    ...controller,
    metadata: {
      ...controller.metadata,
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    },
    // Absent is 0, as Go's decoder has it.
    spec: { ...controller.spec, replicas: spec?.replicas ?? 0 },
  } as ApiObject;
}
