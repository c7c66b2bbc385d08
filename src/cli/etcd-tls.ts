import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

import type { ServerTls } from '../platform/http.ts';
import type { TlsPolicy } from '../platform/network.ts';
import type { TlsMaterial } from '../platform/os/tls.ts';
import { CliError } from './cli-error.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { usage, type EtcdFlags, type EtcdUrl } from './etcd-flags.ts';
import { integerOption } from './options.ts';

const daysPerYear = 365;

/** Go's names of the suites of TLS 1.2, and OpenSSL's. Those of TLS 1.3 cannot be chosen, as in Go. */
const cipherSuites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
};
const suitesOfTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** What a member shows to clients, and asks of them. */
export async function readClientTls(
  flags: EtcdFlags,
  dataDirectory: string,
  hosts: readonly string[],
): Promise<ServerTls> {
  const allowedHosts = list(flags['client-cert-allowed-hostname']);
  const checked = flags['client-cert-auth'] === true;
  if (allowedHosts !== undefined && !checked) {
    throw usage(
      '--client-cert-allowed-hostname needs --client-cert-auth: nobody shows a certificate without',
    );
  }
  if (checked && flags['trusted-ca-file'] === undefined)
    throw usage('--client-cert-auth needs --trusted-ca-file');
  const policy = readPolicy(flags, 'client-crl-file', {
    ...(allowedHosts !== undefined && { allowedHosts }),
  });
  const own =
    flags['auto-tls'] === true && flags['cert-file'] === undefined && flags['key-file'] === undefined
      ? await selfSigned(flags, join(dataDirectory, 'fixtures', 'client'), hosts)
      : { cert: readFlag(flags, 'cert-file'), key: readFlag(flags, 'key-file') };
  const clientCertificates = checked ? 'required' : flags['trusted-ca-file'] === undefined ? 'none' : 'asked';
  const ca = flags['trusted-ca-file'] === undefined ? '' : readFlag(flags, 'trusted-ca-file');
  const material = { ...own, ca, clientCertificates, policy } as const;
  checkMaterial(material, '');
  return material;
}

/** What members show each other, and ask of each other. */
export async function readPeerTls(
  flags: EtcdFlags,
  dataDirectory: string,
  hosts: readonly string[],
): Promise<TlsMaterial> {
  const allowedHosts = list(flags['peer-cert-allowed-hostname']);
  const allowedNames = list(flags['peer-cert-allowed-cn']);
  if (allowedHosts !== undefined && allowedNames !== undefined) {
    throw usage('--peer-cert-allowed-cn and --peer-cert-allowed-hostname exclude each other');
  }
  const auto =
    flags['peer-auto-tls'] === true &&
    flags['peer-cert-file'] === undefined &&
    flags['peer-key-file'] === undefined;
  const policy = readPolicy(flags, 'peer-crl-file', {
    ...(allowedHosts !== undefined && { allowedHosts }),
    ...(allowedNames !== undefined && { allowedNames }),
    ...(auto && { unchecked: true }),
  });
  if (auto) {
    if ((allowedHosts ?? allowedNames) !== undefined || flags['peer-client-cert-auth'] === true) {
      throw usage(
        '--peer-auto-tls checks nobody: give certificates and --peer-trusted-ca-file to check members',
      );
    }
    return { ...(await selfSigned(flags, join(dataDirectory, 'fixtures', 'peer'), hosts)), ca: '', policy };
  }
  // Members always check each other: without an authority every one of them would be refused.
  if (flags['peer-trusted-ca-file'] === undefined) {
    throw usage('https between members needs --peer-trusted-ca-file');
  }
  const material: TlsMaterial = {
    cert: readFlag(flags, 'peer-cert-file'),
    key: readFlag(flags, 'peer-key-file'),
    ca: readFlag(flags, 'peer-trusted-ca-file'),
    policy,
  };
  checkMaterial(material, 'peer-');
  return material;
}

/** A handshake that fails later could only say that it failed. @throws CliError naming the flag whose file is no good */
function checkMaterial({ ca, cert, key, policy }: TlsMaterial, side: '' | 'peer-'): void {
  const crl = policy?.crl;
  const crlFlag = side === '' ? 'client-crl-file' : 'peer-crl-file';
  for (const [flag, part] of [
    [`${side}cert-file`, { cert }],
    [`${side}key-file`, { cert, key }],
    [`${side}trusted-ca-file`, ca === '' ? {} : { ca }],
    [crlFlag, crl === undefined ? {} : { crl }],
  ] as const) {
    try {
      createSecureContext(part);
    } catch (error) {
      throw new CliError(`--${flag}: its file is no good for TLS: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** The hosts that a certificate of one's own is for: those listened on, and this machine. */
export function hostsOf(urls: readonly EtcdUrl[]): readonly string[] {
  const hosts = urls.map(({ address }) => address.host).filter((host) => host !== '0.0.0.0' && host !== '::');
  return [...new Set([...hosts, 'localhost', '127.0.0.1', '::1', hostname()])];
}

/** The text of the file that a flag names. @throws CliError */
export function readTextFile(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--${flag}: cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readFlag(flags: EtcdFlags, flag: keyof EtcdFlags): string {
  const path = flags[flag];
  if (typeof path !== 'string') throw usage(`https needs --${flag}`);
  return readTextFile(flag, path);
}

function readPolicy(
  flags: EtcdFlags,
  crlFlag: 'client-crl-file' | 'peer-crl-file',
  others: TlsPolicy,
): TlsPolicy {
  const version = (text: string): 'TLSv1.2' | 'TLSv1.3' => (text === 'TLS1.3' ? 'TLSv1.3' : 'TLSv1.2');
  const least = version(String(flags['tls-min-version']));
  const most = flags['tls-max-version'] === undefined ? undefined : version(String(flags['tls-max-version']));
  if (most !== undefined && most < least) throw usage('--tls-min-version is above --tls-max-version');
  const suites = list(flags['cipher-suites']);
  if (suites !== undefined && least === 'TLSv1.3') {
    throw usage('--cipher-suites are of TLS 1.2: they say nothing with --tls-min-version TLS1.3');
  }
  return {
    ...others,
    minVersion: least,
    ...(most !== undefined && { maxVersion: most }),
    ...(suites !== undefined && { ciphers: ciphersOf(suites) }),
    ...(flags[crlFlag] !== undefined && { crl: readFlag(flags, crlFlag) }),
  };
}

function ciphersOf(suites: readonly string[]): string {
  const names = suites
    .filter((suite) => !suitesOfTls13.includes(suite))
    .map((suite) => {
      const name = cipherSuites[suite];
      if (name === undefined) throw usage(`--cipher-suites: unexpected TLS cipher suite "${suite}"`);
      return name;
    });
  return [...suitesOfTls13, ...names].join(':');
}

/** What was made once is used again: clients may have come to know it. */
async function selfSigned(
  flags: EtcdFlags,
  directory: string,
  hosts: readonly string[],
): Promise<{ readonly cert: string; readonly key: string }> {
  const years = integerOption(
    '--self-signed-cert-validity',
    String(flags['self-signed-cert-validity']),
    1,
    100,
  );
  const certPath = join(directory, 'cert.pem');
  const keyPath = join(directory, 'key.pem');
  if (!existsSync(certPath) || !existsSync(keyPath)) {
    // What makes certificates takes longer to load than a member to start.
    const { createSelfSigned } = await import('../platform/os/pki.ts');
    const made = await createSelfSigned(hosts, years * daysPerYear);
    writeFileAtomically(keyPath, made.key);
    writeFileAtomically(certPath, made.cert);
  }
  return { cert: readTextFile('auto-tls', certPath), key: readTextFile('auto-tls', keyPath) };
}

function list(text: string | boolean | undefined): readonly string[] | undefined {
  const parts = String(text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts;
}
