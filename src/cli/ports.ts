import { createServer, type Server } from 'node:net';

import type { Address } from '../platform/network.ts';
import { formatAddress } from './address.ts';
import { CliError } from './cli-error.ts';

/**
 * Binds each address for a moment, so that a busy port is told before anything is started.
 *
 * @throws CliError naming the address and `remedy`
 */
export async function checkPortsFree(addresses: readonly Address[], remedy: string): Promise<void> {
  for (const address of addresses) {
    const server = createServer();
    const failure = await listen(server, address);
    if (failure === undefined) {
      await new Promise((closed) => server.close(closed));
      continue;
    }
    throw new CliError(
      failure === 'EADDRINUSE'
        ? `${formatAddress(address)} is in use: stop what listens there (another \`drydock up\`?), or ${remedy}`
        : `${formatAddress(address)} cannot be used (${failure}): ${remedy}`,
    );
  }
}

/** Where a cluster holds a loopback block: the last host of the block, on a port that nothing else uses. */
const holdPort = 16_439;

/**
 * Keeps loopback blocks to this cluster until the returned function is called or the process ends: two clusters
 * on one block would give their pods the same addresses.
 *
 * @throws CliError naming the block and `remedy` when another cluster holds one
 */
export async function holdLoopbackBlocks(first: number, count: number, remedy: string): Promise<() => void> {
  const held: Server[] = [];
  const release = (): void => held.forEach((server) => server.close());
  for (let block = first; block < first + count; block++) {
    const server = createServer((socket) => socket.destroy());
    const failure = await listen(server, { host: `127.${block}.255.254`, port: holdPort });
    if (failure !== undefined) {
      release();
      const why = failure === 'EADDRINUSE' ? 'is in use by another cluster' : `cannot be used (${failure})`;
      throw new CliError(`the loopback block 127.${block}.0.0/16 ${why}: stop that one, or ${remedy}`);
    }
    // A refusal later on must end the process, not wait for these.
    held.push(server.unref());
  }
  return release;
}

/** Resolves with undefined once it listens, else with the system's code. */
function listen(server: Server, { host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => resolve(undefined));
  });
}
