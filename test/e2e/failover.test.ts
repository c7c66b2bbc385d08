import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Pod } from '../../src/api/types.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import * as resources from '../../src/client/resources.ts';
import { drydock, eventually, LiveCluster, type Summary } from './live-cluster.ts';

/** The main job, with real processes: what the README says can be done to it, done to it. */
describe('drydock up', () => {
  const cluster = new LiveCluster();
  let summary: Summary;
  let client: ApiClient;

  beforeAll(async () => {
    expect(existsSync(drydock), 'run `npm run build` first').toBe(true);
    summary = await cluster.start();
    client = await cluster.client();
  }, 90_000);

  afterAll(() => cluster.close(), 30_000);

  const pods = async (): Promise<readonly Pod[]> =>
    (await client.resource(resources.pods).list()).items.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined,
    );
  const isReady = (pod: Pod): boolean =>
    (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

  it('runs three pods on two nodes and wrote a kubeconfig that only its owner can read', async () => {
    expect(summary.pods).toHaveLength(3);
    expect(new Set(summary.pods.map((pod) => pod.node)).size).toBe(2);
    expect(statSync(summary.kubeconfig).mode & 0o777).toBe(0o600);
    expect(statSync(join(cluster.dataDirectory, 'pki/ca.key')).mode & 0o777).toBe(0o600);
  });

  it('refuses a second start on the same ports, naming the port and the remedy', async () => {
    const { code, stderr } = await cluster.run('up', '--once', '--base-port', '17440', '--data-dir', 'other');
    expect(code).toBe(1);
    expect(stderr).toMatch(/127\.0\.0\.1:17440 is in use: .*--base-port/);
  });

  it('goes on within 3 s after the leader is killed, loses no acknowledged write, keeps its pods', async () => {
    const before = await pods();
    const acknowledged: string[] = [];
    const gaps: number[] = [];
    let lastAck = performance.now();
    const written = new AbortController();
    const writer = (async () => {
      for (let i = 0; !written.signal.aborted; i++) {
        const name = `write-${i}`;
        try {
          await client
            .resource(resources.configMaps)
            .create(
              { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { i: `${i}` } },
              'default',
            );
          acknowledged.push(name);
          gaps.push(performance.now() - lastAck);
          lastAck = performance.now();
        } catch {
          // The outcome is unknown: the next write has another name.
        }
      }
    })();
    await eventually('writes', 5000, () => acknowledged.length > 20);
    const { stdout } = await cluster.run('status', '--data-dir', cluster.dataDirectory, '--leader-pid');
    const leaderPid = Number(stdout);
    expect(leaderPid).toBeGreaterThan(1);
    const writesBefore = acknowledged.length;
    process.kill(leaderPid, 'SIGKILL');
    await eventually('writes after the leader', 10_000, () => acknowledged.length > writesBefore + 40);
    written.abort();
    await writer;
    console.log(`longest gap between acknowledged writes: ${Math.round(Math.max(...gaps))} ms`);
    expect(Math.max(...gaps)).toBeLessThan(3000);
    const { items } = await client.resource(resources.configMaps).list({ namespace: 'default' });
    const found = new Set(items.map((item) => item.metadata.name));
    expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
    const after = await pods();
    expect(after.map((pod) => pod.metadata.uid).toSorted()).toEqual(
      before.map((pod) => pod.metadata.uid).toSorted(),
    );
    expect(
      after.flatMap((pod) => pod.status?.containerStatuses ?? []).map((one) => one.restartCount),
    ).toEqual([0, 0, 0]);
  }, 30_000);

  it('takes the killed server back when it is started by hand', async () => {
    const status = async (): Promise<readonly { name: string; store?: { revision: number } }[]> => {
      const { stdout } = await cluster.run('status', '--data-dir', cluster.dataDirectory, '--json');
      return JSON.parse(stdout) as { name: string; store?: { revision: number } }[];
    };
    const dead = (await status()).find(({ store }) => store === undefined)!;
    const server = cluster.background('server', '--data-dir', join(cluster.dataDirectory, dead.name));
    const millis = await eventually('the server to catch up', 20_000, async () => {
      const stores = (await status()).map(({ store }) => store?.revision ?? 0);
      return Math.min(...stores) > 0 && Math.max(...stores) - Math.min(...stores) < 20;
    });
    console.log(`rejoined in ${Math.round(millis)} ms`);
    server.kill('SIGTERM');
  }, 30_000);

  it("marks a killed agent's node NotReady and replaces its pods elsewhere", async () => {
    const agent = summary.processes.find(({ name }) => name === 'agent-2');
    process.kill(agent!.pid, 'SIGKILL');
    const millis = await eventually('three ready pods on the other node', 30_000, async () => {
      const ready = (await pods()).filter((pod) => pod.spec.nodeName === 'agent-1' && isReady(pod));
      return ready.length === 3;
    });
    console.log(`pods replaced ${Math.round(millis)} ms after the agent was killed`);
    const node = await client.resource(resources.nodes).get('agent-2');
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).not.toBe('True');
  }, 40_000);

  it('stops every process it started on Ctrl-C, also the pods of the killed agent', async () => {
    expect(await cluster.interrupt()).toBe(0);
    await eventually('all processes to be gone', 5000, () => cluster.remainingProcesses().length === 0);
  }, 30_000);

  it('resumes on the same data', async () => {
    summary = await cluster.start();
    const { items } = await client.resource(resources.configMaps).list({ namespace: 'default' });
    expect(items.length).toBeGreaterThan(20);
    expect(await cluster.interrupt()).toBe(0);
    expect(execFileSync('ls', [cluster.dataDirectory]).toString()).toContain('kubeconfig');
  }, 90_000);
});
