import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';

import type { ServerTls } from '../http.ts';
import type { Identity, TlsMaterial, TlsPolicy } from '../network.ts';
import { NetworkError } from '../errors.ts';
import { diskError } from './system-errors.ts';

export type { TlsMaterial } from '../network.ts';

/** Names of the files in a folder that holds TlsMaterial. */
export const tlsFiles = { ca: 'ca.crt', cert: 'host.crt', key: 'host.key' } as const;

/** Reads `ca.crt`, `host.crt` and `host.key`. Rejects with a DiskError. */
export async function loadTlsMaterial(directory: string): Promise<TlsMaterial> {
  const read = async (name: string): Promise<string> => {
    const path = `${directory}/${name}`;
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      throw diskError(error, 'read', path);
    }
  };
  return { ca: await read(tlsFiles.ca), cert: await read(tlsFiles.cert), key: await read(tlsFiles.key) };
}

/** TLS options of both sides: our certificate, our authority, nothing older than TLS 1.3, no HTTP/2. */
export function tlsOptions({ ca, cert, key, policy }: TlsMaterial): PolicyOptions & {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly ALPNProtocols: string[];
} {
  const minVersion = policy?.maxVersion === 'TLSv1.2' ? 'TLSv1.2' : 'TLSv1.3';
  return { ca, cert, key, ...policyOptions(policy, minVersion), ALPNProtocols: ['http/1.1'] };
}

interface PolicyOptions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  readonly crl?: string;
}

function policyOptions(policy: TlsPolicy | undefined, least: 'TLSv1.2' | 'TLSv1.3'): PolicyOptions {
  const { minVersion, maxVersion, ciphers, crl } = policy ?? {};
  return {
    minVersion: minVersion === 'TLSv1.3' ? minVersion : least,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers !== undefined && { ciphers }),
    ...(crl !== undefined && { crl }),
  };
}

/** Cuts off whoever `policy` does not allow, before anything else hears of the connection. */
export function turnAwayOthers(server: Server, policy: TlsPolicy | undefined): void {
  const { allowedHosts, allowedNames } = policy ?? {};
  if (allowedHosts === undefined && allowedNames === undefined) return;
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    const name = peerIdentity(socket)?.user;
    const allowed =
      certificate !== undefined &&
      (allowedHosts?.some((host) => certificate.checkHost(host) ?? certificate.checkIP(host)) ?? true) &&
      (allowedNames === undefined || (name !== undefined && allowedNames.includes(name)));
    if (!allowed) socket.destroy();
  });
}

/** TLS options of a listener. One with certificates of its own also takes TLS 1.2, as etcd does. */
export function serverTlsOptions(tls: TlsMaterial | ServerTls, protocols: readonly string[]): TlsOptions {
  const own = 'clientCertificates' in tls;
  return {
    ...pemOptions(tls),
    ...policyOptions(tls.policy, own ? 'TLSv1.2' : 'TLSv1.3'),
    ALPNProtocols: [...protocols],
    // A client without a certificate may still ask for /healthz: it just has no identity.
    requestCert: !own || tls.clientCertificates !== 'none',
    rejectUnauthorized: own && tls.clientCertificates === 'required',
  };
}

/** TLS options of a client. */
export function clientTlsOptions(tls: TlsMaterial, protocol: string | undefined): ConnectionOptions {
  return {
    ...pemOptions(tls),
    ...policyOptions(tls.policy, 'TLSv1.2'),
    ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
  };
}

function pemOptions({ ca, cert, key }: TlsMaterial): { ca?: string; cert?: string; key?: string } {
  return { ...(ca !== '' && { ca }), ...(cert !== '' && { cert, key }) };
}

/** The part of a TLSSocket that tells who is at the other end. */
interface AuthenticatedSocket {
  readonly authorized: boolean;
  getPeerCertificate(): { subject?: { CN?: string | string[]; O?: string | string[] } };
}

/** CN and O of the other end's certificate, if it showed one and our authority signed it. */
export function peerIdentity(socket: object): Identity | undefined {
  if (!isAuthenticated(socket)) return undefined;
  const subject = socket.getPeerCertificate().subject;
  // A subject with two CNs could be read as either of two users; it is nobody.
  if (subject === undefined || typeof subject.CN !== 'string') return undefined;
  const { O: organizations = [] } = subject;
  return { user: subject.CN, groups: typeof organizations === 'string' ? [organizations] : organizations };
}

function isAuthenticated(socket: object): socket is AuthenticatedSocket {
  return 'authorized' in socket && socket.authorized === true && 'getPeerCertificate' in socket;
}

export function noMaterialError(): NetworkError {
  return new NetworkError('EUNTRUSTED', 'this host has no certificate: create one before using mutual TLS');
}
