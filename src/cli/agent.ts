import { delimiter, dirname, join, resolve } from 'node:path';

import type { Command } from 'commander';

import { createApiClient } from '../client/http-api-client.ts';
import { runTogether } from '../client/run-together.ts';
import { Kubelet } from '../kubelet/kubelet.ts';
import { NetworkError } from '../platform/errors.ts';
import { mapServiceAddress } from '../proxy/service-address.ts';
import { ServiceProxy } from '../proxy/service-proxy.ts';
import { UserspaceBackend } from '../proxy/userspace-backend.ts';
import { CliError } from './cli-error.ts';
import type { AgentConfig } from './cluster-plan.ts';
import { createComponentPlatform, runUntilSignal, withDirectoryLocked } from './component.ts';
import { agentConfigSchema } from './config-schemas.ts';
import { readConfig } from './config-file.ts';
import { timingOf } from './failover.ts';
import { describeMachine } from './machine.ts';

/** `drydock agent`: one worker host: kubelet and proxy. */
export function addAgentCommand(program: Command): void {
  program
    .command('agent')
    .description('run one worker host: kubelet (runs pods) and proxy (routes Services)')
    .requiredOption('--data-dir <dir>', 'its data; agent.json in it says who it is (`drydock up` writes one)')
    .addHelpText(
      'after',
      `
Examples:
  Restart an agent that was stopped:
    drydock agent --data-dir .drydock/agent-1`,
    )
    .action(async (options: { dataDir: string }) => {
      const directory = resolve(options.dataDir);
      const config = readConfig(
        join(directory, 'agent.json'),
        agentConfigSchema,
        'run `drydock up` or `drydock init` on the folder above it, which writes it anew',
      );
      if (config === undefined) {
        throw new CliError(
          `${directory} is not an agent's data directory (it has no agent.json): name one that \`drydock up\` made, such as .drydock/agent-1`,
        );
      }
      await runUntilSignal((signal) => runAgent(directory, config, signal));
    });
}

/** Runs an agent until `signal` aborts. */
export async function runAgent(directory: string, config: AgentConfig, signal: AbortSignal): Promise<void> {
  const platform = await createComponentPlatform(config.nodeName, config.pkiDirectory);
  const client = createApiClient(platform, {
    servers: config.apiServers,
    tls: 'mutual',
    userAgent: `drydock-agent/${config.nodeName}`,
    requestTimeoutMillis: 3000,
  });
  const serviceAddress = (clusterIP: string): string =>
    mapServiceAddress(clusterIP, config.serviceCidr, config.serviceBlock);
  const kubelet = new Kubelet(platform, {
    nodeName: config.nodeName,
    client,
    listen: config.kubeletListen,
    advertise: config.kubeletListen,
    tls: 'mutual',
    podCidr: config.podCidr,
    dataDirectory: directory,
    // The node that runs drydock is there for pods too, wherever it is installed.
    programPath: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    ...describeMachine(),
    timing: timingOf[config.failover].kubelet,
    serviceAddress,
  });
  const proxy = new ServiceProxy(platform, {
    client,
    nodeName: config.nodeName,
    backend: new UserspaceBackend(platform, { serviceAddress }),
  });
  // Two agents on one folder would each end the pods of the other.
  await withDirectoryLocked(platform, directory, async () => {
    const tasks = [(ended: AbortSignal) => kubelet.run(ended), (ended: AbortSignal) => proxy.run(ended)];
    try {
      await runTogether(tasks, signal);
    } catch (error) {
      throw error instanceof NetworkError ? new CliError(error.message, { cause: error }) : error;
    }
  });
}
