import { join, relative, resolve } from 'node:path';

import type { Command } from 'commander';

import type { ApiClient } from '../client/api-client.ts';
import { createApiClient } from '../client/http-api-client.ts';
import * as resources from '../client/resources.ts';
import { ProcessRuntime } from '../kubelet/runtime/process-runtime.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import type { Platform } from '../platform/platform.ts';
import { Children, type Child } from './children.ts';
import {
  keepPlan,
  loadOrPlan,
  prepareCertificates,
  readKeptPlan,
  type PlanOptions,
} from './cluster-files.ts';
import { loopbackBlocksPerCluster, type ClusterPlan } from './cluster-plan.ts';
import { stderrColors } from './colors.ts';
import { aborted, DirectoryInUseError, runUntilSignal, withDirectoryLocked } from './component.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { Deadline } from './deadline.ts';
import { apiUrl, kubeconfig } from './kubeconfig.ts';
import { integerOption } from './options.ts';
import { addPlanOptions } from './plan-options.ts';
import { checkPortsFree, holdLoopbackBlocks } from './ports.ts';
import { Steps } from './steps.ts';
import { nodesTable, podsTable } from './tables.ts';
import { applyAll, isNodeReady, isReady, readManifest, waitForPods, waitForServices } from './verify.ts';
import { watchCluster } from './watch-cluster.ts';

interface UpOptions extends PlanOptions {
  readonly dataDir: string;
  readonly manifest: string;
  readonly timeout: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

const defaultManifest = join(import.meta.dirname, '../../../scenarios/manifests/hello.yaml');

/** `drydock up`: a whole cluster of real processes on this machine. */
export function addUpCommand(program: Command): void {
  addPlanOptions(
    program
      .command('up')
      .description('run a whole cluster on this machine: three servers and two agents, all real processes'),
  )
    .option(
      '--once',
      'verify that everything works, stop it all and exit 0; not 0, with the reason, if it does not',
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
  // The ports and addresses of a cluster that is kept are part of it.
  const elsewhere = readKeptPlan(dataDirectory) === undefined ? '' : ' and another --data-dir';
  await checkPortsFree(
    [
      ...plan.servers.flatMap(({ apiListen, members }, i) => [apiListen, members[i]!.peerAddress]),
      ...plan.agents.map(({ kubeletListen }) => kubeletListen),
    ],
    `choose other ports with --base-port${elsewhere}`,
  );
  const releaseBlocks = await holdLoopbackBlocks(
    plan.loopbackBlock,
    loopbackBlocksPerCluster,
    `choose others with --loopback-block${elsewhere}`,
  );
  keepPlan(dataDirectory, plan);
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
    const launch: Launch = { steps, dataDirectory, plan, children, platform, client, deadline };
    await startServers(launch);
    await startAgents(launch);
    const readyMillis = steps.elapsedMillis;
    await steps.run(`apply ${relative(process.cwd(), options.manifest)}`, (detail) =>
      deadline.until('the manifest to be accepted', detail, () => applyAll(client, objects)),
    );
    const pods = await steps.run('pods run', (detail) => waitForPods(client, objects, deadline, detail));
    await steps.run('Services answer through every agent', (detail) =>
      waitForServices(platform, client, objects, plan, deadline, detail),
    );
    const kubeconfigPath = join(dataDirectory, 'kubeconfig');
    writeFileAtomically(kubeconfigPath, kubeconfig(plan.servers, admin));
    const nodes = (await client.resource(resources.nodes).list()).items;
    if (options.json === true) {
      const summary = {
        apiUrl: apiUrl(plan.servers[0]!.apiListen),
        kubeconfig: kubeconfigPath,
        clusterReadyMillis: Math.round(readyMillis),
        verifiedMillis: Math.round(steps.elapsedMillis),
        processes: children.all.map(({ name, pid }) => ({ name, pid })),
        nodes: nodes.map((node) => node.metadata.name),
        pods: pods.map(({ metadata, spec, status }) => ({
          name: metadata.name,
          node: spec.nodeName,
          ip: status?.podIP,
        })),
      };
      process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    } else {
      process.stdout.write(`\n${nodesTable(nodes, Date.now())}\n\n${podsTable(pods, Date.now())}\n\n`);
    }
    steps.line(
      stderrColors.bold(
        `Cluster ready in ${seconds(readyMillis)}; everything verified in ${seconds(steps.elapsedMillis)}.`,
      ),
    );
    if (options.once === true) return;
    printTour(launch, kubeconfigPath);
    for (const child of children.all) {
      void child.exited.then((how) => {
        if (signal.aborted) return;
        const hint = restartHint(dataDirectory, child);
        steps.line(stderrColors.yellow(`${child.name} (pid ${child.pid}) ended: ${how}. ${hint}`));
      });
    }
    void watchCluster(platform, client, signal, (line) => steps.line(line));
    await aborted(signal);
    steps.line();
  } finally {
    await steps.run('stop every process', async () => {
      await children.stopAll();
      await endLeftoverPods(plan, dataDirectory);
      releaseBlocks();
    });
  }
}

/** What the steps of a start work with. */
interface Launch {
  readonly steps: Steps;
  readonly dataDirectory: string;
  readonly plan: ClusterPlan;
  readonly children: Children;
  readonly platform: Platform;
  readonly client: ApiClient;
  readonly deadline: Deadline;
}

async function startServers(launch: Launch): Promise<void> {
  const { steps, dataDirectory, plan, children, platform, deadline } = launch;
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

async function startAgents(launch: Launch): Promise<void> {
  const { steps, dataDirectory, plan, children, client, deadline } = launch;
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

/**
 * An agent that was killed leaves its pods' processes behind: what `up` started, `up` ends. An agent that was
 * started by hand in its place runs on, with its pods.
 */
async function endLeftoverPods(plan: ClusterPlan, dataDirectory: string): Promise<void> {
  for (const { nodeName, podCidr } of plan.agents) {
    const directory = join(dataDirectory, nodeName);
    const platform = createOsPlatform({ hostname: nodeName });
    const options = { directory, podCidr, programPath: '', leftoverGraceMillis: 2000 };
    try {
      await withDirectoryLocked(platform, directory, () => ProcessRuntime.open(platform, options));
    } catch (error) {
      if (!(error instanceof DirectoryInUseError)) throw error;
    }
  }
}

function printTour(launch: Launch, kubeconfigPath: string): void {
  const { steps, dataDirectory, plan, children } = launch;
  const kubectl = `kubectl --kubeconfig ${relative(process.cwd(), kubeconfigPath)}`;
  const data = relative(process.cwd(), dataDirectory);
  const agent = children.all.find((child) => child.name === plan.agents.at(-1)!.nodeName)!;
  steps.line(`
API         ${apiUrl(plan.servers[0]!.apiListen)}
kubeconfig  ${kubeconfigPath} (contexts drydock, ${plan.servers.map(({ name }) => name).join(', ')})
logs        ${join(dataDirectory, 'logs')}

Four things to try, in another terminal:
  ${stderrColors.cyan(`${kubectl} get pods -o wide`)}
  ${stderrColors.cyan(`${kubectl} scale rc hello --replicas 5`)}
  ${stderrColors.cyan(`kill -9 $(npx drydock status --data-dir ${data} --leader-pid)`)}    ${stderrColors.dim("# the store's leader; writes go on")}
  ${stderrColors.cyan(`kill ${agent.pid}`)}    ${stderrColors.dim(`# ${agent.name}: NotReady, and its pods move`)}

Ctrl-C stops everything; the data stays in ${data}.
`);
}

function restartHint(dataDirectory: string, child: Child): string {
  const kind = child.name.startsWith('agent') ? 'agent' : 'server';
  return `Start it again with: npx drydock ${kind} --data-dir ${relative(process.cwd(), join(dataDirectory, child.name))}`;
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(2)} s`;
}
