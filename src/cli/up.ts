import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import type { Command } from 'commander';
import pc from 'picocolors';

import { parseManifests } from '../api/manifest.ts';
import { isApiError } from '../api/status.ts';
import type { ApiObject, NewObject, Node, Pod, ReplicationController, Service } from '../api/types.ts';
import type { ApiClient, ResourceRef } from '../client/api-client.ts';
import { createApiClient } from '../client/http-api-client.ts';
import * as resources from '../client/resources.ts';
import { NetworkError } from '../platform/errors.ts';
import { createAuthority, issueCertificate, loadAuthority, saveTlsMaterial } from '../platform/os/pki.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { loadTlsMaterial, type TlsMaterial } from '../platform/os/tls.ts';
import type { Platform } from '../platform/platform.ts';
import { mapServiceAddress } from '../proxy/service-address.ts';
import { formatAddress } from './address.ts';
import { Children, tailOf, type Child } from './children.ts';
import { CliError } from './cli-error.ts';
import { planCluster, type ClusterPlan } from './cluster-plan.ts';
import { aborted, runUntilSignal } from './component.ts';
import { readConfig, writeConfig, writeFileAtomically } from './config-file.ts';
import { kubeconfig } from './kubeconfig.ts';
import { Steps } from './steps.ts';
import { nodesTable, podsTable } from './tables.ts';
import { watchCluster } from './watch-cluster.ts';

interface UpOptions {
  readonly dataDir: string;
  readonly servers: string;
  readonly agents: string;
  readonly basePort: string;
  readonly manifest: string;
  readonly timeout: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

const defaultManifest = join(import.meta.dirname, '../../../scenarios/manifests/hello.yaml');
const pollMillis = 50;

/** `drydock up`: a whole cluster of real processes on this machine. */
export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run a whole cluster on this machine: three servers and two agents, all real processes')
    .option(
      '--once',
      'verify that everything works, stop it all and exit 0; not 0, with the reason, if it does not',
    )
    .option('--data-dir <dir>', 'where everything is kept; a second start on it resumes', '.drydock')
    .option('--servers <n>', 'control-plane processes: 1, 3 or 5', '3')
    .option('--agents <n>', 'worker processes: 1 to 16', '2')
    .option(
      '--base-port <port>',
      'first of the ports on 127.0.0.1: APIs here, peers at +10, kubelets at +20',
      '16440',
    )
    .option('--manifest <file>', 'what to run on it', defaultManifest)
    .option('--timeout <seconds>', 'how long the cluster may take to become ready', '60')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  drydock up                  a live cluster until Ctrl-C
  drydock up --once           does it work on this machine?
  drydock up --agents 5       more nodes`,
    )
    .action(async (options: UpOptions) => {
      await runUntilSignal((signal) => up(options, signal));
    });
}

async function up(options: UpOptions, signal: AbortSignal): Promise<void> {
  const dataDirectory = resolve(options.dataDir);
  const timeoutMillis = integerOption('--timeout', options.timeout, 1, 3600) * 1000;
  const objects = readManifest(resolve(options.manifest));
  const steps = new Steps();
  const plan = loadOrPlan(dataDirectory, options);
  const children = new Children(join(dataDirectory, 'logs'));
  try {
    const admin = await steps.run('certificates', () => prepareCertificates(dataDirectory, plan));
    const platform = createOsPlatform({ hostname: 'drydock-up', tls: admin });
    const client = createApiClient(platform, {
      servers: plan.servers.map((server) => server.apiListen),
      tls: 'mutual',
      userAgent: 'drydock-up',
      requestTimeoutMillis: 2000,
    });
    const deadline = new Deadline(timeoutMillis, children, signal);
    await startServers(steps, dataDirectory, plan, children, platform, deadline);
    await startAgents(steps, dataDirectory, plan, children, client, deadline);
    const readyMillis = steps.elapsedMillis;
    await steps.run(`apply ${relative(process.cwd(), options.manifest)}`, (detail) =>
      deadline.until('the manifest to be accepted', detail, () => applyAll(client, objects)),
    );
    const pods = await steps.run('pods run', (detail) => waitForPods(client, objects, deadline, detail));
    await steps.run('Services answer through every agent', (detail) =>
      waitForServices(platform, client, objects, plan, deadline, detail),
    );
    const kubeconfigPath = join(dataDirectory, 'kubeconfig');
    const apiUrl = `https://${formatAddress(plan.servers[0]!.apiListen)}`;
    writeFileAtomically(kubeconfigPath, kubeconfig('drydock', apiUrl, admin));
    const nodes = (await client.resource(resources.nodes).list()).items;
    if (options.json === true) {
      const summary = {
        apiUrl,
        kubeconfig: kubeconfigPath,
        clusterReadyMillis: Math.round(readyMillis),
        verifiedMillis: Math.round(steps.elapsedMillis),
        nodes: nodes.map((node) => node.metadata.name),
        pods: pods.map((pod) => ({
          name: pod.metadata.name,
          node: pod.spec.nodeName,
          ip: pod.status?.podIP,
        })),
      };
      process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    } else {
      process.stdout.write(`\n${nodesTable(nodes, Date.now())}\n${podsTable(pods, Date.now())}\n`);
    }
    steps.line(
      pc.bold(
        `Cluster ready in ${seconds(readyMillis)}; everything verified in ${seconds(steps.elapsedMillis)}.`,
      ),
    );
    if (options.once === true) return;
    printTour(steps, { dataDirectory, apiUrl, kubeconfigPath, children: children.all, plan });
    for (const child of children.all) {
      void child.exited.then((how) => {
        if (!signal.aborted)
          steps.line(
            pc.yellow(`${child.name} (pid ${child.pid}) ended: ${how}. ${restartHint(dataDirectory, child)}`),
          );
      });
    }
    void watchCluster(platform, client, signal, (line) => steps.line(line));
    await aborted(signal);
    steps.line();
  } finally {
    await steps.run('stop every process', () => children.stopAll());
  }
}

/** Reads a manifest; its objects in order. @throws CliError naming the file and the line */
function readManifest(file: string): readonly NewObject<ApiObject>[] {
  if (!existsSync(file))
    throw new CliError(`--manifest ${file} does not exist: name a YAML file with Kubernetes objects`);
  const parsed = parseManifests(readFileSync(file, 'utf8'), relative(process.cwd(), file));
  if (!parsed.ok) throw new CliError(parsed.error);
  for (const object of parsed.value) {
    if (!(object.kind in applicable)) {
      throw new CliError(
        `${file} has a ${object.kind}, which \`drydock up\` cannot apply: use ${Object.keys(applicable).join(', ')}, or kubectl once the cluster is up`,
      );
    }
  }
  return parsed.value;
}

function loadOrPlan(dataDirectory: string, options: UpOptions): ClusterPlan {
  const file = join(dataDirectory, 'cluster.json');
  const servers = integerOption('--servers', options.servers, 1, 5);
  const agents = integerOption('--agents', options.agents, 1, 16);
  const basePort = integerOption('--base-port', options.basePort, 1024, 65_000);
  if (servers % 2 === 0) {
    throw new CliError(
      `--servers ${servers} tolerates no more failures than ${servers - 1}: choose 1, 3 or 5`,
      {
        exitCode: 2,
      },
    );
  }
  const known = readConfig<{ token: string; basePort: number; servers: number }>(file);
  if (known !== undefined && (known.servers !== servers || known.basePort !== basePort)) {
    throw new CliError(
      `${dataDirectory} holds a cluster of ${known.servers} servers at port ${known.basePort}: start it with --servers ${known.servers} --base-port ${known.basePort}, or choose another --data-dir`,
    );
  }
  const token = known?.token ?? randomBytes(16).toString('hex');
  const plan = planCluster({ dataDirectory, token, basePort, servers, agents });
  if (known === undefined) writeConfig(file, { token, basePort, servers });
  for (const server of plan.servers) writeConfig(join(dataDirectory, server.name, 'server.json'), server);
  for (const agent of plan.agents) writeConfig(join(dataDirectory, agent.nodeName, 'agent.json'), agent);
  return plan;
}

/** The cluster's authority and one certificate per process, made once. Returns the administrator's. */
async function prepareCertificates(dataDirectory: string, plan: ClusterPlan): Promise<TlsMaterial> {
  const directory = join(dataDirectory, 'pki');
  const authority = existsSync(join(directory, 'ca.key'))
    ? await loadAuthority(directory)
    : await createAuthority(directory);
  const ensure = async (folder: string, commonName: string, organization: string): Promise<void> => {
    if (existsSync(join(folder, 'host.crt'))) return;
    const hosts = ['127.0.0.1', 'localhost', commonName.split(':').at(-1)!];
    const material = await issueCertificate(authority, { commonName, organizations: [organization], hosts });
    await saveTlsMaterial(folder, material);
  };
  for (const { name, pkiDirectory } of plan.servers)
    await ensure(pkiDirectory, `system:server:${name}`, 'system:masters');
  for (const { nodeName, pkiDirectory } of plan.agents)
    await ensure(pkiDirectory, `system:node:${nodeName}`, 'system:nodes');
  const adminFolder = join(directory, 'admin');
  await ensure(adminFolder, 'kubernetes-admin', 'system:masters');
  return loadTlsMaterial(adminFolder);
}

async function startServers(
  steps: Steps,
  dataDirectory: string,
  plan: ClusterPlan,
  children: Children,
  platform: Platform,
  deadline: Deadline,
): Promise<void> {
  await steps.run(`${plan.servers.length} servers elect a leader and serve the API`, async (detail) => {
    for (const { name } of plan.servers) {
      children.start(name, ['server', '--data-dir', join(dataDirectory, name)]);
    }
    await deadline.until('the API servers to be ready', detail, async () => {
      const ready = await Promise.all(plan.servers.map((server) => isReady(platform, server.apiListen)));
      detail(`${ready.filter(Boolean).length} of ${ready.length} ready`);
      return ready.every(Boolean);
    });
  });
}

async function isReady(platform: Platform, address: { host: string; port: number }): Promise<boolean> {
  try {
    const request = { method: 'GET', path: '/readyz', headers: {}, body: new Uint8Array(0) };
    const response = await platform.network.http.request(address, request, {
      tls: 'mutual',
      timeoutMillis: 1000,
    });
    await readBody(response.body);
    return response.status === 200;
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

async function startAgents(
  steps: Steps,
  dataDirectory: string,
  plan: ClusterPlan,
  children: Children,
  client: ApiClient,
  deadline: Deadline,
): Promise<void> {
  await steps.run(`${plan.agents.length} nodes register and become Ready`, async (detail) => {
    for (const { nodeName } of plan.agents) {
      children.start(nodeName, ['agent', '--data-dir', join(dataDirectory, nodeName)]);
    }
    await deadline.until('the nodes to be Ready', detail, async () => {
      const nodes = (await client.resource(resources.nodes).list()).items;
      const ready = plan.agents.filter((agent) =>
        nodes.some((node) => node.metadata.name === agent.nodeName && isNodeReady(node)),
      );
      detail(`${ready.length} of ${plan.agents.length} Ready`);
      return ready.length === plan.agents.length;
    });
  });
}

function isNodeReady(node: Node): boolean {
  const untainted = !(node.spec.taints ?? []).some((taint) => taint.key.startsWith('node.kubernetes.io/'));
  return (
    untainted &&
    (node.status?.conditions ?? []).some(
      (condition) => condition.type === 'Ready' && condition.status === 'True',
    )
  );
}

const applicable: Readonly<Record<string, ResourceRef<ApiObject>>> = {
  Namespace: resources.namespaces as ResourceRef<ApiObject>,
  Pod: resources.pods as ResourceRef<ApiObject>,
  ReplicationController: resources.replicationControllers as ResourceRef<ApiObject>,
  Service: resources.services as ResourceRef<ApiObject>,
  ConfigMap: resources.configMaps as ResourceRef<ApiObject>,
};

/** Creates what is not there yet; what is there stays as it is (a second start resumes). */
async function applyAll(client: ApiClient, objects: readonly NewObject<ApiObject>[]): Promise<boolean> {
  for (const object of objects) {
    const resource = client.resource(applicable[object.kind]!);
    try {
      await resource.create(object, object.metadata.namespace ?? 'default');
    } catch (error) {
      if (isApiError(error, 'Invalid') || isApiError(error, 'BadRequest')) {
        throw new CliError(`the manifest was refused: ${error.message}`, { cause: error });
      }
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
  return true;
}

/** The pods of the manifest's ReplicationControllers, once all of them are ready. */
async function waitForPods(
  client: ApiClient,
  objects: readonly NewObject<ApiObject>[],
  deadline: Deadline,
  detail: (text: string) => void,
): Promise<readonly Pod[]> {
  let pods: readonly Pod[] = [];
  await deadline.until('the pods to run', detail, async () => {
    pods = (await client.resource(resources.pods).list()).items.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined,
    );
    let wanted = 0;
    for (const { kind, metadata } of objects) {
      if (kind !== 'ReplicationController') continue;
      // The live object says how many: it may have been scaled since the manifest was applied.
      const controller: ReplicationController = await client
        .resource(resources.replicationControllers)
        .get(metadata.name!, metadata.namespace ?? 'default');
      wanted += controller.spec.replicas ?? 1;
    }
    const ready = pods.filter((pod) =>
      (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    detail(`${ready.length} of ${wanted} ready`);
    return ready.length >= wanted;
  });
  return pods;
}

/** Asks each Service over HTTP through the proxy of each agent. */
async function waitForServices(
  platform: Platform,
  client: ApiClient,
  objects: readonly NewObject<ApiObject>[],
  plan: ClusterPlan,
  deadline: Deadline,
  detail: (text: string) => void,
): Promise<void> {
  for (const { kind, metadata } of objects) {
    if (kind !== 'Service') continue;
    const service: Service = await client
      .resource(resources.services)
      .get(metadata.name!, metadata.namespace ?? 'default');
    for (const agent of plan.agents) {
      const host = mapServiceAddress(service.spec.clusterIP!, agent.serviceCidr, agent.serviceBlock);
      const address = { host, port: service.spec.ports![0]!.port };
      await deadline.until(
        `${metadata.name} to answer at ${formatAddress(address)} (${agent.nodeName})`,
        detail,
        async () => {
          const request = {
            method: 'GET',
            path: '/',
            headers: { connection: 'close' },
            body: new Uint8Array(0),
          };
          const response = await platform.network.http.request(address, request, {
            tls: 'none',
            timeoutMillis: 2000,
          });
          const answer = await readBody(response.body);
          detail(`${agent.nodeName}: ${answer.trim().slice(0, 60)}`);
          return response.status === 200;
        },
      );
    }
  }
}

async function readBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Waiting, with one end for everything: the time allowed, Ctrl-C, or the death of a process. */
class Deadline {
  readonly #endsAt: number;
  readonly #seconds: number;
  readonly #children: Children;
  readonly #signal: AbortSignal;

  constructor(millis: number, children: Children, signal: AbortSignal) {
    this.#endsAt = performance.now() + millis;
    this.#seconds = millis / 1000;
    this.#children = children;
    this.#signal = signal;
  }

  /** Polls `reached` until it says true. Its refusals by the API or the network count as "not yet". */
  async until(what: string, detail: (text: string) => void, reached: () => Promise<boolean>): Promise<void> {
    let latest = '';
    for (;;) {
      try {
        if (await reached()) return;
      } catch (error) {
        if (error instanceof CliError || !(error instanceof Error)) throw error;
        if (error.name !== 'NetworkError' && error.name !== 'ApiError') throw error;
        latest = error.message;
        detail(latest);
      }
      if (this.#signal.aborted)
        throw new CliError(`interrupted while waiting for ${what}`, { exitCode: 130 });
      const dead = this.#children.all.find((child) => child.ended !== undefined);
      if (dead !== undefined) {
        throw new CliError(
          `${dead.name} ended (${dead.ended}) while waiting for ${what}; its log ${dead.logFile} ends:\n${tailOf(dead.logFile)}`,
        );
      }
      if (performance.now() > this.#endsAt) {
        throw new CliError(
          `waited ${this.#seconds} s for ${what}${latest === '' ? '' : ` (last: ${latest})`}: see the logs in ${resolve(this.#children.all[0]?.logFile ?? '.', '..')}`,
        );
      }
      await new Promise((resume) => {
        setTimeout(resume, pollMillis);
      });
    }
  }
}

function printTour(
  steps: Steps,
  cluster: {
    dataDirectory: string;
    apiUrl: string;
    kubeconfigPath: string;
    children: readonly Child[];
    plan: ClusterPlan;
  },
): void {
  const kubectl = `kubectl --kubeconfig ${relative(process.cwd(), cluster.kubeconfigPath)}`;
  const pidOf = (name: string): number => cluster.children.find((child) => child.name === name)?.pid ?? 0;
  const data = relative(process.cwd(), cluster.dataDirectory);
  const agent = cluster.plan.agents.at(-1)!.nodeName;
  steps.line(`
API         ${cluster.apiUrl}
kubeconfig  ${cluster.kubeconfigPath}
logs        ${join(cluster.dataDirectory, 'logs')}

Four things to try, in another terminal:
  ${pc.cyan(`${kubectl} get pods -o wide`)}
  ${pc.cyan(`${kubectl} scale rc hello --replicas 5`)}
  ${pc.cyan(`kill -9 $(npx drydock leader --data-dir ${data} --pid)`)}    ${pc.dim("# the store's leader; writes go on")}
  ${pc.cyan(`kill ${pidOf(agent)}`)}    ${pc.dim(`# ${agent}: NotReady, and its pods move`)}

Ctrl-C stops everything; the data stays in ${data}.
`);
}

function restartHint(dataDirectory: string, child: Child): string {
  const kind = child.name.startsWith('agent') ? 'agent' : 'server';
  return `Start it again with: npx drydock ${kind} --data-dir ${relative(process.cwd(), join(dataDirectory, child.name))}`;
}

function integerOption(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CliError(`${flag} ${text} is not a whole number from ${least} to ${most}`, { exitCode: 2 });
  }
  return value;
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(2)} s`;
}
