// oxlint-disable-next-line import/no-unassigned-import -- imported for what it adds to Reflect
import '../../src/platform/os/reflect-metadata.ts';

import { PemConverter, X509Certificate as PeculiarCertificate, X509CrlGenerator } from '@peculiar/x509';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { type Authority, createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import {
  EtcdProcess,
  findTool,
  freePorts,
  missingTool,
  type EtcdOptions,
  type Flavour,
} from './etcd-process.ts';
import { base64, call, gateway } from './etcd-tools.ts';

/** What flags do to real `drydock etcd` processes; what becomes of their texts is in test/cli/etcd-flags.test.ts. */

const folder = mkdtempSync(join(tmpdir(), 'drydock-options-'));
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** A request with whatever Host and Origin. */
function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        const told = Object.entries(response.headers).filter(([name]) => name.startsWith('access-control-'));
        const told2 = Object.fromEntries(told.map(([name, value]) => [name, String(value)]));
        resolve({ status: response.statusCode ?? 0, headers: told2, text });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

const put = { key: base64('k'), value: base64('v') };

describe('what browsers may ask', () => {
  const flags = ['--cors', 'http://a.example:80', '--host-whitelist', 'good.example,localhost'];

  async function answers(flavour: Flavour): Promise<readonly Answer[]> {
    const member = await started({ flavour, flags });
    const { client: port } = member.ports;
    const origin = 'http://a.example:80';
    return [
      await ask(port, '/health', { host: 'localhost', origin }),
      await ask(port, '/health', { host: 'localhost', origin: 'http://b.example:80' }),
      await ask(port, '/health', { host: 'good.example:99' }),
      await ask(port, '/health', { host: 'bad.example:99' }),
      await ask(port, '/v3/kv/range', { host: 'localhost', origin }, 'OPTIONS'),
    ];
  }

  it('is as --cors and --host-whitelist say', async () => {
    const [own, other, , bad, options] = await answers('drydock');
    expect(own).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': 'http://a.example:80' },
    });
    expect(other).toMatchObject({ status: 200, headers: {} });
    expect(bad!.status).toBe(421);
    expect(bad!.text).toContain('--host-whitelist "bad.example"');
    expect(options).toMatchObject({ status: 200, text: '' });
  });

  const etcd = findTool('etcd');
  if (etcd === undefined) missingTool('etcd', 'CORS and host names are not compared with it');
  it.skipIf(etcd === undefined)('is what a real etcd answers', async () => {
    expect(await answers('drydock')).toEqual(await answers('etcd'));
  });
});

describe('addresses and what is served there', () => {
  it('can be of HTTP apart, of metrics, without a gateway, with times of methods', async () => {
    const http = await freePorts();
    const member = await started({
      flags: [
        `--listen-client-http-urls=http://127.0.0.1:${http.client}`,
        `--listen-metrics-urls=http://127.0.0.1:${http.peer}`,
        '--enable-grpc-gateway=false',
        '--metrics=extensive',
        '--max-concurrent-streams=7',
      ],
    });
    expect(await call(`http://127.0.0.1:${http.client}/health`)).toMatchObject({ status: 200 });
    expect(await call(`${member.clientUrl}/health`)).toMatchObject({ status: 404 });
    const range = { method: 'POST', body: { key: put.key } } as const;
    expect(await call(`http://127.0.0.1:${http.client}/v3/kv/range`, range)).toMatchObject({ status: 404 });
    expect((await call(`http://127.0.0.1:${http.peer}/metrics`)).text).toContain(
      'grpc_server_handling_seconds_bucket{grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary",le="0.005"} 0',
    );
  });

  it('log where they are told to, and of flags that change nothing', async () => {
    const log = join(folder, 'member.log');
    const config = join(folder, 'etcd.conf.yml');
    const member = await created({});
    writeFileSync(
      config,
      `name: default
data-dir: ${member.dataDirectory}
listen-client-urls: ${member.clientUrl}
advertise-client-urls: ${member.clientUrl}
listen-peer-urls: ${member.peerUrl}
initial-advertise-peer-urls: ${member.peerUrl}
initial-cluster: default=${member.peerUrl}
max-wals: 5
unsafe-no-fsync: true
log-format: console
log-outputs: [stderr, ${log}]
`,
    );
    const configured = await created({
      ports: member.ports,
      dataDirectory: member.dataDirectory,
      flags: ['--config-file', config],
    });
    await configured.start();
    await gateway(configured, '/v3/kv/put', put);
    const text = readFileSync(log, 'utf8');
    for (const line of [
      /warn {2}--max-wals has no effect: /,
      /warn {2}--unsafe-no-fsync: a power loss loses acknowledged writes/,
      /warn {2}--config-file .* says everything/,
      /info {2}ready to serve client requests/,
    ]) {
      expect(text).toMatch(line);
      expect(configured.output).toMatch(line);
    }
  });
});

describe('TLS', () => {
  let authority: Authority;
  const files = { ca: join(folder, 'ca'), crl: join(folder, 'crl') };
  const flagsOf = (name: string, prefix = ''): string[] => [
    `--${prefix}cert-file=${join(folder, `${name}.crt`)}`,
    `--${prefix}key-file=${join(folder, `${name}.key`)}`,
    `--${prefix}trusted-ca-file=${files.ca}`,
  ];
  const pemOf = (name: string): { cert: string; key: string; ca: string } => ({
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
    ca: readFileSync(files.ca, 'utf8'),
  });

  beforeAll(async () => {
    authority = await createAuthority(join(folder, 'authority'), 'options');
    for (const [name, hosts] of [
      ['server', ['127.0.0.1', 'localhost']],
      ['member', ['127.0.0.1']],
      ['other', ['127.0.0.1', 'other.example']],
      ['revoked', ['127.0.0.1']],
    ] as const) {
      const made = await issueCertificate(authority, { commonName: name, organizations: [], hosts });
      writeFileSync(join(folder, `${name}.crt`), made.cert);
      writeFileSync(join(folder, `${name}.key`), made.key);
      writeFileSync(files.ca, made.ca);
    }
    const revoked = new PeculiarCertificate(readFileSync(join(folder, 'revoked.crt')));
    const crl = await X509CrlGenerator.create({
      issuer: authority.certificate.subject,
      thisUpdate: new Date(Date.now() - 60_000),
      nextUpdate: new Date(Date.now() + 3_600_000),
      entries: [{ serialNumber: revoked.serialNumber, revocationDate: new Date() }],
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      signingKey: authority.key,
    });
    writeFileSync(files.crl, PemConverter.encode(crl.rawData, 'X509 CRL'));
  });

  it('needs no certificates with --auto-tls and --peer-auto-tls, and keeps those that it made', async () => {
    const tls = { scheme: 'https', peerScheme: 'https', flags: ['--auto-tls', '--peer-auto-tls'] } as const;
    const ports = [await freePorts(), await freePorts(), await freePorts()];
    const initialCluster = ports.map(({ peer }, i) => `m${i}=https://127.0.0.1:${peer}`).join(',');
    const members = await Promise.all(
      ports.map((each, i) => created({ ...tls, name: `m${i}`, ports: each, initialCluster })),
    );
    await Promise.all(members.map((member) => member.start()));
    const [first] = members;
    const path = join(first!.dataDirectory, 'fixtures/client/cert.pem');
    const ca = readFileSync(path, 'utf8');
    await gateway(first!, '/v3/kv/put', put, { tls: { ca } });
    await expect(call(`${first!.clientUrl}/health`)).rejects.toThrow(/self-signed certificate/);
    await first!.stop();
    await first!.start();
    expect(readFileSync(path, 'utf8')).toBe(ca);
    expect(existsSync(join(first!.dataDirectory, 'fixtures/peer/key.pem'))).toBe(true);
    expect(await gateway(first!, '/v3/kv/range', { key: put.key }, { tls: { ca } })).toMatchObject({
      count: '1',
    });
  }, 90_000);

  it('is of the versions and suites that are allowed', async () => {
    const flags = ['--tls-max-version=TLS1.2', '--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'];
    const member = await started({ scheme: 'https', flags: [...flagsOf('server'), ...flags] });
    const { ca } = pemOf('server');
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const each = tlsConnect({ port: member.ports.client, host: '127.0.0.1', ca }, () => resolve(each));
      each.once('error', reject);
    });
    expect([socket.getProtocol(), socket.getCipher().name]).toEqual([
      'TLSv1.2',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
    ]);
    socket.destroy();
  });

  it('turns away clients whose certificate is for another host, or was revoked', async () => {
    const member = await started({
      scheme: 'https',
      flags: [
        ...flagsOf('server'),
        '--client-cert-auth',
        '--client-cert-allowed-hostname=other.example',
        `--client-crl-file=${files.crl}`,
      ],
    });
    const health = (name: string): Promise<unknown> =>
      call(`${member.clientUrl}/health`, { tls: pemOf(name) });
    expect(await health('other')).toMatchObject({ status: 200 });
    await expect(health('member')).rejects.toThrow();
    await expect(health('revoked')).rejects.toThrow();
    const damaged = await created({
      scheme: 'https',
      flags: [...flagsOf('server'), `--client-crl-file=${files.ca}.none`],
    });
    await expect(damaged.start()).rejects.toThrow(/--client-crl-file: cannot read/);
    writeFileSync(`${files.ca}.none`, 'none');
    await expect(damaged.start()).rejects.toThrow(/drydock: --client-crl-file: its file is no good for TLS/);
  });

  it('keeps members out that have another common name', async () => {
    const ports = [await freePorts(), await freePorts(), await freePorts()];
    const initialCluster = ports.map(({ peer }, i) => `m${i}=https://127.0.0.1:${peer}`).join(',');
    const member = (i: number, certificate: string): Promise<EtcdProcess> =>
      created({
        name: `m${i}`,
        ports: must(ports[i]),
        peerScheme: 'https',
        initialCluster,
        flags: [...flagsOf(certificate, 'peer-'), '--peer-cert-allowed-cn=member,another'],
      });
    const allowed = [await member(0, 'member'), await member(1, 'member')];
    const out = await member(2, 'other');
    const outside = out.start().catch(() => 'ended');
    await Promise.all(allowed.map((each) => each.start()));
    await gateway(allowed[0]!, '/v3/kv/put', put);
    // It dials the others, who cut it off, and they have no link to it that would stand: it never gets to serve.
    expect(await Promise.race([outside, new Promise((resolve) => setTimeout(resolve, 3000, 'waits'))])).toBe(
      'waits',
    );
  }, 60_000);
});

describe('the data of a cluster whose quorum is lost', () => {
  it('goes on with one member by --force-new-cluster, and keeps the others out', async () => {
    const ports = [await freePorts(), await freePorts(), await freePorts()];
    const initialCluster = ports.map(({ peer }, i) => `m${i}=http://127.0.0.1:${peer}`).join(',');
    const data = (i: number): string => join(folder, `lost-${i}`);
    const member = (i: number, flags: readonly string[] = []): Promise<EtcdProcess> =>
      created({ name: `m${i}`, ports: must(ports[i]), initialCluster, dataDirectory: data(i), flags });
    const members = [await member(0), await member(1), await member(2)];
    await Promise.all(members.map((each) => each.start()));
    await gateway(members[0]!, '/v3/kv/put', put);
    await gateway(members[1]!, '/v3/kv/range', { key: put.key });
    await Promise.all(members.map((each) => each.stop('SIGKILL')));
    const forced = await member(1, ['--force-new-cluster']);
    await forced.start();
    expect(await gateway(forced, '/v3/kv/range', { key: put.key })).toMatchObject({ count: '1' });
    const { members: left } = await gateway<{ members: unknown[] }>(forced, '/v3/cluster/member/list', {});
    expect(left).toHaveLength(1);
    await gateway(forced, '/v3/kv/put', put);
    await forced.stop();
    // Once is enough.
    const again = await member(1);
    await again.start();
    await gateway(again, '/v3/kv/put', put);
    await expect(members[0]!.start()).rejects.toThrow(/removed from the cluster/);
    const none = await created({ flags: ['--force-new-cluster'] });
    await expect(none.start()).rejects.toThrow(/holds no data that could be gone on with alone/);
  }, 90_000);
});
