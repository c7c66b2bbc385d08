import { describe, expect, it } from 'vitest';

import { concatBytes, decodeUtf8 } from '../../src/base/bytes.ts';
import type {
  ConfigMap,
  ContainerStatus,
  Lease,
  NewObject,
  Node,
  Pod,
  PodSpec,
  PodStatus,
} from '../../src/api/types.ts';
import { Kubelet } from '../../src/kubelet/kubelet.ts';
import { defaultKubeletTiming } from '../../src/kubelet/kubelet-options.ts';
import type { KubeletOptions } from '../../src/kubelet/kubelet-options.ts';
import type { Program } from '../platform/worlds.ts';
import { FakeApiClient } from './fake-api-client.ts';
import { podOf } from './objects.ts';
import type { RuntimeWorld } from './runtime.compliance.ts';
import { osWorld, simWorld } from './worlds.ts';

interface Fixture {
  readonly world: RuntimeWorld;
  readonly api: FakeApiClient;
  readonly logPort: number;
  /** Waits until `probe` gives something. */
  until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
  /** Ends the kubelet, does what happens meanwhile, and starts another one on the same data. */
  restart(meanwhile: () => void): Promise<void>;
  apply(name: string, program: Program, pod?: Parameters<typeof podOf>[0]): void;
  status(name: string): PodStatus | undefined;
  /** Of the pod's only container. */
  container(name: string): ContainerStatus | undefined;
}

const timing: KubeletOptions['timing'] = {
  ...defaultKubeletTiming,
  leaseRenewMillis: 50,
  statusUpdateMillis: 50,
  podSyncRetryMillis: 50,
  podStatusRetryMillis: 20,
  podStatusRetryMaxMillis: 100,
  restartBackoff: { initialMillis: 150, maxMillis: 600, resetMillis: 60_000 },
};

let nextPort = 23_310;

function kubeletSuite(name: string, make: () => Promise<RuntimeWorld>): void {
  describe(`kubelet: ${name}`, () => {
    const inWorld = async (work: (fixture: Fixture) => Promise<void>): Promise<void> => {
      const world = await make();
      const logPort = nextPort++;
      try {
        await world.run(() => withKubelet(world, logPort, work));
      } finally {
        await world.close();
      }
    };

    it('registers its node and renews its lease', () =>
      inWorld(async ({ api, until }) => {
        const node = await until('node', () => api.get<Node>('nodes', 'node-1'));
        expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node-1', zone: 'a' });
        expect(node.spec.podCIDR).toBe('127.20.0.0/24');
        expect(node.status).toMatchObject({
          capacity: { cpu: '2', memory: '1Gi', pods: '10' },
          conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
          nodeInfo: { containerRuntimeVersion: 'process://0.1.0', architecture: 'amd64' },
        });
        const lease = await until('lease', () => api.get<Lease>('leases', 'node-1', 'kube-node-lease'));
        expect(lease.metadata.ownerReferences).toMatchObject([{ kind: 'Node', uid: node.metadata.uid }]);
        expect(lease.spec.leaseDurationSeconds).toBe(40);
        await until('renewal', () => {
          const now = api.get<Lease>('leases', 'node-1', 'kube-node-lease');
          return now !== undefined && now.spec.renewTime !== lease.spec.renewTime;
        });
      }));

    it('writes its status again when somebody called the node unknown, and not without a reason', () =>
      inWorld(async ({ world, api, until }) => {
        const node = await until('node', () => api.get<Node>('nodes', 'node-1'));
        await world.platform.clock.sleep(300);
        const writes = api.writes.filter((write) => write.endsWith('nodes/node-1')).length;
        expect(writes).toBeLessThanOrEqual(2);
        const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' } as const];
        api.put<Node>('nodes', { ...node, status: { ...node.status, conditions } });
        const isReady = () => api.get<Node>('nodes', 'node-1')?.status?.conditions?.[0]?.status === 'True';
        await until('ready', isReady);
      }));

    it('runs a pod, and deletes it when it has ended', () =>
      inWorld(async ({ world, api, apply, status, container, until }) => {
        apply('web', { does: 'run' });
        await until('running', () => container('web')?.state?.running);
        expect(status('web')).toMatchObject({ podIP: '127.20.0.2', hostIP: '127.0.0.1', phase: 'Running' });
        api.delete('pods', 'web', 'default', 20);
        await until('gone', () => status('web') === undefined);
        const writes = api.writes.filter((write) => write.endsWith('pods/web'));
        expect(writes.slice(-2)).toEqual(['PATCH(status) pods/web', 'DELETE pods/web']);
        await until('folder removed', () => isEmpty(world));
      }));

    it('restarts what crashes, later each time', () =>
      inWorld(async ({ apply, container, until }) => {
        apply('crash', { does: 'exit', code: 7 });
        const state = await until('back-off', () => {
          const now = container('crash');
          return (now?.restartCount ?? 0) >= 2 && now?.state?.waiting;
        });
        expect(state.reason).toBe('CrashLoopBackOff');
        expect(state.message).toMatch(/^back-off 0\.\d+s restarting failed container=main pod=crash_default/);
        expect(container('crash')?.lastState?.terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
      }));

    it('lets a pod that is never restarted succeed', () =>
      inWorld(async ({ apply, status, until }) => {
        apply('job', { does: 'exit', code: 0 }, { spec: { restartPolicy: 'Never' } });
        await until('succeeded', () => status('job')?.phase === 'Succeeded');
        const ready = status('job')?.conditions?.find(({ type }) => type === 'Ready');
        expect(ready).toMatchObject({ status: 'False', reason: 'PodCompleted' });
      }));

    it('kills a pod that vanished from the API', () =>
      inWorld(async ({ world, api, apply, container, until }) => {
        apply('web', { does: 'run' }, { spec: { terminationGracePeriodSeconds: 1 } });
        await until('running', () => container('web')?.state?.running);
        api.delete('pods', 'web', 'default', 0);
        await until('folder removed', () => isEmpty(world));
      }));

    it('keeps restarting while the API is down, then tells', () =>
      inWorld(async ({ world, api, apply, container, until }) => {
        apply('crash', { does: 'exit', code: 1 });
        await until('started', () => container('crash')?.containerID);
        api.down = true;
        const before = container('crash')!.restartCount;
        await world.platform.clock.sleep(1_500);
        expect(container('crash')!.restartCount).toBe(before);
        api.up();
        // Told within one back-off of the API: so they were made while it was down.
        await until('told', () => container('crash')!.restartCount !== before);
        expect(container('crash')!.restartCount).toBeGreaterThan(before + 1);
      }));

    it('waits for a missing ConfigMap, then gives its value, and serves the log', () =>
      inWorld(async ({ world, logPort, api, apply, status, container, until }) => {
        const ref = { configMapKeyRef: { name: 'settings', key: 'color' } };
        apply(
          'paint',
          { does: 'print-environment', variable: 'COLOR' },
          { container: { env: [{ name: 'COLOR', valueFrom: ref }] }, spec: { restartPolicy: 'Never' } },
        );
        const message = await until('waiting', () => container('paint')?.state?.waiting?.message);
        expect(message).toBe('configmap "settings" not found');
        expect(container('paint')?.state?.waiting?.reason).toBe('CreateContainerConfigError');
        const metadata = { name: 'settings', namespace: 'default' };
        api.put<ConfigMap>('configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata,
          data: { color: 'blue' },
        });
        await until('succeeded', () => status('paint')?.phase === 'Succeeded');
        const get = (path: string) => getText(world, logPort, path);
        expect(await get('/containerLogs/default/paint/main')).toBe('200 blue\n');
        expect(await get('/containerLogs/default/paint/main?previous=true')).toBe('200 blue\n');
        expect(await get('/containerLogs/default/paint/nope')).toMatch(/^404 container nope/);
        expect(await get('/containerLogs/default/nope/main')).toMatch(/^404 pod "nope"/);
        expect(await get('/containerLogs/default/paint/main?tailLines=x')).toMatch(/^400 tailLines/);
        expect(await get('/pods')).toContain('"name":"paint"');
        expect(await get('/healthz')).toBe('200 ok');
      }));

    it('says which image it takes', () =>
      inWorld(async ({ apply, status, container, until }) => {
        apply('web', { does: 'run' }, { container: { image: 'nginx' } });
        const message = await until('waiting', () => container('web')?.state?.waiting?.message);
        expect(message).toBe('image "nginx" cannot be run by the process runtime: use image "host"');
        expect(container('web')?.state?.waiting?.reason).toBe('ErrImagePull');
        expect(status('web')?.phase).toBe('Pending');
      }));

    it('refuses by name what it cannot give', () =>
      inWorld(async ({ apply, container, until }) => {
        const volumes = { volumes: [{ name: 'data', emptyDir: {} }] } as Partial<PodSpec>;
        apply('web', { does: 'run' }, { spec: volumes });
        const message = await until('waiting', () => container('web')?.state?.waiting?.message);
        expect(message).toBe('this kubelet does not support volumes');
      }));

    it('calls a container ready when its probe says so, and restarts it when it is dead', () =>
      inWorld(async ({ world, apply, status, container, until }) => {
        const port = nextPort++;
        const probe = { tcpSocket: { port, host: '127.0.0.1' }, periodSeconds: 0.05, failureThreshold: 2 };
        const livenessProbe = { ...probe, failureThreshold: 20 };
        apply('web', { does: 'run' }, { container: { readinessProbe: probe, livenessProbe } });
        await until('running', () => container('web')?.state?.running);
        expect(container('web')?.ready).toBe(false);
        const listener = await world.platform.network.streams.listen({ host: '127.0.0.1', port }, () => ({
          data() {},
          drained() {},
          ended() {},
          closed() {},
        }));
        await until('ready', () => container('web')?.ready);
        const ready = status('web')?.conditions?.find(({ type }) => type === 'Ready');
        expect(ready).toEqual({ type: 'Ready', status: 'True', lastTransitionTime: expect.any(String) });
        await listener.close();
        await until('unready', () => container('web')?.ready === false);
        expect(container('web')?.restartCount).toBe(0);
        await until('restarted', () => container('web')?.restartCount === 1);
      }));

    it('starts its pods again after a restart, counts it, and removes those that vanished', () =>
      inWorld(async ({ world, api, apply, status, container, until, restart }) => {
        apply('web', { does: 'run' });
        apply('gone', { does: 'run' });
        await until('both', () => container('web')?.state?.running && container('gone')?.state?.running);
        const podIP = status('web')?.podIP;
        await restart(() => api.delete('pods', 'gone', 'default', 0));
        const again = await until('running again', () => {
          const now = container('web');
          return now?.restartCount === 1 && now.state?.running !== undefined && now;
        });
        expect(status('web')?.podIP).toBe(podIP);
        expect(again.lastState?.terminated?.exitCode).toBe(143);
        const folders = await world.platform.disk.list(`${world.directory}/pods`);
        expect(folders.map((folder) => folder.split('_')[1])).toEqual(['web']);
      }));
  });
}

async function withKubelet(
  world: RuntimeWorld,
  logPort: number,
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const { platform } = world;
  const api = new FakeApiClient();
  const options: KubeletOptions = {
    nodeName: 'node-1',
    client: api,
    listen: { host: '127.0.0.1', port: logPort },
    advertise: { host: '127.0.0.1', port: logPort },
    tls: 'none',
    podCidr: '127.20.0.0/24',
    dataDirectory: world.directory,
    programPath: world.programPath,
    labels: { zone: 'a' },
    capacity: { cpu: '2', memory: '1Gi', pods: '10' },
    nodeInfo: { architecture: 'amd64', operatingSystem: 'linux' },
    timing,
    serviceAddress: (clusterIP) => clusterIP,
  };
  let stop = new AbortController();
  let running = new Kubelet(platform, options).run(stop.signal);
  const status = (name: string) => api.get<Pod>('pods', name, 'default')?.status;
  const fixture: Fixture = {
    world,
    api,
    logPort,
    until: async (what, probe) => {
      for (let i = 0; i < 1_000; i++) {
        const found = await probe();
        if (found !== undefined && found !== false) return found;
        await Promise.race([platform.clock.sleep(10), running]);
      }
      throw new Error(`waited in vain: ${what}`);
    },
    restart: async (meanwhile) => {
      stop.abort();
      await running;
      meanwhile();
      stop = new AbortController();
      running = new Kubelet(platform, options).run(stop.signal);
    },
    apply: (name, program, pod = {}) => {
      const container = { command: world.command(program), ...pod.container };
      const spec = { containers: [{ name: 'main', image: 'host', ...container }], ...pod.spec };
      const object = podOf({ ...pod, spec, metadata: { ...pod.metadata, name } });
      const { uid: _uid, ...metadata } = object.metadata;
      api.put<Pod>('pods', { ...object, metadata } as NewObject<Pod>);
    },
    status,
    container: (name) => status(name)?.containerStatuses?.[0],
  };
  try {
    await work(fixture);
  } finally {
    stop.abort();
    await running;
  }
}

async function isEmpty(world: RuntimeWorld): Promise<boolean> {
  return (await world.platform.disk.list(`${world.directory}/pods`)).length === 0;
}

async function getText(world: RuntimeWorld, port: number, path: string): Promise<string> {
  const request = { method: 'GET', path, headers: {}, body: new Uint8Array(0) };
  const { http } = world.platform.network;
  const response = await http.request({ host: '127.0.0.1', port }, request, { tls: 'none' });
  const chunks: Uint8Array[] = [];
  if (response.body instanceof Uint8Array) chunks.push(response.body);
  else for await (const chunk of response.body) chunks.push(chunk);
  return `${response.status} ${decodeUtf8(concatBytes(chunks))}`;
}

kubeletSuite('os', osWorld);
kubeletSuite('sim', simWorld);
