import { resolve } from 'node:path';

import type { Command } from 'commander';

import { TokenOptionsError } from '../etcd/auth/token-options.ts';
import type { ClusterConfig, ConfiguredMember } from '../etcd/cluster.ts';
import { EtcdService, type EtcdServiceOptions } from '../etcd/etcd-service.ts';
import { etcdVersion } from '../etcd/member.ts';
import { limitHeapGrowth } from '../platform/os/heap-growth.ts';
import { LmdbBackends } from '../platform/os/lmdb-backend.ts';
import { createBcrypt } from '../platform/os/os-bcrypt.ts';
import { openTokenSigner } from '../platform/os/os-token-signer.ts';
import { withoutSync } from '../platform/os/os-disk.ts';
import { processFacts } from '../platform/os/process-facts.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { CliError } from './cli-error.ts';
import { aborted, runUntilSignal } from './component.ts';
import { addEtcdCheckCommand } from './etcd-check.ts';
import {
  addEtcdFlags,
  durationMillis,
  readAutoCompaction,
  readEtcdFlags,
  readInitialCluster,
  readUrls,
  usage,
  withDoubleDashes,
  type EtcdFlags,
  type EtcdUrl,
} from './etcd-flags.ts';
import { createLogger } from './etcd-log.ts';
import { addEtcdSnapshotCommand } from './etcd-snapshot.ts';
import { hostsOf, readClientTls, readPeerTls, readTextFile } from './etcd-tls.ts';
import { integerOption } from './options.ts';

/** `drydock etcd`: one store member that speaks etcd's protocols, with etcd's own flags. */
export function addEtcdCommand(program: Command): void {
  const command = program
    .command('etcd')
    .version(
      `etcd Version: ${etcdVersion}\nServer: drydock`,
      '--version',
      'tell the version of etcd that this is',
    )
    .description(
      "run a store member that etcdctl and every other etcd client can use; takes etcd's own flags",
    )
    .addHelpText(
      'after',
      `
Every flag can be an environment variable: --initial-cluster as ETCD_INITIAL_CLUSTER.

Examples:
  One member, for clients on this machine:
    drydock etcd --data-dir /tmp/lab
    etcdctl put hello world && etcdctl get hello
  The first of three members:
    drydock etcd --name a --data-dir a --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \\
      --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \\
      --initial-cluster a=http://127.0.0.1:2380,b=http://127.0.0.1:3380,c=http://127.0.0.1:4380
  Save, and begin a new member from what was saved:
    etcdctl snapshot save backup.db
    drydock etcd snapshot restore backup.db --data-dir restored
  Look into a data directory while nothing runs on it:
    drydock etcd check /tmp/lab`,
    )
    .action(async () => {
      await runUntilSignal((signal) => runEtcd(command, signal));
      // A member that was being dialled would hold the process until its time is up.
      process.exit(0);
    });
  addEtcdFlags(command);
  // What stands behind `snapshot restore` is its own: `--data-dir` is a flag of the member too.
  program.enablePositionalOptions();
  command.enablePositionalOptions();
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (args) => parseOptions(withDoubleDashes(args));
  addEtcdCheckCommand(command);
  addEtcdSnapshotCommand(command);
}

/** What dies between two collections may take as much as what lives. */
const heapGrowthPercent = 100;

async function runEtcd(command: Command, signal: AbortSignal): Promise<void> {
  limitHeapGrowth(heapGrowthPercent);
  const warnings: string[] = [];
  const flags = readEtcdFlags(command, (warning) => warnings.push(warning));
  const name = String(flags.name);
  const clientUrls = readUrls('listen-client-urls', String(flags['listen-client-urls']));
  const clientHttpUrls = readUrls('listen-client-http-urls', String(flags['listen-client-http-urls'] ?? ''));
  const peerUrls = readUrls('listen-peer-urls', String(flags['listen-peer-urls']));
  const metricsUrls = readUrls('listen-metrics-urls', String(flags['listen-metrics-urls'] ?? ''));
  const secure = (flag: string, urls: readonly EtcdUrl[]): boolean => {
    if (urls.length === 0) throw usage(`--${flag} names no URL`);
    if (urls.some((url) => url.secure !== urls[0]!.secure)) {
      throw usage(`--${flag} mixes http and https: choose one`);
    }
    return urls[0]!.secure;
  };
  const clientSecure = secure('listen-client-urls', clientUrls);
  if (clientHttpUrls.some((url) => url.secure !== clientSecure)) {
    throw usage('--listen-client-http-urls and --listen-client-urls mix http and https: choose one');
  }
  if (!clientSecure && metricsUrls.some((url) => url.secure)) {
    throw usage(
      '--listen-metrics-urls with https needs https in --listen-client-urls: it shows its certificate',
    );
  }
  const dataDirectory = resolve(String(flags['data-dir'] ?? `${name}.etcd`));
  const clientTls = clientSecure
    ? await readClientTls(flags, dataDirectory, hostsOf([...clientUrls, ...clientHttpUrls]))
    : undefined;
  const peerTls = secure('listen-peer-urls', peerUrls)
    ? await readPeerTls(flags, dataDirectory, hostsOf(peerUrls))
    : undefined;
  const logger = createLogger(flags);
  for (const warning of warnings) logger.warn(warning);
  for (const [flag, urls] of [
    ['listen-client-urls', clientUrls],
    ['listen-peer-urls', peerUrls],
  ] as const) {
    for (const { secure: encrypted, text, address } of urls) {
      if (!encrypted && !isLoopback(address.host)) {
        logger.warn('anyone who reaches this address gets in: use https and certificates', {
          flag,
          url: text,
        });
      }
    }
  }
  const platform = createOsPlatform({
    hostname: name,
    logger,
    ...(peerTls === undefined ? { plainLinks: true } : { tls: peerTls }),
  });
  if (flags['unsafe-no-fsync'] === true)
    logger.warn('--unsafe-no-fsync: a power loss loses acknowledged writes');
  const heartbeat = integerOption('--heartbeat-interval', String(flags['heartbeat-interval']), 1, 60_000);
  const election = integerOption('--election-timeout', String(flags['election-timeout']), 2, 600_000);
  if (election < 5 * heartbeat) {
    throw usage(
      `--election-timeout ${election} must be at least five times --heartbeat-interval ${heartbeat}`,
    );
  }
  const count = (flag: keyof EtcdFlags, least: number, most: number): number =>
    integerOption(`--${flag}`, String(flags[flag]), least, most);
  const millis = (flag: keyof EtcdFlags): number => durationMillis(flag, String(flags[flag]));
  const compaction = readAutoCompaction(
    String(flags['auto-compaction-mode']),
    String(flags['auto-compaction-retention']),
  );
  const batchInterval = flags['backend-batch-interval'];
  const options: EtcdServiceOptions = {
    member: {
      name,
      cluster: readCluster(name, flags),
      dataDirectory,
      backends: new LmdbBackends(
        batchInterval === undefined ? {} : { commitMillis: millis('backend-batch-interval') },
      ),
      listenPeer: peerUrls.map(({ address }) => address),
      advertiseClientUrls: readUrls('advertise-client-urls', String(flags['advertise-client-urls'])).map(
        ({ text }) => text,
      ),
      tickMillis: heartbeat,
      electionTicks: Math.ceil(election / heartbeat),
      snapshotEntries: count('snapshot-count', 1, 10_000_000),
      catchUpEntries: count('snapshot-catchup-entries', 0, 10_000_000),
      quotaBytes: quota(count('quota-backend-bytes', -1, Number.MAX_SAFE_INTEGER)),
      requestBytesMax: count('max-request-bytes', 1, 512 * 1024 * 1024),
      learnersMax: count('max-learners', 1, 100),
      strictReconfigCheck: flags['strict-reconfig-check'] === true,
      initialCorruptCheck: flags['initial-corrupt-check'] === true,
      forceNewCluster: flags['force-new-cluster'] === true,
      corruptCheckMillis: millis('corrupt-check-time'),
      slowApplyMillis: millis('warning-apply-duration'),
      ...(compaction !== undefined && { autoCompaction: compaction }),
    },
    listenClient: clientUrls.map(({ address }) => address),
    listenClientHttp: clientHttpUrls.map(({ address }) => address),
    listenMetrics: metricsUrls.map(({ address, secure: encrypted }) => ({ ...address, secure: encrypted })),
    ...(clientTls !== undefined && { clientTls }),
    gateway: flags['enable-grpc-gateway'] === true,
    access: { origins: namesIn(flags.cors), hosts: namesIn(flags['host-whitelist']) },
    extensiveMetrics: flags.metrics === 'extensive',
    streamsMax: count('max-concurrent-streams', 1, 2 ** 32 - 1),
    authToken: String(flags['auth-token']),
    authTokenTtlSeconds: count('auth-token-ttl', 1, 1_000_000_000),
    bcrypt: createBcrypt(),
    bcryptCost: count('bcrypt-cost', 4, 31),
    openSigner: openTokenSigner,
    requestBytesMax: count('max-request-bytes', 1, 512 * 1024 * 1024),
    txnOpsMax: count('max-txn-ops', 1, 1_000_000),
    progressNotifyMillis: millis('watch-progress-notify-interval'),
    keepalive: {
      minTimeMillis: millis('grpc-keepalive-min-time'),
      intervalMillis: millis('grpc-keepalive-interval'),
      timeoutMillis: millis('grpc-keepalive-timeout'),
    },
    readFile: (path) => readTextFile('auth-token', path),
    processFacts,
  };
  const disk = flags['unsafe-no-fsync'] === true ? withoutSync(platform.disk) : platform.disk;
  const starting = EtcdService.start({ ...platform, disk }, options);
  // Who waits for others to join them may be asked to end before it serves.
  const service = await Promise.race([starting, aborted(signal).then(() => undefined)]).catch(
    (error: unknown) => {
      throw error instanceof TokenOptionsError ? usage(`--auth-token: ${error.message}`) : error;
    },
  );
  if (service === undefined) return;
  const failure = await Promise.race([aborted(signal).then(() => undefined), service.failed]);
  await service.stop();
  if (failure !== undefined) throw new CliError(`${name} stopped: ${failure.message}`);
}

function readCluster(name: string, flags: EtcdFlags): ClusterConfig {
  const token = String(flags['initial-cluster-token']);
  const state = flags['initial-cluster-state'] === 'existing' ? 'existing' : 'new';
  const advertised = String(flags['initial-advertise-peer-urls']);
  const text = String(
    flags['initial-cluster'] ??
      readUrls('initial-advertise-peer-urls', advertised)
        .map((url) => `${name}=${url.text}`)
        .join(','),
  );
  const members: ConfiguredMember[] = [...readInitialCluster(text)].map(([member, urls]) => ({
    name: member,
    peerAddress: urls[0]!.address,
    peerUrls: urls.map((url) => url.text),
  }));
  if (!members.some((member) => member.name === name)) {
    throw usage(`--initial-cluster ${text} does not name this member (--name ${name})`);
  }
  return { token, state, members };
}

/** etcd's default of 2 GiB; no limit for a negative one. */
function quota(bytes: number): number {
  if (bytes < 0) return 0;
  return bytes === 0 ? 2 * 1024 * 1024 * 1024 : bytes;
}

/** Empty: all, as `*`. */
function namesIn(list: string | boolean | undefined): ReadonlySet<string> {
  const names = String(list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return new Set(names.length === 0 ? ['*'] : names);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
