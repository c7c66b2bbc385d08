import type {
  Node,
  ObjectMeta,
  Pod,
  PodStatus,
  ReplicationController,
  Service,
} from '../../src/api/types.ts';

/** Objects as the server would hold them, with only what a test wants to say. */

export function meta(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name,
    namespace: 'default',
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-11-23T00:00:00Z',
    ...more,
  };
}

export interface PodWords {
  readonly node?: string;
  readonly phase?: NonNullable<PodStatus['phase']>;
  readonly ready?: boolean;
  readonly readySince?: string;
  readonly restarts?: number;
  readonly ip?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<Pod['spec']>;
}

export function pod(name: string, words: PodWords = {}): Pod {
  const { node, phase = 'Running', ready = false, restarts = 0, ip } = words;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(name, { labels: { app: 'web' }, ...words.metadata }),
    spec: {
      containers: [{ name: 'main', image: 'web', ports: [{ name: 'http', containerPort: 8080 }] }],
      ...(node === undefined ? {} : { nodeName: node }),
      ...words.spec,
    },
    status: {
      phase,
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          lastTransitionTime: words.readySince ?? '2026-11-23T00:00:00Z',
        },
      ],
      containerStatuses: [{ name: 'main', ready, restartCount: restarts, image: 'web', imageID: '' }],
      ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
    },
  };
}

export function replicationController(
  replicas: number,
  more: Partial<ReplicationController> = {},
): ReplicationController {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: meta('web', { generation: 1 }),
    spec: {
      replicas,
      selector: { app: 'web' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'main', image: 'web', ports: [{ name: 'http', containerPort: 8080 }] }],
        },
      },
    },
    ...more,
  };
}

export const ownedByWeb: Partial<ObjectMeta> = {
  ownerReferences: [
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      name: 'web',
      uid: 'uid-of-web',
      controller: true,
      blockOwnerDeletion: true,
    },
  ],
};

export function node(
  name: string,
  ready: 'True' | 'False' | 'Unknown' = 'True',
  more: Partial<Node> = {},
): Node {
  const { namespace: _, ...metadata } = meta(name);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: {},
    status: { conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: '2026-11-23T00:00:00Z' }] },
    ...more,
  };
}

export function service(more: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('web'),
    spec: {
      clusterIP: '10.96.0.10',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 'http' }],
      ...more,
    },
  };
}
