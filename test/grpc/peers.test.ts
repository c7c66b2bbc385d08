import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8, equalBytes } from '../../src/base/bytes.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import { GrpcServer } from '../../src/grpc/server.ts';
import type { GrpcMethod } from '../../src/grpc/service.ts';
import type { GrpcError, GrpcStatus } from '../../src/grpc/status.ts';
import type { Listener } from '../../src/platform/network.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import type { Platform } from '../../src/platform/platform.ts';

const directory = mkdtempSync(join(tmpdir(), 'drydock-grpc-'));
let platform: Platform;
let server: GrpcServer;
let plain: Listener;
let secure: Listener;
let strict: Listener;
let ca = '';
const cancelled: string[] = [];

const bulk = Array.from({ length: 10_000 }, (_, i) => new Uint8Array(300).fill(i));

const methods = new Map<string, GrpcMethod>([
  ['/t.T/Echo', { handle: (request, call) => call.reply(request) }],
  ['/t.T/Bulk', { handle: (_request, call) => call.reply({ pieces: bulk, length: 3_000_000 }) }],
  ['/t.T/Fail', { handle: (_request, call) => call.fail({ code: 9, message: 'no: ü 100%' }) }],
  ['/t.T/Hold', { handle: (_request, call) => void (call.onCancelled = (reason) => cancelled.push(reason)) }],
  [
    '/t.T/Who',
    {
      handle: (_request, call) => {
        const bytes = call.metadata.getBytes('x-bin');
        call.reply(encodeUtf8(`${call.identity?.user} ${call.metadata.get('token')} ${bytes?.join('.')}`));
      },
    },
  ],
  [
    '/t.T/Stream',
    {
      open: (call) => ({
        message: (bytes) => void call.send(bytes),
        halfClosed: () => call.end(),
        cancelled: (reason) => void cancelled.push(reason),
        drained: () => {},
      }),
    },
  ],
]);

beforeAll(async () => {
  const authority = await createAuthority(directory);
  const tls = await issueCertificate(authority, {
    commonName: 'alice',
    organizations: ['crew'],
    hosts: ['127.0.0.1', 'localhost'],
  });
  ca = tls.ca;
  writeFileSync(join(directory, 'ca.pem'), ca);
  platform = createOsPlatform({ hostname: 'test', tls });
  const http = async (request: { path: string }) => ({
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: encodeUtf8(`http ${request.path}`),
  });
  server = new GrpcServer(platform, { methods, http });
  const serve = (options: 'none' | 'asked' | 'required') =>
    platform.network.http.serve({ host: '127.0.0.1', port: 0 }, http, {
      tls: options === 'none' ? 'none' : { ...tls, clientCertificates: options },
      http2: server.accept,
    });
  plain = await serve('none');
  secure = await serve('asked');
  strict = await serve('required');
});

afterAll(async () => {
  server.close();
  await Promise.all([plain.close(), secure.close(), strict.close()]);
  rmSync(directory, { recursive: true, force: true });
});

const bytesOf = (value: Uint8Array) => Buffer.from(value);
const same = (value: Buffer) => value;

function grpcJsUnary(
  client: Client,
  method: string,
  body: string,
  metadata = new Metadata(),
  deadline = 5_000,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/t.T/${method}`,
      bytesOf,
      same,
      encodeUtf8(body),
      metadata,
      { deadline: Date.now() + deadline },
      (error: ServiceError | null, reply?: Buffer) => (error === null ? resolve(reply!) : reject(error)),
    );
  });
}

describe('@grpc/grpc-js', () => {
  const withClient = async (work: (client: Client) => Promise<void>) => {
    const client = new Client(`127.0.0.1:${plain.address.port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    try {
      await work(client);
    } finally {
      client.close();
    }
  };

  it('calls, large and small, and reads what fails', () =>
    withClient(async (client) => {
      expect((await grpcJsUnary(client, 'Echo', 'hello')).toString()).toBe('hello');
      const long = 'x'.repeat(2_000_000);
      expect((await grpcJsUnary(client, 'Echo', long)).toString()).toBe(long);
      expect((await grpcJsUnary(client, 'Bulk', '')).equals(Buffer.concat(bulk))).toBe(true);
      await expect(grpcJsUnary(client, 'Fail', '')).rejects.toMatchObject({ code: 9, details: 'no: ü 100%' });
      await expect(grpcJsUnary(client, 'Nope', '')).rejects.toMatchObject({
        code: 12,
        details: 'unknown method Nope for service t.T',
      });
      await expect(grpcJsUnary(client, 'Echo', 'x'.repeat(2_200_000))).rejects.toMatchObject({
        code: 8,
        details: 'grpc: received message larger than max (2200000 vs. 2097152)',
      });
      await expect(grpcJsUnary(client, 'Hold', '', new Metadata(), 50)).rejects.toMatchObject({ code: 4 });
      const metadata = new Metadata();
      metadata.set('token', 'secret');
      metadata.set('x-bin', Buffer.from([1, 2, 255]));
      expect((await grpcJsUnary(client, 'Who', '', metadata)).toString()).toBe('undefined secret 1.2.255');
    }));

  it('streams both ways', () =>
    withClient(async (client) => {
      const call = client.makeBidiStreamRequest('/t.T/Stream', bytesOf, same, new Metadata());
      const got: string[] = [];
      call.on('data', (chunk: Buffer) => got.push(chunk.toString()));
      const ended = new Promise((resolve) => call.on('status', resolve));
      for (let i = 0; i < 500; i++) call.write(encodeUtf8(`${i}`.repeat(400)));
      call.end();
      expect(await ended).toMatchObject({ code: 0 });
      expect(got).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`.repeat(400)));
    }));
});

describe('node:http2', () => {
  it('asks plain HTTP on the same port', async () => {
    const session = connectHttp2(`http://127.0.0.1:${plain.address.port}`);
    const request = session.request({ ':path': '/health', ':method': 'POST' });
    request.end('body');
    let text = '';
    for await (const chunk of request) text += String(chunk);
    expect(text).toBe('http /health');
    session.close();
  });

  it('serves our client, whose headers and messages it understands', async () => {
    const peer = createHttp2Server();
    peer.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.pipe(stream);
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const { port } = peer.address() as { port: number };
    const channel = new GrpcChannel(platform, { host: '127.0.0.1', port });
    const body = encodeUtf8('y'.repeat(300_000));
    for (let i = 0; i < 5; i++)
      expect(equalBytes(await channel.unary('/any.Any/Any', body), body)).toBe(true);
    channel.close();
    peer.close();
  });
});

describe('our channel', () => {
  const to = (listener: Listener, tls: 'none' | 'mutual' | { ca: string; cert: string; key: string }) =>
    new GrpcChannel(platform, listener.address, { tls });

  it('calls with and without TLS, and is known by its certificate', async () => {
    const asked = to(secure, 'mutual');
    const unknown = to(secure, { ca, cert: '', key: '' });
    const open = to(plain, 'none');
    const options = { metadata: { token: 't', 'x-bin': 'AQL/' } };
    const who = async (channel: GrpcChannel) =>
      decodeUtf8(await channel.unary('/t.T/Who', new Uint8Array(0), options));
    expect(await who(asked)).toBe('alice t 1.2.255');
    expect(await who(unknown)).toBe('undefined t 1.2.255');
    expect(await who(open)).toBe('undefined t 1.2.255');
    const turnedAway = to(strict, { ca, cert: '', key: '' });
    await expect(who(turnedAway)).rejects.toMatchObject({ code: 14 });
    for (const channel of [asked, unknown, open, turnedAway]) channel.close();
  });

  it('says of a failure whether the request may have been heard', async () => {
    const channel = to(plain, 'none');
    const failure = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: GrpcError) => error,
      );
    expect(await failure(channel.unary('/t.T/Fail', new Uint8Array(0)))).toMatchObject({
      code: 9,
      message: 'no: ü 100%',
      sent: true,
    });
    const nobody = await platform.network.streams.listen({ host: '127.0.0.1', port: 0 }, () => ({
      data: () => {},
      drained: () => {},
      ended: () => {},
      closed: () => {},
    }));
    await nobody.close();
    const dead = new GrpcChannel(platform, nobody.address);
    expect(await failure(dead.unary('/t.T/Echo', new Uint8Array(0)))).toMatchObject({
      code: 14,
      sent: false,
    });
    const held = failure(channel.unary('/t.T/Hold', new Uint8Array(0), { timeoutMillis: 30 }));
    expect(await held).toMatchObject({ code: 4, sent: true });
    const abort = new AbortController();
    const aborted = failure(channel.unary('/t.T/Hold', new Uint8Array(0), { signal: abort.signal }));
    await platform.clock.sleep(20);
    abort.abort();
    expect(await aborted).toMatchObject({ code: 1, sent: true });
    await platform.clock.sleep(20);
    expect(cancelled.length).toBeGreaterThan(0);
    channel.close();
  });

  it('streams more than any window, both ways', async () => {
    const channel = to(plain, 'none');
    let bytes = 0;
    const status = await new Promise<GrpcStatus>((resolve) => {
      const call = channel.stream('/t.T/Stream', {
        message: (message) => void (bytes += message.length),
        ended: resolve,
        drained: () => {},
      });
      for (let i = 0; i < 60; i++) call.send(new Uint8Array(500_000).fill(i));
      call.halfClose();
    });
    expect(status.code).toBe(0);
    expect(bytes).toBe(30_000_000);
    channel.close();
  });

  it('goes on with a new connection after the server drained the old one', async () => {
    const own = new GrpcServer(platform, { methods });
    const listener = await platform.network.streams.listen({ host: '127.0.0.1', port: 0 }, own.accept);
    const channel = new GrpcChannel(platform, listener.address);
    await channel.unary('/t.T/Echo', new Uint8Array(1));
    const late: Promise<unknown> = channel
      .unary('/t.T/Hold', new Uint8Array(0), { timeoutMillis: 100 })
      .catch((error: unknown) => error);
    await platform.clock.sleep(20);
    const drained = own.drain(2_000);
    expect(await late).toMatchObject({ code: 4 });
    await drained;
    expect(own.connectionCount).toBe(0);
    channel.close();
    await listener.close();
  });
});

const has = (program: string) => spawnSync('which', [program]).status === 0;

describe.skipIf(!has('h2load'))('h2load', () => {
  it('finds no failed request', async () => {
    const body = join(directory, 'body');
    writeFileSync(body, Uint8Array.from([0, 0, 0, 0, 3, 1, 2, 3]));
    const url = `http://127.0.0.1:${plain.address.port}/t.T/Echo`;
    const args = [
      '-n',
      '20000',
      '-c',
      '8',
      '-m',
      '32',
      '-d',
      body,
      '-H',
      'content-type: application/grpc',
      url,
    ];
    const { stdout } = await promisify(execFile)('h2load', args);
    expect(stdout).toContain('20000 succeeded, 0 failed, 0 errored, 0 timeout');
  });
});
if (!has('h2load'))
  console.warn('h2load is not on PATH: the server was not loaded by it (Debian: nghttp2-client)');
