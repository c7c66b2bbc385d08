import { join, relative, resolve } from 'node:path';

import type { Command } from 'commander';

import type { MemberStatus } from '../etcd/client.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { isProcessAlive } from '../platform/os/process-stat.ts';
import type { Platform } from '../platform/platform.ts';
import { formatAddress } from './address.ts';
import { loadCertificate } from './certificates.ts';
import { CliError } from './cli-error.ts';
import { readKeptPlan } from './cluster-files.ts';
import type { ServerConfig } from './cluster-plan.ts';
import { serverConfigSchema } from './config-schemas.ts';
import { readConfig, readTextIfThere } from './config-file.ts';
import { tryHttpGet } from './http-get.ts';
import { textTable } from './tables.ts';

interface ServerStatus {
  readonly name: string;
  readonly address: string;
  /** Absent when its process has ended. */
  readonly pid: number | undefined;
  /** Absent when the server does not answer. */
  readonly store: MemberStatus | undefined;
}

/** `drydock status`: the servers of a cluster on this machine: who leads the store, how far each one is. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show the servers of a cluster on this machine and who leads its store')
    .option('--data-dir <dir>', 'the data directory of `drydock up`', '.drydock')
    .option('--leader-pid', "print only the process id of the leader's server")
    .option('--json', 'print JSON')
    .action(async (options: { dataDir: string; leaderPid?: boolean; json?: boolean }) => {
      const statuses = await askServers(resolve(options.dataDir));
      if (statuses.every(({ store }) => store === undefined))
        throw new CliError(silence(options.dataDir, statuses));
      const leader = statuses.find(({ store }) => store !== undefined && store.leader === store.memberId);
      if (options.leaderPid === true) {
        if (leader?.pid === undefined)
          throw new CliError(
            `no server of ${options.dataDir} says that it leads: ask again when a majority of its servers is up`,
          );
        process.stdout.write(`${leader.pid}\n`);
      } else if (options.json === true) {
        process.stdout.write(`${JSON.stringify(statuses, null, 2)}\n`);
      } else {
        process.stdout.write(`${render(statuses)}\n`);
      }
    });
}

async function askServers(directory: string): Promise<readonly ServerStatus[]> {
  const plan = readKeptPlan(directory);
  if (plan === undefined) {
    throw new CliError(
      `${relative(process.cwd(), directory)} holds no cluster: start one with \`drydock up\`, or name its --data-dir`,
    );
  }
  const platform = createOsPlatform({
    hostname: 'drydock-status',
    tls: await loadCertificate('kubernetes-admin', join(directory, 'pki', 'admin')),
  });
  return Promise.all(
    Array.from({ length: plan.servers }, async (_, i) => {
      const folder = join(directory, `server-${i + 1}`);
      const remedy = 'run `drydock up` or `drydock init` again, which writes it anew';
      const file = join(folder, 'server.json');
      const config = readConfig(file, serverConfigSchema, remedy);
      if (config === undefined) throw new CliError(`${file} does not exist: ${remedy}`);
      const pid = Number(readTextIfThere(join(folder, 'pid')));
      return {
        name: config.name,
        address: formatAddress(config.apiListen),
        // A server that was killed leaves its process id behind.
        pid: pid > 0 && (await isProcessAlive(pid, '')) ? pid : undefined,
        store: await askStore(platform, config),
      };
    }),
  );
}

/** Why nothing can be shown, when no server answers. */
function silence(dataDirectory: string, statuses: readonly ServerStatus[]): string {
  const alive = statuses.filter(({ pid }) => pid !== undefined);
  if (alive.length === 0) {
    return `no server of ${dataDirectory} runs: start the cluster with \`drydock up --data-dir ${dataDirectory}\``;
  }
  const processes = alive.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
  return `no server of ${dataDirectory} answers, though ${processes} ${alive.length === 1 ? 'runs' : 'run'}: look into ${join(dataDirectory, 'logs')}`;
}

async function askStore(platform: Platform, config: ServerConfig): Promise<MemberStatus | undefined> {
  const options = { tls: 'mutual', timeoutMillis: 2000 } as const;
  const answer = await tryHttpGet(platform, config.apiListen, '/debug/store', options);
  return answer?.status === 200 ? (JSON.parse(answer.text) as MemberStatus) : undefined;
}

function render(statuses: readonly ServerStatus[]): string {
  return textTable(
    ['SERVER', 'PID', 'API', 'STORE', 'TERM', 'REVISION', 'APPLIED'],
    statuses.map(({ name, address, pid, store }) =>
      store === undefined
        ? [name, pid ?? '-', address, 'does not answer', '-', '-', '-']
        : [
            name,
            pid ?? '-',
            address,
            store.leader === store.memberId ? 'leader' : 'follower',
            store.raftTerm,
            store.revision,
            store.raftAppliedIndex,
          ],
    ),
  );
}
