import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import { EtcdProcess, findTool, freePorts, missingTool, type EtcdOptions } from './etcd-process.ts';
import { base64, call, etcdctl, etcdctlOk, gateway, runDrydock, type CallOptions } from './etcd-tools.ts';

/**
 * TLS of real `drydock etcd` processes: clients of HTTP/2 and HTTP/1.1, with certificates and without, and members among
 * themselves. Users by certificate are in etcd-auth.test.ts.
 */

const hasEtcdctl = findTool('etcdctl') !== undefined;
if (!hasEtcdctl) missingTool('etcdctl', 'TLS is tested without it.');

const folder = mkdtempSync(join(tmpdir(), 'drydock-tls-'));

/** Files of one certificate, and what is in them. */
interface Held {
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly pem: { readonly ca: string; readonly cert: string; readonly key: string };
}

let server: Held;
let client: Held;
/** Signed by another authority. */
let stranger: Held;

beforeAll(async () => {
  const make = async (authorityName: string, name: string, hosts: readonly string[]): Promise<Held> => {
    const authority = must(await authorities.get(authorityName));
    const pem = await issueCertificate(authority, { commonName: name, organizations: [], hosts });
    const path = (kind: string): string => join(folder, `${authorityName}-${name}.${kind}`);
    const files = { ca: path('ca'), cert: path('crt'), key: path('key') };
    for (const kind of ['ca', 'cert', 'key'] as const) writeFileSync(files[kind], pem[kind]);
    return { files, pem };
  };
  const authorities = new Map(
    ['ours', 'theirs'].map((name) => [name, createAuthority(join(folder, name), name)] as const),
  );
  server = await make('ours', 'server', ['127.0.0.1', 'localhost']);
  client = await make('ours', 'client', []);
  stranger = await make('theirs', 'stranger', ['127.0.0.1']);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function created(options: Partial<EtcdOptions>): Promise<EtcdProcess> {
  const member = await EtcdProcess.create({ flavour: 'drydock', ...options });
  cleanups.push(() => member.close());
  return member;
}

async function started(options: Partial<EtcdOptions>): Promise<EtcdProcess> {
  const member = await created(options);
  await member.start();
  return member;
}

const serverFlags = (): string[] => [`--cert-file=${server.files.cert}`, `--key-file=${server.files.key}`];

const peerFlags = ({ files }: Held): string[] => [
  `--peer-cert-file=${files.cert}`,
  `--peer-key-file=${files.key}`,
  `--peer-trusted-ca-file=${files.ca}`,
  '--peer-client-cert-auth',
];

const tlsOf = ({ pem }: Held): CallOptions => ({ tls: pem });

/** GET over HTTP/2, which ALPN must have chosen. */
async function getByHttp2(member: EtcdProcess, path: string, tls: ConnectionOptions): Promise<string> {
  const session = connect(member.clientUrl, tls);
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({ ':path': path });
      let text = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => (text += `${headers[':status']} ${session.alpnProtocol} `));
      stream.on('data', (chunk: string) => (text += chunk));
      stream.once('error', reject);
      stream.once('end', () => resolve(text));
    });
  } finally {
    session.destroy();
  }
}

describe('clients over TLS', () => {
  it('are served by HTTP/2 and HTTP/1.1 on one port, with TLS 1.2 and 1.3, and not in plain text', async () => {
    const member = await started({ scheme: 'https', flags: serverFlags() });
    const { ca } = server.pem;
    expect(await call(`${member.clientUrl}/health`, { tls: { ca } })).toEqual({
      status: 200,
      text: '{"health":"true","reason":""}',
    });
    expect(await getByHttp2(member, '/health', { ca })).toBe('200 h2 {"health":"true","reason":""}');
    const put = { key: base64('k'), value: base64('v') };
    await gateway(member, '/v3/kv/put', put, { tls: { ca } });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { ca, minVersion: version, maxVersion: version };
      expect(await getByHttp2(member, '/version', options)).toContain('"etcdserver"');
    }
    // Whoever knows another authority does not believe it, and it does not speak plainly.
    await expect(call(`${member.clientUrl}/health`, { tls: { ca: stranger.pem.ca } })).rejects.toThrow();
    await expect(call(`http://${member.endpoint}/health`)).rejects.toThrow();
    if (!hasEtcdctl) return;
    expect(await etcdctlOk(member, `--cacert=${server.files.ca}`, 'get', 'k')).toBe('k\nv\n');
    const mistrusted = await etcdctl(
      member,
      `--cacert=${stranger.files.ca}`,
      '--dial-timeout=1s',
      'get',
      'k',
    );
    expect(mistrusted.code).not.toBe(0);
  }, 60_000);

  it('are turned away without a certificate of the right authority where one is asked', async () => {
    const flags = [...serverFlags(), `--trusted-ca-file=${server.files.ca}`, '--client-cert-auth'];
    const member = await started({ scheme: 'https', flags });
    const { ca } = server.pem;
    expect((await call(`${member.clientUrl}/health`, tlsOf(client))).status).toBe(200);
    const { cert, key } = client.pem;
    expect(await getByHttp2(member, '/health', { ca, cert, key })).toContain('200 h2');
    await expect(call(`${member.clientUrl}/health`, { tls: { ca } })).rejects.toThrow();
    const foreign = { ...stranger.pem, ca };
    await expect(call(`${member.clientUrl}/health`, { tls: foreign })).rejects.toThrow();
    await expect(getByHttp2(member, '/health', { ca })).rejects.toThrow();
    // Those who were refused do no harm to those who are not.
    expect((await call(`${member.clientUrl}/health`, tlsOf(client))).status).toBe(200);
    if (!hasEtcdctl) return;
    const own = [`--cacert=${server.files.ca}`, `--cert=${client.files.cert}`, `--key=${client.files.key}`];
    expect(await etcdctlOk(member, ...own, 'put', 'k', 'v')).toBe('OK\n');
    const without = await etcdctl(
      member,
      `--cacert=${server.files.ca}`,
      '--dial-timeout=1s',
      'put',
      'k',
      'v',
    );
    expect(without.code).not.toBe(0);
  }, 60_000);
});

describe('members over mutual TLS', () => {
  it('form a cluster, and refuse who shows no certificate or one of another authority', async () => {
    const ports = await Promise.all([freePorts(), freePorts(), freePorts()]);
    const initialCluster = ports.map(({ peer }, i) => `m${i}=https://127.0.0.1:${peer}`).join(',');
    const optionsOf = (i: number, held: Held): Partial<EtcdOptions> => ({
      name: `m${i}`,
      ports: must(ports[i]),
      initialCluster,
      peerScheme: 'https',
      flags: peerFlags(held),
    });
    // Two are a quorum; the third has a certificate that nobody trusts.
    const [first, second] = await Promise.all([created(optionsOf(0, server)), created(optionsOf(1, server))]);
    await Promise.all([first.start(), second.start()]);
    await gateway(first, '/v3/kv/put', { key: base64('k'), value: base64('v') });
    const wrong = await created(optionsOf(2, stranger));
    const starting = wrong.start().catch((error: unknown) => String(error));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(wrong.output).not.toContain('ready to serve client requests');
    expect(wrong.output).toMatch(/no link to a member/);
    await wrong.stop();
    expect(await starting).toContain('ended with 0');

    // Nor is the port open to one who comes without any.
    const told = await new Promise<string>((resolve) => {
      const options = { host: '127.0.0.1', port: must(ports[0]).peer, ca: server.pem.ca };
      const socket = tlsConnect(options);
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      socket.once('data', (data) => resolve(data.toString()));
      socket.once('error', (error) => resolve(String(error)));
      socket.once('close', () => resolve('closed'));
    });
    expect(told).toMatch(/certificate required|closed|ECONNRESET/);

    const third = await started(optionsOf(2, server));
    const value = await gateway<{ kvs: unknown[] }>(third, '/v3/kv/range', { key: base64('k') });
    expect(value.kvs).toHaveLength(1);
  }, 60_000);

  it('need an authority, and files that are there', async () => {
    const flags = ['--listen-peer-urls', 'https://127.0.0.1:1'];
    const authority = await runDrydock([
      'etcd',
      ...flags,
      `--peer-cert-file=${server.files.cert}`,
      `--peer-key-file=${server.files.key}`,
    ]);
    expect([authority.code, authority.output]).toEqual([
      2,
      'drydock: https between members needs --peer-trusted-ca-file\n',
    ]);
    const missing = await runDrydock([
      'etcd',
      ...flags,
      ...peerFlags(server),
      '--peer-cert-file=/nowhere/a.crt',
    ]);
    expect(missing.output).toMatch(/^drydock: --peer-cert-file: cannot read \/nowhere\/a.crt: /);
    expect(missing.code).toBe(1);
  });
});
