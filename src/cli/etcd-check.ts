import { resolve } from 'node:path';

import type { Command } from 'commander';

import { formatReport, verifyDataDirectory } from '../etcd/check.ts';
import { LmdbBackends } from '../platform/os/lmdb-backend.ts';
import { createOsPlatform } from '../platform/os/os-platform.ts';
import { CliError } from './cli-error.ts';

/** `drydock etcd check DIR`: looks at every record of a data directory on which nothing runs. Exit code 1 when it is damaged. */
export function addEtcdCheckCommand(etcd: Command): void {
  etcd
    .command('check')
    .description(
      'verify a data directory offline: every record of the log and of the backend, and that they agree',
    )
    .argument('<dir>', 'the data directory of a member that does not run')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  drydock etcd check default.etcd
  drydock etcd check .drydock/server-1/etcd --json`,
    )
    .action(async (directory: string, options: { json?: boolean }) => {
      const platform = createOsPlatform({ hostname: 'check' });
      const report = await verifyDataDirectory(platform, new LmdbBackends(), resolve(directory));
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report),
      );
      if (!report.sound) throw new CliError(`${directory} is damaged`);
    });
}
