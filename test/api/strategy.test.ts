import { describe, expect, it } from 'vitest';

import { namespaces } from '../../src/api/kinds/namespaces.ts';
import { nodes } from '../../src/api/kinds/nodes.ts';
import { pods, qosClassOf } from '../../src/api/kinds/pods.ts';
import { replicationControllers } from '../../src/api/kinds/replicationcontrollers.ts';
import { secrets } from '../../src/api/kinds/secrets.ts';
import { services } from '../../src/api/kinds/services.ts';
import { configMaps } from '../../src/api/kinds/configmaps.ts';
import { fieldErrorText } from '../../src/api/field-error.ts';
import type { Resource } from '../../src/api/resource.ts';
import { storageKey } from '../../src/api/resource.ts';
import { builtinResources } from '../../src/api/resources.ts';
import type { ApiObject, Pod, ReplicationController, Service } from '../../src/api/types.ts';
import { describeRecorded, recordedJson } from './recorded.ts';

function make<T extends ApiObject>(resource: Resource, object: object): T {
  const { strategy } = resource;
  const namespace = resource.namespaced ? { namespace: 'default' } : {};
  const base = {
    apiVersion: 'v1',
    kind: resource.kind,
    metadata: { name: 'x', ...namespace, uid: 'u' },
    ...object,
  };
  return strategy.prepareForCreate(strategy.applyDefaults(base as unknown as ApiObject), {
    nowMillis: 0,
  }) as T;
}

function update(resource: Resource, old: ApiObject, change: object): ApiObject {
  const { strategy } = resource;
  return strategy.prepareForUpdate(strategy.applyDefaults({ ...old, ...change } as ApiObject), old);
}

const onePod = { spec: { containers: [{ name: 'c', image: 'app:1' }] } };

describe('every kind', () => {
  it('is made with what Kubernetes adds', () => {
    expect(make(pods, onePod)).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'x', namespace: 'default', uid: 'u', generation: 1 },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'app:1',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        enableServiceLinks: true,
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    });
  });

  it('has its key in the store', () => {
    expect(storageKey(pods, 'default', 'web')).toBe('/registry/pods/default/web');
    expect(storageKey(nodes, '', 'n1')).toBe('/registry/minions/n1');
    expect(storageKey(services, 'default', 'web')).toBe('/registry/services/specs/default/web');
  });
});

describeRecorded('objects of a real cluster', () => {
  for (const name of ['events', 'namespaces', 'nodes', 'pods', 'services']) {
    it(`${name} are complete, valid and stay as they are`, () => {
      const resource = builtinResources.find((one) => one.resource === name)!;
      const { items } = recordedJson(`recorded/golden/list-api-v1-${name}.json`) as { items: ApiObject[] };
      for (const item of items) {
        const object: ApiObject = { ...item, kind: resource.kind, apiVersion: 'v1' };
        const { strategy } = resource;
        expect(strategy.applyDefaults(object)).toEqual(object);
        expect(strategy.prepareForUpdate(object, object)).toEqual(object);
        expect(strategy.validateUpdate(object, object).map(fieldErrorText)).toEqual([]);
      }
    });
  }
});

describe('generation and status', () => {
  it('a spec update counts, keeps the status, and a label update does not count', () => {
    const old = make<Pod>(pods, onePod);
    const running = { ...old, status: { phase: 'Running' as const } };
    const changed = update(pods, running, {
      spec: { ...old.spec, activeDeadlineSeconds: 10 },
      status: {},
    }) as Pod;
    expect(changed.metadata.generation).toBe(2);
    expect(changed.status).toEqual({ phase: 'Running' });
    expect(pods.strategy.validateUpdate(changed, running)).toEqual([]);
    const labelled = update(pods, running, { metadata: { ...old.metadata, labels: { a: 'b' } } });
    expect(labelled.metadata).toMatchObject({ generation: 1, labels: { a: 'b' } });
  });

  it('a status update keeps the spec, the owners and the QoS class', () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'o' };
    const old = make<Pod>(pods, {
      ...onePod,
      metadata: { name: 'x', namespace: 'default', ownerReferences: [owner] },
    });
    const sent = {
      ...old,
      metadata: { ...old.metadata, ownerReferences: [] },
      spec: { containers: [] },
      status: { phase: 'Running' },
    };
    const stored = pods.strategy.prepareForStatusUpdate!(sent as unknown as ApiObject, old) as Pod;
    expect(stored.spec).toEqual(old.spec);
    expect(stored.metadata.ownerReferences).toEqual([owner]);
    expect(stored.status).toEqual({ phase: 'Running', qosClass: 'BestEffort' });
  });

  it("a pod's spec may hardly change", () => {
    const old = make<Pod>(pods, onePod);
    const changed = update(pods, old, { spec: { ...old.spec, dnsPolicy: 'Default' } });
    expect(pods.strategy.validateUpdate(changed, old)).toMatchObject([{ type: 'Forbidden', field: 'spec' }]);
  });
});

describe('pods', () => {
  it('linger only while a kubelet must stop them', () => {
    const pod = make<Pod>(pods, onePod);
    const grace = (object: ApiObject, seconds?: number): number =>
      pods.strategy.gracefulDeletion!(object, seconds);
    const assigned = { ...pod, spec: { ...pod.spec, nodeName: 'n1' } };
    expect(grace(pod)).toBe(0);
    expect(grace(assigned)).toBe(30);
    expect(grace(assigned, 3)).toBe(3);
    expect(grace(assigned, -1)).toBe(1);
    expect(grace({ ...assigned, status: { phase: 'Failed' } } as Pod)).toBe(0);
    expect(grace({ ...assigned, spec: { ...assigned.spec, terminationGracePeriodSeconds: 0 } } as Pod)).toBe(
      0,
    );
  });

  it.each([
    ['BestEffort', {}],
    ['Burstable', { requests: { cpu: '100m' } }],
    ['Burstable', { limits: { cpu: '1' }, requests: { cpu: '1' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }],
  ])('are %s with %j', (expected, resources) => {
    expect(qosClassOf({ containers: [{ name: 'c', resources }] })).toBe(expected);
  });

  it.each([
    ['app', 'Always'],
    ['app:latest', 'Always'],
    ['registry:5000/app', 'Always'],
    ['registry:5000/app:1', 'IfNotPresent'],
    ['app@sha256:0', 'IfNotPresent'],
  ])('pull %s %s', (image, policy) => {
    const pod = make<Pod>(pods, { spec: { containers: [{ name: 'c', image }] } });
    expect(pod.spec.containers[0]?.imagePullPolicy).toBe(policy);
  });
});

describe('replication controllers', () => {
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'app:1' }] },
  };

  it('take labels and selector from the template', () => {
    const rc = make<ReplicationController>(replicationControllers, { spec: { template } });
    expect(rc.metadata.labels).toEqual({ a: 'b' });
    expect(rc.spec).toMatchObject({ replicas: 1, selector: { a: 'b' } });
  });

  it('must select what they make', () => {
    const rc = make(replicationControllers, { spec: { template, selector: { a: 'c' } } });
    expect(replicationControllers.strategy.validate(rc).map(fieldErrorText)).toEqual([
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ]);
  });
});

describe('services', () => {
  const spec = { selector: { a: 'b' }, ports: [{ port: 80 }] };
  const allocated = (service: Service): Service => ({
    ...service,
    spec: { ...service.spec, clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'] },
  });

  it('keep their address when an update does not name it, and may not change it', () => {
    const old = allocated(make<Service>(services, { spec }));
    const same = update(services, old, { spec }) as Service;
    expect(same.spec.clusterIP).toBe('10.0.0.7');
    expect(services.strategy.validateUpdate(same, old)).toEqual([]);
    const moved = update(services, old, { spec: { ...spec, clusterIP: '10.0.0.8' } });
    expect(services.strategy.validateUpdate(moved, old).map(fieldErrorText)).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set',
    ]);
  });

  it('lose what another type does not have', () => {
    const old = allocated(
      make<Service>(services, {
        spec: { ...spec, type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] },
      }),
    );
    const external = update(services, old, {
      spec: {
        ...old.spec,
        type: 'ExternalName',
        externalName: 'x.example.com',
        clusterIP: '',
        clusterIPs: null,
      },
    }) as Service;
    expect(external.spec).toEqual({
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      selector: { a: 'b' },
      type: 'ExternalName',
      sessionAffinity: 'None',
      externalName: 'x.example.com',
    });
    const inside = update(services, old, { spec: { ...old.spec, type: 'ClusterIP' } }) as Service;
    expect(inside.spec.ports).toEqual([{ protocol: 'TCP', port: 80, targetPort: 80 }]);
    expect(inside.spec).not.toHaveProperty('externalTrafficPolicy');
  });
});

describe('namespaces', () => {
  it('are let go through finalize only', () => {
    const old = make(namespaces, {});
    expect(old).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    expect(update(namespaces, old, { spec: { finalizers: ['ex.io/z'] } })).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
    });
  });
});

describe('immutable data', () => {
  it('stays', () => {
    const old = make(configMaps, { data: { a: '1' }, immutable: true });
    const changed = update(configMaps, old, { data: { a: '2' }, immutable: true });
    expect(configMaps.strategy.validateUpdate(changed, old).map(fieldErrorText)).toEqual([
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
    const typed = make(secrets, { stringData: { a: 'ž' } });
    expect(typed).toMatchObject({ type: 'Opaque', data: { a: 'xb4=' } });
    expect(secrets.strategy.validateUpdate(update(secrets, typed, { type: 'x' }), typed)).toMatchObject([
      { field: 'type' },
    ]);
  });
});
