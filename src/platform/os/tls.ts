import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, TlsOptions } from 'node:tls';

import type { ServerTls } from '../http.ts';
import type { Identity, TlsMaterial } from '../network.ts';
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
export function tlsOptions(material: TlsMaterial): TlsMaterial & {
  readonly minVersion: 'TLSv1.3';
  readonly ALPNProtocols: string[];
} {
  return { ...material, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] };
}

/** TLS options of a listener. One with certificates of its own also takes TLS 1.2, as etcd does. */
export function serverTlsOptions(tls: TlsMaterial | ServerTls, protocols: readonly string[]): TlsOptions {
  const own = 'clientCertificates' in tls;
  return {
    ...pemOptions(tls),
    minVersion: own ? 'TLSv1.2' : 'TLSv1.3',
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
    minVersion: 'TLSv1.2',
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
