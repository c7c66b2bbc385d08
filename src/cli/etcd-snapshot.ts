import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { restoreDataDirectory } from '../etcd/restore.ts';
import { hashBytes, SnapshotFileError } from '../etcd/snapshot-file.ts';
import { LmdbBackends } from '../platform/os/lmdb-backend.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { CliError } from './cli-error.ts';
import { readInitialCluster, usage } from './etcd-flags.ts';

/** `drydock etcd snapshot`: what to do with a file that `etcdctl snapshot save` has written. */
export function addEtcdSnapshotCommand(etcd: Command): void {
  const snapshot = etcd
    .command('snapshot')
    .description('begin anew from what `etcdctl snapshot save` has saved');
  snapshot
    .command('restore')
    .description('make a data directory for one member of a new cluster that begins with the saved state')
    .argument('<file>', 'what `etcdctl snapshot save` has written')
    .option('--name <text>', "the new member's name", 'default')
    .option('--data-dir <dir>', 'the directory to make (default NAME.etcd)')
    .option('--initial-cluster <text>', 'NAME=URL,… of the new members (default: this one alone)')
    .option('--initial-cluster-token <text>', 'tells the new cluster from the old one', 'etcd-cluster')
    .option(
      '--initial-advertise-peer-urls <text>',
      'where other members are told to find it',
      'http://localhost:2380',
    )
    .option('--skip-hash-check', 'take a file without its hash: one copied from a data directory')
    .addHelpText(
      'after',
      `
Examples:
  drydock etcd snapshot restore backup.db --data-dir restored && drydock etcd --data-dir restored
  For each of three members, with its own name and the same file:
    drydock etcd snapshot restore backup.db --name a --initial-cluster a=http://10.0.0.1:2380,b=http://10.0.0.2:2380,c=http://10.0.0.3:2380`,
    )
    .action(async (file: string, options: RestoreOptions) => {
      const directory = resolve(options.dataDir ?? `${options.name}.etcd`);
      const made = !existsSync(directory);
      if (!made && readdirSync(directory).length > 0) {
        throw new CliError(`${directory} is not empty: name a --data-dir that is not there yet`);
      }
      const cluster = options.initialCluster ?? `${options.name}=${options.initialAdvertisePeerUrls}`;
      const members = [...readInitialCluster(cluster)].map(([name, urls]) => ({
        name,
        peerAddress: urls[0]!.address,
        peerUrls: urls.map(({ text }) => text),
      }));
      if (!members.some(({ name }) => name === options.name)) {
        throw usage(`--initial-cluster ${cluster} does not name --name ${options.name}`);
      }
      const content = readContent(file, options.skipHashCheck === true);
      try {
        const { records } = await restoreDataDirectory(
          createOsPlatform({ hostname: options.name }),
          new LmdbBackends(),
          content,
          { directory, name: options.name, cluster: { token: options.initialClusterToken, members } },
        );
        process.stdout.write(
          `${directory}: ${records} records restored; start it with \`drydock etcd --data-dir ${options.dataDir ?? directory}\`\n`,
        );
      } catch (error) {
        // Half a state must not look like a member's.
        if (made) rmSync(directory, { recursive: true, force: true });
        else for (const entry of readdirSync(directory)) rmSync(join(directory, entry), { recursive: true });
        if (!(error instanceof SnapshotFileError)) throw error;
        throw new CliError(`${file}: ${error.message}`, { cause: error });
      }
    });
}

interface RestoreOptions {
  readonly name: string;
  readonly dataDir?: string;
  readonly initialCluster?: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: string;
  readonly skipHashCheck?: boolean;
}

/** The file without its hash, which is checked. */
function readContent(path: string, skipHash: boolean): Uint8Array {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (skipHash) return file;
  const content = file.subarray(0, Math.max(0, file.length - hashBytes));
  const hash = createHash('sha256').update(content).digest();
  if (!hash.equals(file.subarray(content.length))) {
    throw new CliError(`${path} is damaged or cut: its SHA-256 does not fit; save it again`);
  }
  return content;
}
