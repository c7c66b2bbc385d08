import { isIP } from 'node:net';

import type { Address } from '../platform/network.ts';
import { CliError } from './cli-error.ts';

/** `127.0.0.1:6443` → Address. @throws CliError that names `flag` */
export function parseAddress(flag: string, text: string): Address {
  const match = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d+)$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (match?.groups === undefined || port > 65_535) {
    throw new CliError(`${flag} ${text} is not an address: write HOST:PORT, for example 127.0.0.1:6443`, {
      exitCode: 2,
    });
  }
  return { host: match.groups['host']!.replace(/^\[|\]$/g, ''), port };
}

export function formatAddress(address: Address): string {
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
