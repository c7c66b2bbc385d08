import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import {
  createAuthority,
  issueCertificate,
  type Authority,
  loadAuthority,
  saveTlsMaterial,
} from '../platform/os/pki.ts';
import { DiskError } from '../platform/errors.ts';
import { diskError } from '../platform/os/system-errors.ts';
import { tlsFiles, type TlsMaterial } from '../platform/os/tls.ts';
import { loadCertificate } from './certificates.ts';
import { CliError } from './cli-error.ts';
import { planCluster, serverUser, type ClusterPlan, type KeptPlan } from './cluster-plan.ts';
import { keptPlanSchema } from './config-schemas.ts';
import { readConfig, writeConfig } from './config-file.ts';
import { integerOption } from './options.ts';

/** The flags of `drydock up` that shape the cluster, as they were typed. */
export interface PlanOptions {
  readonly servers: string;
  readonly agents: string;
  readonly basePort: string;
  readonly loopbackBlock: string;
}

/**
 * The plan of the cluster in `dataDirectory`: the one that is kept, or a new one. Writes nothing, so that a
 * start that is refused leaves no trace.
 *
 * @throws CliError when the options contradict what is kept
 */
export function loadOrPlan(dataDirectory: string, options: PlanOptions): ClusterPlan {
  const servers = integerOption('--servers', options.servers, 1, 5);
  const agents = integerOption('--agents', options.agents, 1, 16);
  const basePort = integerOption('--base-port', options.basePort, 1024, 65_000);
  if (servers % 2 === 0) {
    throw new CliError(
      `--servers ${servers} tolerates no more failures than ${servers - 1}: choose 1, 3 or 5`,
      { exitCode: 2 },
    );
  }
  const loopbackBlock = integerOption('--loopback-block', options.loopbackBlock, 1, 223);
  const known = readKeptPlan(dataDirectory);
  if (known === undefined) refuseOrphans(dataDirectory);
  const same =
    known === undefined ||
    (known.servers === servers && known.basePort === basePort && known.loopbackBlock === loopbackBlock);
  if (!same) {
    throw new CliError(
      `${dataDirectory} holds a cluster of another shape: start it with --servers ${known.servers} --base-port ${known.basePort} --loopback-block ${known.loopbackBlock}, or choose another --data-dir`,
    );
  }
  const token = known?.token ?? randomBytes(16).toString('hex');
  return planCluster({ dataDirectory, token, basePort, loopbackBlock, servers, agents });
}

/** Keeps a plan, for a second start to resume it, and writes each process its configuration. @throws CliError, DiskError */
export function keepPlan(dataDirectory: string, plan: ClusterPlan): void {
  if (readKeptPlan(dataDirectory) === undefined) {
    const { token, servers, basePort, loopbackBlock } = plan;
    const kept: KeptPlan = { token, servers: servers.length, basePort, loopbackBlock };
    writeConfig(join(dataDirectory, 'cluster.json'), kept);
  }
  for (const server of plan.servers) writeConfig(join(dataDirectory, server.name, 'server.json'), server);
  for (const agent of plan.agents) writeConfig(join(dataDirectory, agent.nodeName, 'agent.json'), agent);
}

/** What `drydock up` keeps of the cluster in `dataDirectory`, or undefined when it holds none. @throws CliError */
export function readKeptPlan(dataDirectory: string): KeptPlan | undefined {
  return readConfig(
    join(dataDirectory, 'cluster.json'),
    keptPlanSchema,
    'restore it from a backup, or choose another --data-dir',
  );
}

/** A new token would turn the data of servers that are there already into that of another cluster. */
function refuseOrphans(dataDirectory: string): void {
  if (statSync(dataDirectory, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  let names: readonly string[];
  try {
    names = readdirSync(dataDirectory);
  } catch (error) {
    throw new CliError(`${diskError(error, 'list', dataDirectory).message}; choose another --data-dir`, {
      cause: error,
    });
  }
  const orphan = names.find((name) => existsSync(join(dataDirectory, name, 'server.json')));
  if (orphan === undefined) return;
  throw new CliError(
    `${dataDirectory} has ${orphan} but no cluster.json: restore that file from a backup, or choose another --data-dir`,
  );
}

/**
 * The cluster's authority and one certificate per process, made once. Returns the administrator's.
 *
 * @throws CliError when what is there is incomplete or does not belong together
 */
export async function prepareCertificates(dataDirectory: string, plan: ClusterPlan): Promise<TlsMaterial> {
  const authority = await prepareAuthority(join(dataDirectory, 'pki'));
  const ensure = async (folder: string, commonName: string, organization: string): Promise<TlsMaterial> => {
    if (!existsSync(join(folder, tlsFiles.cert))) {
      const hosts = ['127.0.0.1', 'localhost', commonName.split(':').at(-1)!];
      const material = await issueCertificate(authority, {
        commonName,
        organizations: [organization],
        hosts,
      });
      await saveTlsMaterial(folder, material);
    }
    const material = await loadCertificate(commonName, folder);
    if (material.ca !== authority.certificatePem) {
      throw new CliError(
        `${folder} holds a certificate of another authority than ${dataDirectory}/pki: remove it, and \`drydock up\` makes a new one`,
      );
    }
    return material;
  };
  for (const { name, pkiDirectory } of plan.servers)
    await ensure(pkiDirectory, serverUser(name), 'system:masters');
  for (const { nodeName, pkiDirectory } of plan.agents)
    await ensure(pkiDirectory, `system:node:${nodeName}`, 'system:nodes');
  return ensure(join(dataDirectory, 'pki/admin'), 'kubernetes-admin', 'system:masters');
}

async function prepareAuthority(directory: string): Promise<Authority> {
  const remedy = `restore ${directory} from a backup, or remove every pki folder below ${join(directory, '..')} to let new ones be made`;
  const [hasCertificate, hasKey] = [tlsFiles.ca, 'ca.key'].map((name) => existsSync(join(directory, name)));
  if (hasKey === false && hasCertificate === false) return createAuthority(directory);
  if (hasKey === false || hasCertificate === false) {
    throw new CliError(`${directory} lacks ${hasKey === true ? tlsFiles.ca : 'ca.key'}: ${remedy}`);
  }
  try {
    return await loadAuthority(directory);
  } catch (error) {
    if (error instanceof DiskError) throw error;
    throw new CliError(
      `${directory} holds a damaged authority (ca.crt or ca.key cannot be parsed): ${remedy}`,
      {
        cause: error,
      },
    );
  }
}
