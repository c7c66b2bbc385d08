import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Node, Pod, ReplicationController } from '../../src/api/types.ts';
import { drydock, eventually, findKubectl, LiveCluster, runCommand, type Summary } from './live-cluster.ts';

const binary = findKubectl();
if (binary === undefined) {
  console.warn(
    '\n*** kubectl is not here: NOTHING of what real kubectl does against a live cluster is tested. ***\n' +
      '*** Run .ci/fetch-kubectl, or put it on the PATH, or name it in $KUBECTL.                    ***\n',
  );
}

/** A container that runs until it is told to end. */
const sleeper = { name: 'main', image: 'host', command: ['sleep', '3600'] };
const quick = { terminationGracePeriodSeconds: 1 };

const settings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', labels: { app: 'demo' } },
  data: { colour: 'blue' },
};
const solo = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'solo', labels: { app: 'demo' } },
  spec: {
    ...quick,
    containers: [
      {
        name: 'main',
        image: 'host',
        command: ['sh', '-c', 'echo one; echo two; while sleep 0.2; do echo tick; done'],
      },
    ],
  },
};
const web = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    selector: { app: 'web' },
    template: { metadata: { labels: { app: 'web' } }, spec: { ...quick, containers: [sleeper] } },
  },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};

/** What its users do with a cluster, with the kubectl they do it with: each test goes on where the last one ended. */
describe.skipIf(binary === undefined)('kubectl', () => {
  const cluster = new LiveCluster({ basePort: 17_540, loopbackBlock: 192 });
  let summary: Summary;

  beforeAll(async () => {
    expect(existsSync(drydock), 'run `npm run build` first').toBe(true);
    summary = await cluster.start();
  }, 90_000);

  afterAll(() => cluster.close(), 30_000);

  const common = (): string[] => [
    '--kubeconfig',
    summary.kubeconfig,
    '--cache-dir',
    join(cluster.directory, 'kubectl-cache'),
  ];
  const run = (args: readonly string[]) => runCommand(binary!, [...common(), ...args], cluster.directory);

  /** Standard output; a failure fails the test with what kubectl said. */
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
    return stdout;
  };
  /** Standard error of a command that has to fail. */
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args);
    expect(code, stdout).toBe(1);
    return stderr.trim();
  };
  const get = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
  const podsOf = async (selector: string): Promise<readonly Pod[]> =>
    (await get<{ items: readonly Pod[] }>('pods', '-l', selector)).items;

  /** Runs a command that goes on by itself until its output matches, then ends it. */
  const follow = (
    args: readonly string[],
    wanted: RegExp,
    meanwhile?: () => Promise<void>,
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(binary!, [...common(), ...args], { cwd: cluster.directory });
      let output = '';
      let started = false;
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        if (wanted.test(output)) child.kill('SIGTERM');
        if (started || meanwhile === undefined) return;
        started = true;
        void meanwhile().catch(reject);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('close', () => {
        clearTimeout(timer);
        if (wanted.test(output)) resolve(output);
        else reject(new Error(`kubectl ${args.join(' ')} never said ${String(wanted)}:\n${output}`));
      });
    });
  /** A file of YAML documents, each of them JSON. */
  const manifest = (name: string, ...objects: readonly unknown[]): string => {
    const path = join(cluster.directory, name);
    writeFileSync(path, objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(''));
    return path;
  };

  it('knows the server and what it serves', async () => {
    const versions = await kubectl('version');
    console.log(`${binary!}: ${versions.split('\n', 1)[0]!}`);
    expect(versions).toMatch(/^Server Version: v1\.\d+\.\d+\+drydock$/m);
    expect(await kubectl('cluster-info')).toContain(`control plane is running at ${summary.apiUrl}`);
    expect(await kubectl('api-resources')).toMatch(
      /^replicationcontrollers\s+rc\s+v1\s+true\s+ReplicationController$/m,
    );
    expect(await kubectl('api-versions')).toBe('coordination.k8s.io/v1\ndiscovery.k8s.io/v1\nv1\n');
    expect(await kubectl('explain', 'pod.spec.containers.command')).toMatch(/FIELD: command <\[\]string>/);
  });

  it('shows objects as tables, wide, in all namespaces, selected, and as data', async () => {
    expect(await kubectl('get', 'nodes')).toMatch(
      /^NAME +STATUS +ROLES +AGE +VERSION\nagent-1 +Ready +<none>/,
    );
    const wide = await kubectl('get', 'pods', '-o', 'wide');
    expect(wide).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/m);
    expect(wide.match(/^hello-\w{5} +1\/1 +Running +0 +\d+s +127\.\d+\.0\.\d+ +agent-[12]/gm)).toHaveLength(
      3,
    );
    expect(await kubectl('get', 'all', '-A')).toMatch(/^default +replicationcontroller\/hello +3 +3 +3/m);
    expect(await kubectl('get', 'ns')).toMatch(/^kube-system +Active/m);
    expect(await kubectl('get', 'pods', '-l', 'app=hello', '-o', 'name')).toMatch(
      /^(pod\/hello-\w{5}\n){3}$/,
    );
    const onAgent = await kubectl('get', 'pods', '--field-selector', 'spec.nodeName=agent-1', '-o', 'name');
    expect(onAgent.trim().split('\n').length).toBeLessThan(3);
    expect(await kubectl('get', 'rc', 'hello', '-o', 'yaml')).toMatch(/^kind: ReplicationController$/m);
    expect(await kubectl('get', 'rc', 'hello', '-o', 'jsonpath={.status.readyReplicas}')).toBe('3');
    expect(await kubectl('get', 'pods', '-A', '--chunk-size=1', '--no-headers')).toMatch(
      /^(default .*\n){3}$/,
    );
  });

  it('says what is missing or wrong in the words of the real server', async () => {
    expect(await refused('get', 'pod', 'nothing')).toBe(
      'Error from server (NotFound): pods "nothing" not found',
    );
    expect(await refused('get', 'pods', '--field-selector', 'no=x')).toContain(
      'field label not supported: no',
    );
    expect(await refused('create', 'namespace', 'default')).toBe(
      'Error from server (AlreadyExists): namespaces "default" already exists',
    );
    expect(await refused('delete', 'namespace', 'default')).toBe(
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
    );
    expect(await refused('rollout', 'status', 'rc/hello')).toContain(
      'no status viewer has been implemented for ReplicationController',
    );
    const typo = { ...solo, spec: { containers: [{ ...sleeper, comand: ['x'] }] } };
    const path = manifest('typo.yaml', typo);
    expect(await refused('create', '-f', path, '--validate=strict')).toContain(
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].comand"',
    );
    const dry = await run(['create', '-f', path, '--validate=warn', '--dry-run=server']);
    expect(dry.stderr).toContain('Warning: unknown field "spec.containers[0].comand"');
    expect(dry.stdout).toBe('pod/solo created (server dry run)\n');
    expect(await refused('get', 'pod', 'solo')).toContain('not found');
  });

  it('creates from manifests and with its own typed, protobuf-speaking commands', async () => {
    expect(await kubectl('create', '-f', manifest('all.yaml', settings, solo, web, service))).toBe(
      'configmap/settings created\npod/solo created\nreplicationcontroller/web created\nservice/web created\n',
    );
    expect(await kubectl('create', 'namespace', 'blue')).toBe('namespace/blue created\n');
    await kubectl('create', 'configmap', 'made', '--from-literal=a=b', '-n', 'blue');
    expect(await kubectl('get', 'configmap', 'made', '-n', 'blue', '-o', 'jsonpath={.data.a}')).toBe('b');
    await kubectl('create', 'secret', 'generic', 'made', '--from-literal=a=b', '-n', 'blue');
    expect(await kubectl('wait', '--for=condition=Ready', 'pod/solo', '--timeout=15s')).toBe(
      'pod/solo condition met\n',
    );
    expect(
      await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=2', 'rc/web', '--timeout=15s'),
    ).toContain('condition met');
  });

  it('takes a List, which kubectl checks itself against the published schema', async () => {
    const list = (...items: readonly unknown[]) => ({ apiVersion: 'v1', kind: 'List', items });
    const made = { ...settings, metadata: { name: 'listed' } };
    expect(await refused('create', '-f', manifest('list.yaml', list({ ...made, dota: {} })))).toContain(
      'ValidationError(ConfigMap): unknown field "dota" in io.k8s.api.core.v1.ConfigMap',
    );
    expect(await kubectl('create', '-f', manifest('list.yaml', list(made)))).toBe(
      'configmap/listed created\n',
    );
    expect(await kubectl('delete', '-f', manifest('list.yaml', list(made)))).toContain('"listed" deleted');
  });

  it('applies a manifest, and again after a change', async () => {
    const path = manifest('settings.yaml', settings);
    expect(await kubectl('apply', '-f', path)).toBe('configmap/settings configured\n');
    expect(await kubectl('apply', '-f', path)).toBe('configmap/settings unchanged\n');
    manifest('settings.yaml', { ...settings, data: { size: '2' } });
    expect(await kubectl('apply', '-f', path, '--dry-run=server')).toContain('configured (server dry run)');
    expect(await kubectl('apply', '-f', path)).toBe('configmap/settings configured\n');
    // Three-way: the key that the manifest no longer has is gone.
    expect(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data}')).toBe('{"size":"2"}');
  });

  it('changes labels, annotations and fields', async () => {
    expect(await kubectl('label', 'pod', 'solo', 'tier=back')).toBe('pod/solo labeled\n');
    expect(await refused('label', 'pod', 'solo', 'tier=front')).toContain(
      "'tier' already has a value (back)",
    );
    await kubectl('label', 'pod', 'solo', 'tier=front', '--overwrite');
    expect(await kubectl('get', 'pods', '-l', 'tier in (front)', '-L', 'tier')).toMatch(/^solo .* front$/m);
    expect(await kubectl('annotate', 'pod', 'solo', 'note=hi')).toBe('pod/solo annotated\n');
    const patches: readonly (readonly [string, string])[] = [
      ['strategic', '{"data":{"a":"1","b":"2"}}'],
      ['merge', '{"data":{"a":null}}'],
      ['json', '[{"op":"replace","path":"/data/b","value":"3"}]'],
    ];
    for (const [type, patch] of patches) {
      await kubectl('patch', 'configmap', 'settings', '--type', type, '-p', patch);
    }
    expect((await get<{ data: unknown }>('configmap', 'settings')).data).toEqual({ b: '3', size: '2' });
    expect(await refused('patch', 'pod', 'solo', '-p', '{"spec":{"nodeName":"x"}}')).toContain(
      'The Pod "solo" is invalid: spec: Forbidden: pod updates may not change fields other than',
    );
  });

  it('reads logs: whole, their end, as they come, and of the life before a crash', async () => {
    expect(await kubectl('logs', 'solo')).toMatch(/^one\ntwo\ntick\n/);
    expect(await kubectl('logs', 'solo', '--tail=1')).toBe('tick\n');
    expect(await kubectl('logs', 'solo', '--timestamps')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z one$/m,
    );
    await follow(['logs', '-f', 'solo', '--tail=1'], /^(tick\n){4}/);
    const script = 'if [ -e seen ]; then echo second; sleep 3600; else touch seen; echo first; exit 3; fi';
    const crash = {
      ...solo,
      metadata: { name: 'crash' },
      spec: { ...quick, containers: [{ ...sleeper, command: ['sh', '-c', script] }] },
    };
    await kubectl('create', '-f', manifest('crash.yaml', crash));
    await eventually('the second life', 10_000, async () => (await kubectl('logs', 'crash')) === 'second\n');
    expect(await kubectl('logs', 'crash', '--previous')).toBe('first\n');
    expect(await kubectl('get', 'pod', 'crash')).toMatch(/^crash +1\/1 +Running +1 \(\d+s ago\)/m);
    expect(await refused('logs', 'nothing')).toContain('pods "nothing" not found');
  });

  it('describes what it finds', async () => {
    const pod = await kubectl('describe', 'pod', 'crash');
    expect(pod).toMatch(/Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3$/m);
    expect(pod).toMatch(/Normal +Scheduled .* Successfully assigned default\/crash to agent-[12]$/m);
    const controller = await kubectl('describe', 'rc', 'web');
    expect(controller).toMatch(/^Replicas: +2 current \/ 2 desired\nPods Status: +2 Running \/ 0 Waiting/m);
    expect(controller).toMatch(/SuccessfulCreate .* Created pod: web-\w{5}$/m);
    const node = await kubectl('describe', 'node', 'agent-1');
    expect(node).toMatch(/^Lease:\n +HolderIdentity: +agent-1$/m);
    expect(node).toMatch(/^Non-terminated Pods: +\([1-9]\d* in total\)$/m);
    expect(await kubectl('describe', 'service', 'hello')).toMatch(/^Endpoints: +127\.\d+\.0\.\d+:8080,/m);
    expect(await kubectl('get', 'events')).toMatch(/Normal +Started +pod\/solo +Container main started/);
  });

  it('scales, and watches the pods come', async () => {
    const seen = await follow(
      ['get', 'rc', 'web', '-w', '-o', 'jsonpath={.status.readyReplicas}{"\\n"}'],
      /^4$/m,
      async () => {
        expect(await kubectl('scale', 'rc', 'web', '--replicas=4')).toBe(
          'replicationcontroller/web scaled\n',
        );
      },
    );
    expect(seen).toMatch(/^2\n/);
    expect(await refused('scale', 'rc', 'web', '--replicas=9', '--current-replicas=2')).toContain(
      'Expected replicas to be 2, was 4',
    );
    await kubectl('scale', 'rc', 'web', '--replicas=2');
    await eventually('two pods', 10_000, async () => (await podsOf('app=web')).length === 2);
  });

  it('exposes a controller, and the Service finds its pods', async () => {
    expect(await kubectl('expose', 'rc', 'web', '--name=web2', '--port=81', '--target-port=8080')).toBe(
      'service/web2 exposed\n',
    );
    const addresses = (await podsOf('app=web')).map((pod) => pod.status!.podIP!).toSorted();
    await eventually('endpoints', 5000, async () => {
      const found = await kubectl(
        'get',
        'endpointslices',
        '--selector=kubernetes.io/service-name=web2',
        '--output=jsonpath={.items[*].endpoints[*].addresses[0]}',
      );
      return found.split(' ').toSorted().join() === addresses.join();
    });
    expect(await kubectl('delete', 'service', 'web', 'web2')).toContain('service "web2" deleted');
    await eventually('the endpoints to go too', 5000, async () =>
      (await kubectl('get', 'endpointslices', '-o', 'name')).startsWith(
        'endpointslice.discovery.k8s.io/hello-',
      ),
    );
    expect((await kubectl('get', 'endpointslices', '-o', 'name')).trim().split('\n')).toHaveLength(1);
  });

  it('deletes a pod, which its controller replaces', async () => {
    const [victim, other] = await podsOf('app=web');
    expect(await kubectl('delete', 'pod', victim!.metadata.name)).toContain(
      `pod "${victim!.metadata.name}" deleted`,
    );
    await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=2', 'rc/web', '--timeout=15s');
    const names = (await podsOf('app=web')).map((pod) => pod.metadata.name);
    expect(names).toHaveLength(2);
    expect(names).toContain(other!.metadata.name);
    expect(names).not.toContain(victim!.metadata.name);
  });

  it('deletes a controller: without its pods, with them first, and with them after', async () => {
    const path = manifest('web.yaml', web);
    const before = (await podsOf('app=web')).map((pod) => pod.metadata.uid).toSorted();
    await kubectl('delete', 'rc', 'web', '--cascade=orphan');
    const left = await podsOf('app=web');
    expect(left.map((pod) => pod.metadata.uid).toSorted()).toEqual(before);
    expect(left.flatMap((pod) => pod.metadata.ownerReferences ?? [])).toEqual([]);

    // A new one adopts them, and creates none.
    await kubectl('create', '-f', path);
    await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=2', 'rc/web', '--timeout=15s');
    const { metadata } = await get<ReplicationController>('rc', 'web');
    const adopted = await podsOf('app=web');
    expect(adopted.map((pod) => pod.metadata.uid).toSorted()).toEqual(before);
    expect(adopted.map((pod) => pod.metadata.ownerReferences![0]!.uid)).toEqual([metadata.uid, metadata.uid]);

    await kubectl('delete', 'rc', 'web', '--cascade=foreground');
    expect(await podsOf('app=web')).toEqual([]);

    await kubectl('create', '-f', path);
    await eventually('pods', 5000, async () => (await podsOf('app=web')).length === 2);
    await kubectl('delete', 'rc', 'web');
    await eventually('the pods to go', 10_000, async () => (await podsOf('app=web')).length === 0);
  });

  it('deletes a namespace with all that is in it', async () => {
    await kubectl('create', '-f', manifest('blue.yaml', { ...web, metadata: { name: 'web' } }), '-n', 'blue');
    expect(await kubectl('delete', 'namespace', 'blue')).toBe('namespace "blue" deleted\n');
    expect(await refused('get', 'namespace', 'blue')).toContain('namespaces "blue" not found');
    expect(await kubectl('get', 'pods,configmaps,secrets', '-n', 'blue', '-o', 'name')).toBe('');
  });

  it('keeps pods off a node that is cordoned or tainted, and drains one', async () => {
    const nodesOf = async (selector: string) =>
      (await podsOf(selector)).flatMap((pod) => pod.spec.nodeName ?? []);
    const path = manifest('web.yaml', { ...web, spec: { ...web.spec, replicas: 3 } });
    expect(await kubectl('cordon', 'agent-2')).toBe('node/agent-2 cordoned\n');
    expect(await kubectl('get', 'nodes')).toMatch(/^agent-2 +Ready,SchedulingDisabled/m);
    await kubectl('create', '-f', path);
    await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'rc/web', '--timeout=15s');
    expect(await nodesOf('app=web')).toEqual(['agent-1', 'agent-1', 'agent-1']);
    expect(await kubectl('uncordon', 'agent-2')).toBe('node/agent-2 uncordoned\n');

    const drained = await kubectl('drain', 'agent-1', '--force', '--timeout=20s');
    expect(drained).toContain('node/agent-1 drained');
    await eventually('three pods on the other node', 15_000, async () => {
      const nodes = await nodesOf('app=web');
      return nodes.length === 3 && nodes.every((name) => name === 'agent-2');
    });
    await kubectl('uncordon', 'agent-1');

    await kubectl('taint', 'node', 'agent-1', 'reserved=yes:NoSchedule');
    const taintsOf = async () => (await get<Node>('node', 'agent-1')).spec.taints ?? [];
    expect(await taintsOf()).toContainEqual({ key: 'reserved', value: 'yes', effect: 'NoSchedule' });
    await kubectl('scale', 'rc', 'web', '--replicas=6');
    await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=6', 'rc/web', '--timeout=15s');
    expect(await nodesOf('app=web')).toEqual(Array(6).fill('agent-2'));
    await kubectl('taint', 'node', 'agent-1', 'reserved-');
    await eventually('no taint', 5000, async () => (await taintsOf()).length === 0);
  });
});
