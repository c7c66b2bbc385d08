import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TlsMaterial } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import { clockCompliance } from './clock.compliance.ts';
import { diskCompliance } from './disk.compliance.ts';
import { networkCompliance } from './network.compliance.ts';
import { processesCompliance } from './processes.compliance.ts';
import type { Program, World } from './worlds.ts';

/** The real world runs by itself. */
const real: World = { run: (work) => work(), close: async () => {} };

async function temporaryFolder(): Promise<World & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'drydock-test-'));
  return { ...real, directory, close: () => rm(directory, { recursive: true, force: true }) };
}

async function twoHosts(): Promise<{ a: Platform; b: Platform; tlsB: TlsMaterial }> {
  const folder = await temporaryFolder();
  try {
    const authority = await createAuthority(folder.directory);
    const issue = (commonName: string): Promise<TlsMaterial> =>
      issueCertificate(authority, {
        commonName,
        organizations: ['drydock:hosts'],
        hosts: ['127.0.0.1', 'localhost'],
      });
    const host = (hostname: string, tls: TlsMaterial): Platform => createOsPlatform({ hostname, tls });
    const tlsB = await issue('b');
    return { a: host('a', await issue('a')), b: host('b', tlsB), tlsB };
  } finally {
    await folder.close();
  }
}

const hosts = twoHosts();

function shellScript(program: Program): string {
  switch (program.does) {
    case 'exit':
      return `printf %s '${program.stdout ?? ''}'; printf %s '${program.stderr ?? ''}' >&2; exit ${program.code}`;
    case 'run':
      // A child of the shell does the waiting: a signal must reach the whole group.
      return 'echo started; sleep 60; exit 0';
    case 'ignore-sigterm':
      return "trap '' TERM; echo started; sleep 60 & while :; do wait; sleep 1; done";
    case 'print-environment':
      return `echo "$${program.variable}"`;
  }
}

const platform = createOsPlatform({ hostname: 'local' });

clockCompliance('os', async () => ({ ...real, clock: platform.clock, random: platform.random }));
diskCompliance('os', async () => ({ ...(await temporaryFolder()), disk: platform.disk }));
networkCompliance('os', async () => ({ ...real, ...(await hosts), hostA: '127.0.0.1', hostB: '127.0.0.1' }));
processesCompliance('os', async () => ({
  ...(await temporaryFolder()),
  processes: platform.processes,
  clock: platform.clock,
  environment: { PATH: '/usr/bin:/bin' },
  command: (program) => ['sh', '-c', shellScript(program)],
}));
