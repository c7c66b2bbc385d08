import type { Container, ObjectMeta, Pod, PodSpec } from '../../src/api/types.ts';
import type { PodSandbox, RuntimeContainer } from '../../src/kubelet/runtime/runtime.ts';

/** A pod bound to node-1 with one container `main`, for tests to vary. */
export function podOf(
  options: {
    metadata?: Partial<ObjectMeta>;
    spec?: Partial<PodSpec>;
    container?: Partial<Container>;
    status?: Pod['status'];
  } = {},
): Pod {
  const { metadata, spec, container, status } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u1',
      resourceVersion: '1',
      creationTimestamp: '2026-11-23T00:00:00Z',
      ...metadata,
    },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'main', image: 'host', command: ['true'], ...container }],
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

export const sandbox: PodSandbox = {
  id: 's1',
  config: { namespace: 'default', name: 'web', uid: 'u1' },
  state: 'Ready',
  ip: '127.20.0.2',
  createdAtMillis: 0,
};

export function running(attempt = 0): RuntimeContainer {
  return { ...created(attempt), state: 'Running', startedAtMillis: 1_000 };
}

export function exited(exitCode: number, attempt = 0): RuntimeContainer {
  return {
    ...running(attempt),
    state: 'Exited',
    finishedAtMillis: 5_000,
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
  };
}

function created(attempt: number): RuntimeContainer {
  return {
    id: `c${attempt}`,
    sandboxId: 's1',
    name: 'main',
    attempt,
    image: 'host',
    imageRef: 'host',
    state: 'Created',
    createdAtMillis: 500,
  };
}
