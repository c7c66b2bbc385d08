import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { createAuthority, issueCertificate, loadAuthority, saveTlsMaterial } from '../platform/os/pki.ts';
import { loadTlsMaterial, type TlsMaterial } from '../platform/os/tls.ts';
import { CliError } from './cli-error.ts';
import { planCluster, serverUser, type ClusterPlan } from './cluster-plan.ts';
import { readConfig, writeConfig } from './config-file.ts';
import { integerOption } from './options.ts';

/** The flags of `drydock up` that shape the cluster, as they were typed. */
export interface PlanOptions {
  readonly servers: string;
  readonly agents: string;
  readonly basePort: string;
  readonly loopbackBlock: string;
}

/** What cluster.json keeps. */
interface KeptPlan {
  readonly token: string;
  readonly servers: number;
  readonly basePort: number;
  readonly loopbackBlock: number;
}

/**
 * The plan of the cluster in `dataDirectory`, made on the first start and kept: a second start resumes it.
 * Writes each process its configuration.
 *
 * @throws CliError when the options contradict what is kept
 */
export function loadOrPlan(dataDirectory: string, options: PlanOptions): ClusterPlan {
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
  const loopbackBlock = integerOption('--loopback-block', options.loopbackBlock, 1, 223);
  const known = readConfig<KeptPlan>(file);
  const same =
    known === undefined ||
    (known.servers === servers && known.basePort === basePort && known.loopbackBlock === loopbackBlock);
  if (!same) {
    throw new CliError(
      `${dataDirectory} holds a cluster of another shape: start it with --servers ${known.servers} --base-port ${known.basePort} --loopback-block ${known.loopbackBlock}, or choose another --data-dir`,
    );
  }
  const token = known?.token ?? randomBytes(16).toString('hex');
  const plan = planCluster({ dataDirectory, token, basePort, loopbackBlock, servers, agents });
  if (known === undefined) writeConfig(file, { token, servers, basePort, loopbackBlock } satisfies KeptPlan);
  for (const server of plan.servers) writeConfig(join(dataDirectory, server.name, 'server.json'), server);
  for (const agent of plan.agents) writeConfig(join(dataDirectory, agent.nodeName, 'agent.json'), agent);
  return plan;
}

/** The cluster's authority and one certificate per process, made once. Returns the administrator's. */
export async function prepareCertificates(dataDirectory: string, plan: ClusterPlan): Promise<TlsMaterial> {
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
    await ensure(pkiDirectory, serverUser(name), 'system:masters');
  for (const { nodeName, pkiDirectory } of plan.agents)
    await ensure(pkiDirectory, `system:node:${nodeName}`, 'system:nodes');
  const adminFolder = join(directory, 'admin');
  await ensure(adminFolder, 'kubernetes-admin', 'system:masters');
  return loadTlsMaterial(adminFolder);
}
