import { decodeUtf8, encodeUtf8 } from '../src/base/bytes.ts';
import { decodeProtobuf, encodeProtobuf } from '../src/api/protobuf.ts';
import { canonicalize } from '../src/api/schema/canonical.ts';
import { decodeJson } from '../src/api/schema/walker.ts';

export const name = 'api';

/** A pod as a Deployment makes it and a kubelet reports it: two containers, probes, volumes, a whole status. */
const pod = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    name: 'web-7d4b9c6f5d-x2x8k',
    generateName: 'web-7d4b9c6f5d-',
    namespace: 'default',
    uid: '3f0f9f64-7e0f-4a3c-9a57-0c4a5a0f4a11',
    resourceVersion: '123456',
    creationTimestamp: '2026-11-25T12:00:00Z',
    labels: { app: 'web', 'pod-template-hash': '7d4b9c6f5d', tier: 'front' },
    annotations: { 'example.com/checksum': 'a3f5c0d9e8b7' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-7d4b9c6f5d',
        uid: '1c1f9f64-7e0f-4a3c-9a57-0c4a5a0f4a22',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: {
    volumes: [
      { name: 'config', configMap: { name: 'web-config', defaultMode: 420 } },
      { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
    ],
    containers: ['web', 'sidecar'].map((container) => ({
      name: container,
      image: `registry.example.com/team/${container}:1.14.2`,
      ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
      ],
      resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '64Mi' } },
      volumeMounts: [{ name: 'config', mountPath: '/etc/web', readOnly: true }],
      livenessProbe: {
        httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: 'IfNotPresent',
    })),
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    serviceAccount: 'default',
    nodeName: 'node-0042',
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: [
      {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      },
    ],
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  },
  status: {
    phase: 'Running',
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: '2026-11-25T12:00:05Z',
    })),
    hostIP: '10.0.0.42',
    podIP: '10.244.3.17',
    podIPs: [{ ip: '10.244.3.17' }],
    startTime: '2026-11-25T12:00:01Z',
    containerStatuses: ['sidecar', 'web'].map((container) => ({
      name: container,
      state: { running: { startedAt: '2026-11-25T12:00:04Z' } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: `registry.example.com/team/${container}:1.14.2`,
      imageID: `registry.example.com/team/${container}@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31`,
      containerID: 'containerd://5f2a9b1d',
      started: true,
    })),
    qosClass: 'Burstable',
  },
};

/** Keys in another order than the struct's: nothing of it can be taken as it is. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, shuffled(item)]),
  );
}

export function cases(): readonly { readonly name: string; readonly run: () => void }[] {
  const canonical = canonicalize(pod, 'v1.Pod');
  if (!canonical.ok) throw new Error(canonical.error);
  const object = canonical.value.value;
  const json = encodeUtf8(JSON.stringify(object));
  const shuffledJson = encodeUtf8(JSON.stringify(shuffled(object)));
  const protobuf = encodeProtobuf(object, 'v1.Pod');
  const of = (bytes: Uint8Array): string => `${bytes.length} bytes`;
  return [
    { name: `JSON.parse alone, ${of(json)}`, run: () => void JSON.parse(decodeUtf8(json)) },
    { name: `pod from JSON, strict, ${of(json)}`, run: () => void decodeJson(json, 'v1.Pod', 'Strict') },
    {
      name: 'pod from JSON in another order',
      run: () => void decodeJson(shuffledJson, 'v1.Pod', 'Strict'),
    },
    { name: 'pod to JSON', run: () => void encodeUtf8(JSON.stringify(object)) },
    { name: `pod from protobuf, ${of(protobuf)}`, run: () => void decodeProtobuf(protobuf, 'v1.Pod') },
    { name: 'pod to protobuf', run: () => void encodeProtobuf(object, 'v1.Pod') },
    { name: 'canonical form of a canonical pod', run: () => void canonicalize(object, 'v1.Pod') },
  ];
}
