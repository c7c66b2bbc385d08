import { createServer } from 'node:net';

import type { Address } from '../platform/network.ts';
import { formatAddress } from './address.ts';
import { CliError } from './cli-error.ts';

/** Binds each address for a moment, so that a busy port is told before anything is started.
 * @throws CliError naming the address and `remedy`
 */
export async function checkPortsFree(addresses: readonly Address[], remedy: string): Promise<void> {
  for (const address of addresses) {
    const failure = await tryToBind(address);
    if (failure === undefined) continue;
    throw new CliError(
      failure === 'EADDRINUSE'
        ? `${formatAddress(address)} is in use: stop what listens there (another \`drydock up\`?), or ${remedy}`
        : `${formatAddress(address)} cannot be used (${failure}): ${remedy}`,
    );
  }
}

function tryToBind(address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  });
}
