import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { ApiServer } from '../apiserver/api-server.ts';
import { createApiClient } from '../client/http-api-client.ts';
import { ControllerManager } from '../controllers/controller-manager.ts';
import { NetworkError } from '../platform/errors.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { CliError } from './cli-error.ts';
import type { ServerConfig } from './cluster-plan.ts';
import { aborted, createComponentPlatform, runUntilSignal } from './component.ts';
import { serverConfigSchema } from './config-schemas.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { readConfig } from './config-file.ts';
import { timingOf } from './failover.ts';
import { checkPortsFree } from './ports.ts';
import { startStoreWorker } from './store-worker.ts';

/** `drydock server`: one control-plane host: store member, API server, scheduler, controllers. */
export function addServerCommand(program: Command): void {
  program
    .command('server')
    .description('run one control-plane host: store member, API server, scheduler and controllers')
    .requiredOption(
      '--data-dir <dir>',
      'its data; server.json in it says who it is (`drydock up` writes one)',
    )
    .addHelpText(
      'after',
      `
Examples:
  Restart a server that was killed:
    drydock server --data-dir .drydock/server-2`,
    )
    .action(async (options: { dataDir: string }) => {
      const directory = resolve(options.dataDir);
      const config = readConfig(
        join(directory, 'server.json'),
        serverConfigSchema,
        'run `drydock up` or `drydock init` on the folder above it, which writes it anew',
      );
      if (config === undefined) {
        throw new CliError(
          `${directory} is not a server's data directory (it has no server.json): name one that \`drydock up\` made, such as .drydock/server-1`,
        );
      }
      await runUntilSignal((signal) => runServer(directory, config, signal));
    });
}

/** A member that served and starts from nothing has forgotten its votes and the writes it acknowledged. */
function refuseLostLog(directory: string): void {
  const log = join(directory, 'etcd/wal');
  const served = existsSync(join(directory, 'pid'));
  // Where something else is wrong, the store says so itself, and better.
  if (!served || listIfThere(log).length > 0 || isFile(join(directory, 'etcd'))) return;
  throw new CliError(
    `${log} has no log, though this server has served before: restore ${join(directory, 'etcd')} as it was, or run without this server until membership can be changed (it would vote twice)`,
  );
}

function listIfThere(folder: string): readonly string[] {
  return existsSync(folder) && !isFile(folder) ? readdirSync(folder) : [];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** How long giving up leases may hold up the end. */
const releaseMillisMax = 500;

/** Runs a server until `signal` aborts. @throws CliError when it cannot start or its store fails */
export async function runServer(directory: string, config: ServerConfig, signal: AbortSignal): Promise<void> {
  const platform = await createComponentPlatform(config.name, config.pkiDirectory);
  const self = config.members.find(({ name }) => name === config.name);
  if (self === undefined) {
    throw new CliError(
      `${directory}/server.json names ${config.name}, which is not one of its members: correct the name`,
    );
  }
  // Before the store is opened: a server that cannot serve leaves its data as it was.
  await checkPortsFree([config.apiListen, self.peerAddress], 'change it in server.json');
  refuseLostLog(directory);
  const timing = timingOf[config.failover];
  const store = await startStoreWorker({
    hostname: config.name,
    pkiDirectory: config.pkiDirectory,
    member: {
      name: config.name,
      cluster: { token: config.clusterToken, members: config.members },
      dataDirectory: join(directory, 'etcd'),
      tickMillis: timing.tickMillis,
    },
  });
  const apiServer = new ApiServer(platform, {
    etcd: store.client,
    listen: config.apiListen,
    advertise: config.apiListen,
    tls: 'mutual',
    serviceCidr: config.serviceCidr,
  });
  try {
    await apiServer.start();
  } catch (error) {
    await store.stop();
    throw error instanceof NetworkError ? new CliError(error.message, { cause: error }) : error;
  }
  writeFileAtomically(join(directory, 'pid'), `${process.pid}\n`);
  platform.logger.info('ready to serve client requests', { port: config.apiListen.port });

  // Scheduler and controllers end with the server, or with its store.
  const stop = new AbortController();
  const client = createApiClient(platform, {
    servers: config.apiServers,
    tls: 'mutual',
    userAgent: `drydock-server/${config.name}`,
    requestTimeoutMillis: 3000,
  });
  const { leaderElection } = timing;
  const running = Promise.all([
    new Scheduler(platform, { client, identity: config.name, leaderElection }).run(stop.signal),
    new ControllerManager(platform, {
      client,
      identity: config.name,
      leaderElection,
      timing: timing.controllers,
    }).run(stop.signal),
  ]);
  const failure = await Promise.race([
    aborted(signal).then(() => undefined),
    store.failed,
    running.then(() => 'the scheduler and controllers ended'),
  ]);
  stop.abort();
  // They give up their leases through the API server, so it goes last. Where the other servers end at the same
  // moment nobody can take the release any more: a successor waits for the lease to run out instead.
  if (failure === undefined) await Promise.race([running, platform.clock.sleep(releaseMillisMax)]);
  await apiServer.stop();
  if (failure !== undefined) throw new CliError(`${config.name} stopped: ${failure}`);
  await store.stop();
}
