// oxlint-disable-next-line import/no-unassigned-import -- imported for what it adds to Reflect
import './reflect-metadata.ts';

import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { isIP } from 'node:net';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { DiskError } from '../errors.ts';
import { diskError } from './system-errors.ts';
import { tlsFiles } from './tls.ts';
import type { TlsMaterial } from './tls.ts';

const { subtle } = webcrypto;

/** ECDSA on P-256 with SHA-256: what Kubernetes' own tools make today; small and fast to verify. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const dayMillis = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const certificateDays = 365;
/** Certificates are valid a little before they are made, for hosts whose clocks lag. */
const backdateMillis = 5 * 60 * 1000;

const authorityKeyFile = 'ca.key';

/** The cluster's certificate authority: its certificate, and the key that signs. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly certificatePem: string;
  readonly key: webcrypto.CryptoKey;
}

export interface CertificateRequest {
  /** The user name, or the host's. */
  readonly commonName: string;
  /** The user's groups. */
  readonly organizations: readonly string[];
  /** Names and addresses under which it serves. Empty: a client certificate only. */
  readonly hosts: readonly string[];
}

/**
 * Makes an authority in `directory`: `ca.crt`, and `ca.key` readable by this user alone.
 * Rejects with a DiskError, EEXIST when there is one already: its certificates would become worthless.
 */
export async function createAuthority(directory: string, commonName = 'drydock-ca'): Promise<Authority> {
  await attempt('make the folder', directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
  const keyPath = `${directory}/${authorityKeyFile}`;
  if ((await readIfPresent(keyPath)) !== undefined) {
    const message = `there is an authority in ${directory} already: load it, or choose another folder`;
    throw new DiskError('EEXIST', keyPath, message);
  }
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificatePem = pemText(certificate.toString('pem'));
  await writeAtomically(keyPath, await keyToPem(keys.privateKey), 0o600);
  await writeAtomically(`${directory}/${tlsFiles.ca}`, certificatePem, 0o644);
  return { certificate, certificatePem, key: keys.privateKey };
}

/** Reads what createAuthority wrote. Rejects with a DiskError. */
export async function loadAuthority(directory: string): Promise<Authority> {
  const read = (name: string): Promise<string> => {
    const path = `${directory}/${name}`;
    return attempt('read', path, () => readFile(path, 'utf8'));
  };
  const certificatePem = await read(tlsFiles.ca);
  const keyBytes = PemConverter.decodeFirst(await read(authorityKeyFile));
  return {
    certificate: new X509Certificate(certificatePem),
    certificatePem,
    key: await subtle.importKey('pkcs8', keyBytes, algorithm, true, ['sign']),
  };
}

/** Makes a key and a certificate for it, signed by `authority`, for one user or host. */
export async function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
): Promise<TlsMaterial> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serves = request.hosts.length > 0;
  const usages = serves
    ? [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
    : [ExtendedKeyUsage.clientAuth];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: [{ CN: [request.commonName] }, ...request.organizations.map((name) => ({ O: [name] }))],
    issuer: authority.certificate.subjectName,
    ...validity(certificateDays),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(usages),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      ...(serves ? [new SubjectAlternativeNameExtension(request.hosts.map(generalName))] : []),
    ],
  });
  return {
    ca: authority.certificatePem,
    cert: pemText(certificate.toString('pem')),
    key: await keyToPem(keys.privateKey),
  };
}

/** Makes a key and a certificate that vouches for itself, for a server whose clients check none. */
export async function createSelfSigned(
  hosts: readonly string[],
  days: number,
): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerialNumber(),
    name: [{ O: ['etcd'] }],
    ...validity(days),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(hosts.map(generalName)),
    ],
  });
  return { cert: pemText(certificate.toString('pem')), key: await keyToPem(keys.privateKey) };
}

/** Writes `ca.crt`, `host.crt` and `host.key` (readable by this user alone), each whole or not at all. */
export async function saveTlsMaterial(directory: string, material: TlsMaterial): Promise<void> {
  await attempt('make the folder', directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
  await writeAtomically(`${directory}/${tlsFiles.key}`, material.key, 0o600);
  await writeAtomically(`${directory}/${tlsFiles.cert}`, material.cert, 0o644);
  await writeAtomically(`${directory}/${tlsFiles.ca}`, material.ca, 0o644);
}

function generalName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - backdateMillis), notAfter: new Date(now + days * dayMillis) };
}

/** 127 random bits: unguessable, and positive as RFC 5280 §4.1.2.2 wants it. */
function randomSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  return pemText(PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY'));
}

function pemText(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}

/** Synced under a temporary name, then renamed: no reader and no crash ever sees half a key. */
async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await attempt('write', path, async () => {
    const handle = await open(temporary, 'w', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  });
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await attempt('read', path, () => readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, action, path);
  }
}
