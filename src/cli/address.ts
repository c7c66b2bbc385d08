import { isIP } from 'node:net';

import type { Address } from '../platform/network.ts';

/** `127.0.0.1:6443`, `[::1]:6443`. */
export function formatAddress(address: Address): string {
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
