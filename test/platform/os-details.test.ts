import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeUtf8, emptyBytes } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import type { HttpRequest, HttpServerRequest } from '../../src/platform/http.ts';
import type { LinkEvents } from '../../src/platform/links.ts';
import type { Listener } from '../../src/platform/network.ts';
import { ConsoleLogger } from '../../src/platform/os/console-logger.ts';
import { requestBodyBytesMax } from '../../src/platform/os/os-http.ts';
import { linkSilenceMillisMax } from '../../src/platform/os/os-links.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import {
  createAuthority,
  issueCertificate,
  loadAuthority,
  saveTlsMaterial,
} from '../../src/platform/os/pki.ts';
import type { Authority } from '../../src/platform/os/pki.ts';
import { linkOverPort } from '../../src/platform/os/port-links.ts';
import { loadTlsMaterial } from '../../src/platform/os/tls.ts';
import type { TlsMaterial } from '../../src/platform/os/tls.ts';

let folder = '';
let authority: Authority;
let material: TlsMaterial;
let foreign: TlsMaterial;

const host = {
  commonName: 'server-1',
  organizations: ['drydock:hosts', 'more'],
  hosts: ['127.0.0.1', 'localhost'],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-test-'));
  authority = await createAuthority(`${folder}/ca`);
  material = await issueCertificate(authority, host);
  foreign = await issueCertificate(await createAuthority(`${folder}/other-ca`), host);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const get: HttpRequest = { method: 'GET', path: '/', headers: {}, body: emptyBytes };
const here = { host: '127.0.0.1', port: 0 };
const platformWith = (tls: TlsMaterial) => createOsPlatform({ hostname: 'test', tls });

const silence: LinkEvents = { message() {}, closed() {} };

describe('certificates', () => {
  it('are made, kept readable by their user alone, and loaded again', async () => {
    const loaded = await loadAuthority(`${folder}/ca`);
    const again = await issueCertificate(loaded, host);
    await saveTlsMaterial(`${folder}/pki`, again);
    expect(await loadTlsMaterial(`${folder}/pki`)).toEqual(again);
    expect(again.ca).toBe(material.ca);
    for (const path of ['ca/ca.key', 'pki/host.key']) {
      expect((await stat(`${folder}/${path}`)).mode & 0o777).toBe(0o600);
    }
    expect(await readdir(`${folder}/pki`)).toEqual(['ca.crt', 'host.crt', 'host.key']);
  });

  it('come from one authority per folder', async () => {
    await expect(createAuthority(`${folder}/ca`)).rejects.toMatchObject({
      name: 'DiskError',
      code: 'EEXIST',
    });
    await expect(loadAuthority(`${folder}/none`)).rejects.toMatchObject({
      name: 'DiskError',
      code: 'ENOENT',
    });
  });
});

describe('HTTP over mutual TLS', () => {
  let listener: Listener;
  let seen: HttpServerRequest | undefined;

  beforeAll(async () => {
    listener = await platformWith(material).network.http.serve(
      here,
      async (request) => {
        seen = request;
        return { status: 200, headers: {}, body: emptyBytes };
      },
      { tls: 'mutual' },
    );
  });

  afterAll(() => listener.close());

  /** Asks with raw TLS, to show a certificate that the server should not believe, or none. */
  const askAs = (credentials: { cert?: string; key?: string; maxVersion?: 'TLSv1.2' }): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect({ ...listener.address, ca: material.ca, ...credentials }, () => {
        socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      });
      let answer = '';
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
      socket.once('error', reject);
      socket.once('close', () => resolve(answer));
    });

  it('takes CN as the user and O as the groups', async () => {
    const client = platformWith(await issueCertificate(authority, { ...host, commonName: 'kim', hosts: [] }));
    await client.network.http.request(listener.address, get, { tls: 'mutual' });
    expect(seen!.identity).toEqual({ user: 'kim', groups: ['drydock:hosts', 'more'] });
  });

  it('still knows the client when a later connection resumes its TLS session', async () => {
    const users: (string | undefined)[] = [];
    const closing = await platformWith(material).network.http.serve(
      here,
      async (request) => {
        users.push(request.identity?.user);
        return { status: 200, headers: { connection: 'close' }, body: emptyBytes };
      },
      { tls: 'mutual' },
    );
    const { http } = platformWith(material).network;
    for (let i = 0; i < 3; i++) {
      const { body } = await http.request(closing.address, get, { tls: 'mutual' });
      for await (const chunk of body as AsyncIterable<Uint8Array>) expect(chunk).toHaveLength(0);
    }
    expect(users).toEqual(['server-1', 'server-1', 'server-1']);
    await closing.close();
  });

  it('serves a client without a certificate, who is then nobody', async () => {
    expect(await askAs({})).toContain('200 OK');
    expect(seen!.identity).toBeUndefined();
  });

  it('does not believe a certificate of another authority', async () => {
    expect(await askAs({ cert: foreign.cert, key: foreign.key })).toContain('200 OK');
    expect(seen!.identity).toBeUndefined();
  });

  it('speaks TLS 1.3 only', async () => {
    await expect(askAs({ maxVersion: 'TLSv1.2' })).rejects.toThrow('protocol version');
  });

  it('is not fooled by a server of another authority', async () => {
    const impostor = await platformWith(foreign).network.http.serve(
      here,
      async () => {
        throw new Error('must not be asked');
      },
      { tls: 'mutual' },
    );
    const asked = platformWith(material).network.http.request(impostor.address, get, { tls: 'mutual' });
    await expect(asked).rejects.toMatchObject({ name: 'NetworkError', code: 'EUNTRUSTED' });
    await impostor.close();
  });

  it('says what is missing on a host without a certificate', async () => {
    const { http, links } = createOsPlatform({ hostname: 'bare' }).network;
    const missing = { name: 'NetworkError', code: 'EUNTRUSTED' };
    await expect(http.request(listener.address, get, { tls: 'mutual' })).rejects.toMatchObject(missing);
    await expect(links.connect(listener.address, silence)).rejects.toMatchObject(missing);
    await expect(links.listen(here, () => silence)).rejects.toMatchObject(missing);
  });
});

describe('plain HTTP', () => {
  it('answers 413 to a body above the limit, and takes one at the limit', async () => {
    const { http } = platformWith(material).network;
    const listener = await http.serve(
      here,
      async (request) => ({
        status: 200,
        headers: { 'x-length': String(request.body.length) },
        body: emptyBytes,
      }),
      { tls: 'none' },
    );
    const post = (length: number) =>
      http.request(
        listener.address,
        { ...get, method: 'POST', body: new Uint8Array(length) },
        { tls: 'none' },
      );
    expect((await post(requestBodyBytesMax)).headers['x-length']).toBe(String(requestBodyBytesMax));
    expect((await post(requestBodyBytesMax + 1)).status).toBe(413);
    expect((await post(2 * requestBodyBytesMax)).status).toBe(413);
    await listener.close();
  });
});

describe('a body that fails under way', () => {
  it('breaks at the client too, without stopping the server', async () => {
    const { http } = platformWith(material).network;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(3);
      throw new NetworkError('ECONNRESET', 'the kubelet behind went away');
    }
    const listener = await http.serve(here, async () => ({ status: 200, headers: {}, body: body() }), {
      tls: 'none',
    });
    const response = await http.request(listener.address, get, { tls: 'none' });
    const reading = (async () => {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) expect(chunk).toHaveLength(3);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'NetworkError', code: 'ECONNRESET' });
    await listener.close();
  });
});

describe('links', () => {
  it('refuse whoever has no certificate of our authority', async () => {
    const listener = await platformWith(material).network.links.listen(here, () => {
      throw new Error('must not be accepted');
    });
    const stranger = platformWith({ ...foreign, ca: material.ca });
    await expect(stranger.network.links.connect(listener.address, silence)).rejects.toMatchObject({
      name: 'NetworkError',
    });
    const noCertificate = new Promise<string>((resolve) => {
      const socket = tlsConnect({ ...listener.address, ca: material.ca }, () =>
        socket.write('GET / HTTP/1.1\r\n\r\n'),
      );
      socket.once('error', (error) => resolve(error.message));
      socket.once('data', () => resolve('an answer'));
      socket.once('close', () => resolve('closed'));
    });
    expect(await noCertificate).not.toBe('an answer');
    await listener.close();
  });

  it('break within the bound when the other side falls silent', { timeout: 15_000 }, async () => {
    const { links, streams } = platformWith(material).network;
    const listener = await links.listen(here, () => silence);
    // A relay that can hold back everything: what a host that lost its power looks like.
    let isHolding = false;
    const relay = await streams.listen(here, (client) => {
      const server = createConnection(listener.address);
      server.on('data', (bytes) => isHolding || client.write(bytes));
      server.on('error', () => {});
      return {
        data: (bytes) => void (isHolding || server.write(bytes)),
        drained() {},
        ended: () => server.end(),
        closed: () => server.destroy(),
      };
    });
    const closed = deferred<string>();
    await links.connect(relay.address, { message() {}, closed: closed.resolve });
    isHolding = true;
    const start = performance.now();
    expect(await closed.promise).toContain('silent');
    expect(performance.now() - start).toBeLessThan(linkSilenceMillisMax + 4_000);
    await relay.close();
    await listener.close();
  });
});

describe('links between threads', () => {
  it('carry messages in order, count what is not taken yet, and close both ends', async () => {
    const { port1, port2 } = new MessageChannel();
    const received: unknown[] = [];
    const all = deferred<void>();
    const closed = [deferred<string>(), deferred<string>()];
    const a = linkOverPort(port1, { message() {}, closed: closed[0]!.resolve });
    linkOverPort(port2, {
      message(message) {
        if (received.push(message) === 3) all.resolve();
      },
      closed: closed[1]!.resolve,
    });
    const page = new Uint8Array(1_000_000);
    const messages = [{ id: 1n, data: page.subarray(5, 8) }, 'two', [null, 3]];
    for (const message of messages) a.send(message);
    expect(a.bufferedBytes()).toBeGreaterThan(0);
    expect(a.bufferedBytes()).toBeLessThan(1000);
    await all.promise;
    expect(received).toEqual(messages);
    expect((received[0] as { data: Uint8Array }).data.buffer.byteLength).toBeLessThan(1000);
    while (a.bufferedBytes() > 0) await new Promise(setImmediate);
    a.close();
    expect(await closed[0]!.promise).toBe('closed by this side');
    expect(await closed[1]!.promise).toBe('the other thread closed the link');
  });
});

describe('locks', () => {
  const { disk } = createOsPlatform({ hostname: 'test' });

  it('name the process that holds them', async () => {
    const directory = await mkdtemp(`${folder}/lock-`);
    const lock = await disk.lock(directory);
    await expect(disk.lock(directory)).rejects.toThrow(`${directory} is in use by process ${process.pid}`);
    await lock.release();
    await (await disk.lock(directory)).release();
    expect(await readdir(directory)).toEqual(['LOCK.2']);
  });

  it('go to one of many who ask at once', async () => {
    const directory = await mkdtemp(`${folder}/lock-`);
    await writeFile(`${directory}/LOCK.11`, `${process.pid} 123\n`);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => disk.lock(directory)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ELOCKED' });
    }
    expect(await readdir(directory)).toEqual(['LOCK.12']);
  });

  it('of a dead process are taken over, also when its pid lives on as another process', async () => {
    const directory = await mkdtemp(`${folder}/lock-`);
    const child = spawn('true');
    await new Promise((resolve) => child.once('close', resolve));
    await writeFile(`${directory}/LOCK.9`, `${child.pid} 123\n`);
    await (await disk.lock(directory)).release();
    await writeFile(`${directory}/LOCK.11`, `${process.pid} 123\n`);
    const lock = await disk.lock(directory);
    expect(await readFile(`${directory}/LOCK.12`, 'utf8')).toMatch(
      new RegExp(`^${process.pid} [1-9]\\d*\\n$`),
    );
    expect(await readdir(directory)).toEqual(['LOCK.12']);
    await lock.release();
  });

  it('that are not ours are left alone', async () => {
    const directory = await mkdtemp(`${folder}/lock-`);
    await writeFile(`${directory}/LOCK.1`, 'something else\n');
    await expect(disk.lock(directory)).rejects.toMatchObject({ code: 'ELOCKED' });
    expect(await readFile(`${directory}/LOCK.1`, 'utf8')).toBe('something else\n');
  });
});

describe('processes', () => {
  const { processes } = createOsPlatform({ hostname: 'test' });
  const spawnShell = (script: string, output: (text: string) => void = () => {}) =>
    processes.spawn({
      command: ['sh', '-c', script],
      environment: { PATH: '/usr/bin:/bin' },
      workingDirectory: folder,
      output: (_stream, bytes) => output(decodeUtf8(bytes)),
    });

  it('end even if a grandchild keeps their output open', async () => {
    const started = performance.now();
    const child = await spawnShell('sleep 20 & exit 4');
    expect(await child.exited).toEqual({ exitCode: 4 });
    expect(performance.now() - started).toBeLessThan(5_000);
    process.kill(-child.pid, 'SIGKILL');
  });

  it('take their whole group with them', async () => {
    let text = '';
    const said = deferred<void>();
    const child = await spawnShell('sleep 30 & echo $!; wait', (more) => {
      text += more;
      if (text.endsWith('\n')) said.resolve();
    });
    await said.promise;
    const grandchild = Number(text);
    expect(await processes.isAlive(grandchild, '')).toBe(true);
    child.signal('SIGKILL');
    await child.exited;
    for (let i = 0; i < 200 && (await processes.isAlive(grandchild, '')); i++)
      await new Promise(setImmediate);
    expect(await processes.isAlive(grandchild, '')).toBe(false);
  });

  it('are looked up on the PATH they are given, not on ours', async () => {
    const spec = { environment: { PATH: folder }, workingDirectory: folder, output() {} };
    await expect(processes.spawn({ ...spec, command: ['true'] })).rejects.toThrow(
      `no such program on PATH "${folder}"`,
    );
    await writeFile(`${folder}/mine`, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
    expect(await (await processes.spawn({ ...spec, command: ['mine'] })).exited).toEqual({ exitCode: 7 });
  });

  it('need an existing folder and an executable program', async () => {
    await writeFile(`${folder}/plain`, 'text', { mode: 0o644 });
    const spec = { environment: { PATH: '/usr/bin:/bin' }, workingDirectory: folder, output() {} };
    await expect(processes.spawn({ ...spec, command: [`${folder}/plain`] })).rejects.toMatchObject({
      name: 'ProcessError',
      code: 'EACCES',
    });
    const elsewhere = processes.spawn({ ...spec, command: ['true'], workingDirectory: `${folder}/none` });
    await expect(elsewhere).rejects.toThrow(`its working folder ${folder}/none does not exist`);
  });
});

describe('the console logger', () => {
  it('writes lines or JSON, with fields, from its level up', () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    const text = new ConsoleLogger({ write }).with({ host: 'a', none: undefined });
    text.debug('not written');
    text.info('Member joined', { member: 'b2', note: 'two words', count: 3 });
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}Member joined host=a member=b2 note="two words" count=3\n$/,
    );
    new ConsoleLogger({ write, format: 'json', level: 'error' })
      .with({ host: 'a' })
      .error('Disk failed', { code: null });
    expect(JSON.parse(lines[1]!)).toMatchObject({
      level: 'error',
      message: 'Disk failed',
      host: 'a',
      code: null,
    });
    expect(lines).toHaveLength(2);
  });
});
