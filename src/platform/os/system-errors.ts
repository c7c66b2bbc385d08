import { DiskError, NetworkError } from '../errors.ts';

import type { DiskErrorCode, NetworkErrorCode } from '../errors.ts';
import type { Address } from '../network.ts';

/** The `code` of a system error, such as `ENOENT`; empty when it is no system error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const diskSentences: Readonly<Record<string, readonly [DiskErrorCode, string]>> = {
  ENOENT: ['ENOENT', 'does not exist'],
  EEXIST: ['EEXIST', 'exists already'],
  EACCES: ['EACCES', 'may not be accessed by this user: check its owner and mode'],
  EPERM: ['EACCES', 'may not be changed by this user: check its owner and mode'],
  EROFS: ['EACCES', 'is on a read-only file system'],
  ENOSPC: ['ENOSPC', 'cannot grow: the disk is full'],
  EDQUOT: ['ENOSPC', "cannot grow: this user's disk quota is used up"],
  EIO: ['EIO', 'cannot be read or written: the device reports an I/O error'],
  ENOTDIR: ['ENOTDIR', 'has a parent that is not a folder'],
  EISDIR: ['EISDIR', 'is a folder'],
};

/** What a failed file operation was about, in words for whoever runs the host. */
export function diskError(error: unknown, action: string, path: string): DiskError {
  const [code, sentence] = diskSentences[systemCode(error)] ?? ['EOTHER', messageOf(error)];
  return new DiskError(code, path, `cannot ${action} ${path}: it ${sentence}`, { cause: error });
}

const networkCodes: Readonly<Record<string, NetworkErrorCode>> = {
  EADDRINUSE: 'EADDRINUSE',
  EADDRNOTAVAIL: 'EADDRNOTAVAIL',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  ECONNREFUSED: 'ECONNREFUSED',
  ECONNRESET: 'ECONNRESET',
  EPIPE: 'ECONNRESET',
  ECONNABORTED: 'ECONNRESET',
  ERR_STREAM_PREMATURE_CLOSE: 'ECONNRESET',
  ETIMEDOUT: 'ETIMEDOUT',
  EHOSTUNREACH: 'EHOSTUNREACH',
  ENETUNREACH: 'EHOSTUNREACH',
  ENOTFOUND: 'EHOSTUNREACH',
  EAI_AGAIN: 'EHOSTUNREACH',
};

/** OpenSSL's and Node's names for a certificate that was not accepted, by us or by the other side. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_|ISSUER|ERR_SSL_|ERR_TLS_/;

export function networkCode(error: unknown): NetworkErrorCode {
  const code = systemCode(error);
  return networkCodes[code] ?? (untrusted.test(code) ? 'EUNTRUSTED' : 'EOTHER');
}

export function addressText(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

const connectSentences: Readonly<Partial<Record<NetworkErrorCode, string>>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side broke the connection',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'there is no way to that host',
  EUNTRUSTED: 'a certificate was not accepted',
};

/** Why `address` could not be reached or talked to. A NetworkError passes unchanged. */
export function connectError(error: unknown, address: Address): NetworkError {
  if (error instanceof NetworkError) return error;
  const code = networkCode(error);
  const sentence = connectSentences[code];
  const detail = sentence === undefined ? messageOf(error) : `${sentence} (${messageOf(error)})`;
  return new NetworkError(code, `cannot talk to ${addressText(address)}: ${detail}`, { cause: error });
}

const listenSentences: Readonly<Partial<Record<NetworkErrorCode, string>>> = {
  EADDRINUSE: 'another process has that port; stop it or choose another port',
  EADDRNOTAVAIL: 'no interface of this host has that address; choose one it has, or 0.0.0.0',
  EACCES: 'this user may not take that port; choose one above 1023',
  EHOSTUNREACH: 'that name does not resolve; check the spelling or give an address',
};

export function listenError(error: unknown, address: Address): NetworkError {
  const code = networkCode(error);
  const detail = listenSentences[code] ?? messageOf(error);
  return new NetworkError(code, `cannot listen on ${addressText(address)}: ${detail}`, { cause: error });
}
