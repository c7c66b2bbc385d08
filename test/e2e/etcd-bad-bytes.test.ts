import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { concatBytes } from '../../src/base/bytes.ts';
import { flag, frameType, preface } from '../../src/grpc/frame.ts';
import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import { data, frame, headers, hello, message, settings, uint32 } from '../grpc/wire.ts';
import { drydockServes, EtcdProcess, findTool, missingTool, startCluster } from './etcd-process.ts';
import { base64, call, gateway } from './etcd-tools.ts';
import { RawConnection } from './raw-connection.ts';

/**
 * Bytes that no client sends, floods of those that one may send, and connections that say nothing, at every port of a real
 * process. It has to give the answer of HTTP, lose nothing but that connection, keep its memory, and serve everybody else.
 */

const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'what bad bytes are answered is not held against a real etcd.');

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const range = '/etcdserverpb.KV/Range';
const mebibyte = 1024 * 1024;
/** What a process may grow by while it is flooded: heap that is not collected yet, and what the bounds of src/grpc allow. */
const growthBytesMax = 160 * mebibyte;
/** How long somebody else's request may take meanwhile. */
const othersMillisMax = 2000;

type Parts = readonly (Uint8Array | string)[];
const post = (...fields: string[]): string =>
  `POST /v3/kv/range HTTP/1.1\r\nhost: x\r\n${fields.join('\r\n')}`;

/** Both answer the same. */
const http1: Readonly<Record<string, readonly [string, Parts]>> = {
  nothing: ['nothing, open', []],
  'no HTTP': ['nothing, closed', ['hello\r\n\r\n']],
  'an unknown path': ['HTTP 404, open', ['GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n']],
  'no host': ['HTTP 400, closed', ['GET /version HTTP/1.1\r\n\r\n']],
  'a header that is none': ['HTTP 400, closed', ['GET /version HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n']],
  'two lengths': ['HTTP 400, closed', [post('content-length: 2', 'content-length: 3', '', '{}')]],
  'a header of 2 MB': [
    'HTTP 431, closed',
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(2_000_000)}\r\n\r\n`],
  ],
  'a chunk without a length': ['HTTP 400, closed', [post('transfer-encoding: chunked', '', 'zz', '{}', '')]],
  'an upgrade to h2c': [
    'HTTP 200, open',
    [
      'GET /version HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n',
    ],
  ],
  'half a preface': ['nothing, open', [preface.subarray(0, 10)]],
  'a preface and no more': ['HTTP/2, open', [preface]],
  'headers of an even stream': ['HTTP/2 goaway 1, closed', [hello, headers(2, range)]],
  'an unknown frame': ['HTTP/2, open', [hello, frame(0x42, 0, 0, new Uint8Array(10))]],
  'a message that is cut': ['HTTP/2, open', [hello, headers(1, range), data(1, bytes(0, 0, 0, 0, 9, 1))]],
  'a message with a bad flag': ['HTTP/2, open', [hello, headers(1, range), data(1, message('', 7))]],
  'a message of 4 GiB': [
    'HTTP/2 reset 0, open',
    [hello, headers(1, range), data(1, bytes(0, 0xff, 0xff, 0xff, 0xff), false)],
  ],
  'no message': ['HTTP/2, open', [hello, headers(1, range, [], flag.endHeaders | flag.endStream)]],
  'two messages': [
    'HTTP/2, open',
    [hello, headers(1, range), data(1, concatBytes([message('\x0a\x01a'), message('\x0a\x01a')]))],
  ],
};

/** drydock gives the RFC's answer; etcd hangs up without a word, or does not mind. */
const own: Readonly<Record<string, readonly [string, Parts]>> = {
  zeros: ['nothing, closed', [new Uint8Array(100)]],
  'a TLS hello': ['nothing, closed', [bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), new Uint8Array(500)]],
  'an unknown method of HTTP/1.1': ['HTTP 400, closed', ['XYZ / HTTP/1.1\r\nhost: x\r\n\r\n']],
  'a length and chunks': [
    'HTTP 400, closed',
    [post('content-length: 2', 'transfer-encoding: chunked', '', '0', '', '')],
  ],
  'a preface that goes wrong': ['HTTP/2 goaway 1, closed', ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n']],
  'no frames': ['HTTP/2 goaway 6, closed', [preface, 'hello, this is no frame at all, but text']],
  'no settings first': ['HTTP/2 goaway 1, closed', [preface, frame(frameType.ping, 0, 0, new Uint8Array(8))]],
  'a frame of 16 MiB': ['HTTP/2 goaway 6, closed', [hello, bytes(0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1)]],
  'a frame of 16,385 bytes': [
    'HTTP/2 goaway 6, closed',
    [hello, headers(1, range), frame(frameType.data, 0, 1, new Uint8Array(16_385))],
  ],
  'a window of 2^31': ['HTTP/2 goaway 3, closed', [hello, settings([4, 0x80000000])]],
  'windows that add up': [
    'HTTP/2 goaway 3, closed',
    [hello, frame(frameType.windowUpdate, 0, 0, uint32(0x7fffffff))],
  ],
  'data of no stream': ['HTTP/2 goaway 1, closed', [hello, frame(frameType.data, 0, 0, new Uint8Array(3))]],
  'data of an idle stream': [
    'HTTP/2 goaway 1, closed',
    [hello, frame(frameType.data, 0, 7, new Uint8Array(3))],
  ],
  'headers that are interrupted': [
    'HTTP/2 goaway 1, closed',
    [hello, headers(1, range, [], 0), frame(frameType.ping, 0, 0, new Uint8Array(8))],
  ],
  'headers that HPACK cannot read': [
    'HTTP/2 goaway 9, closed',
    [hello, frame(frameType.headers, flag.endHeaders, 1, bytes(0xff, 0xff, 0xff, 0xff, 0xff))],
  ],
  'padding beyond its frame': [
    'HTTP/2 goaway 1, closed',
    [hello, frame(frameType.headers, flag.endHeaders | flag.padded, 1, bytes(200, 1))],
  ],
  'headers without a method': [
    'HTTP/2 reset 1, open',
    [hello, frame(frameType.headers, flag.endHeaders, 1, bytes(0x84))],
  ],
  'a push promise': [
    'HTTP/2 goaway 1, closed',
    [hello, frame(frameType.pushPromise, flag.endHeaders, 1, bytes(0, 0, 0, 2))],
  ],
};

const put = (member: EtcdProcess, key: string): Promise<unknown> =>
  gateway(member, '/v3/kv/put', { key: base64(key), value: base64('v') });

describe.skipIf(!drydockServes())('the clients’ port', { timeout: 120_000 }, () => {
  const cleanups: (() => unknown)[] = [];
  let member: EtcdProcess;

  beforeAll(async () => {
    member = await EtcdProcess.start({ flavour: 'drydock' });
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  afterAll(() => member?.close());

  const open = async (options = {}): Promise<RawConnection> => {
    const connection = await RawConnection.open(member.ports.client, options);
    cleanups.push(() => connection.socket.destroy());
    return connection;
  };

  const outcomeOf = async (server: EtcdProcess, parts: Parts): Promise<string> =>
    (await RawConnection.open(server.ports.client)).write(...parts).outcome(1500);

  it('answers each of them as HTTP says', async () => {
    await Promise.all(
      Object.entries({ ...http1, ...own }).map(async ([name, [expected, parts]]) => {
        expect.soft(await outcomeOf(member, parts), name).toBe(expected);
      }),
    );
    await put(member, 'after');
  });

  it.skipIf(!real)('answers what a real etcd answers to the most of them', async () => {
    const etcd = await EtcdProcess.start({ flavour: 'etcd' });
    cleanups.push(() => etcd.close());
    await Promise.all(
      Object.entries(http1).map(async ([name, [expected, parts]]) => {
        expect.soft(await outcomeOf(etcd, parts), name).toBe(expected);
      }),
    );
  });

  /** Does something bad for a while, and holds what it does to memory and to others. */
  const meanwhile = async (harm: () => Promise<unknown>): Promise<void> => {
    await put(member, 'before');
    const before = member.residentBytes;
    const state = { over: false };
    let worstMillis = 0;
    let most = before;
    const others = (async () => {
      while (!state.over) {
        const at = performance.now();
        await put(member, 'meanwhile');
        worstMillis = Math.max(worstMillis, performance.now() - at);
        most = Math.max(most, member.residentBytes);
        await sleep(20);
      }
    })();
    await harm();
    state.over = true;
    await others;
    expect(member.running, member.output).toBe(true);
    expect(worstMillis).toBeLessThan(othersMillisMax);
    expect(most - before).toBeLessThan(growthBytesMax);
  };

  const floods: Readonly<Record<string, readonly [Parts, Uint8Array, number]>> = {
    pings: [
      [hello],
      concatBytes(Array.from({ length: 500 }, () => frame(frameType.ping, 0, 0, new Uint8Array(8)))),
      400,
    ],
    settings: [[hello], concatBytes(Array.from({ length: 500 }, () => settings([4, 65_535]))), 400],
    'empty data': [
      [hello, headers(1, range)],
      concatBytes(Array.from({ length: 500 }, () => frame(frameType.data, 0, 1))),
      400,
    ],
    'window updates': [
      [hello],
      concatBytes(Array.from({ length: 500 }, () => frame(frameType.windowUpdate, 0, 0, uint32(1)))),
      400,
    ],
    'headers that never end': [
      [hello, headers(1, range, [], 0)],
      frame(frameType.continuation, 0, 1, new Uint8Array(16_000).fill(0x82)),
      2000,
    ],
    'unknown frames': [[hello], frame(0x42, 0, 0, new Uint8Array(16_000)), 2000],
    priorities: [
      [hello],
      concatBytes(Array.from({ length: 500 }, (_, i) => frame(2, 0, 2 * i + 1, bytes(0, 0, 0, 0, 1)))),
      400,
    ],
  };

  it.each(Object.entries(floods))('bears a flood of %s', async (_, [parts, chunk, count]) => {
    await meanwhile(async () => {
      // One that does not read what it is answered, and one that does.
      const [deaf, hearing] = [await open({ silent: true }), await open()];
      await Promise.all([
        deaf.write(...parts).flood(chunk, count),
        hearing.write(...parts).flood(chunk, count),
      ]);
    });
  });

  it('bears streams that are reset as soon as they are begun', async () => {
    await meanwhile(async () => {
      const connection = (await open()).write(hello);
      for (let from = 0; from < 100_000 && !connection.closed; from += 500) {
        const batch = Array.from({ length: 500 }, (_, i) => {
          const id = 2 * (from + i) + 1;
          return concatBytes([
            headers(id, '/etcdserverpb.Watch/Watch'),
            frame(frameType.rstStream, 0, id, uint32(8)),
          ]);
        });
        await connection.flood(concatBytes(batch), 1);
      }
    });
  });

  it('bears as many open calls as there may be, and refuses more', async () => {
    await meanwhile(async () => {
      const connection = (await open()).write(hello);
      for (let from = 0; from < 6000; from += 500) {
        const batch = Array.from({ length: 500 }, (_, i) =>
          headers(2 * (from + i) + 1, '/etcdserverpb.Watch/Watch'),
        );
        await connection.flood(concatBytes(batch), 1);
      }
      expect(await connection.outcome(500)).toMatch(/^HTTP\/2 (goaway \d+ )?reset 7/);
    });
  });

  it('bears two thousand connections that say nothing, or half of something', async () => {
    const beginnings: readonly Parts[] = [
      [],
      [preface.subarray(0, 10)],
      [preface],
      [hello],
      ['GET /version HTTP/1.1\r\nho'],
    ];
    await meanwhile(async () => {
      for (let i = 0; i < 2000; i++) (await open()).write(...beginnings[i % beginnings.length]!);
      expect((await call(`${member.clientUrl}/version`)).status).toBe(200);
      // Half-closed ones.
      for (let i = 0; i < 200; i++) (await open()).write(...beginnings[i % beginnings.length]!).socket.end();
    });
  });

  it('bears any bytes after a preface, and any damage to frames that would be good', async () => {
    const good = concatBytes([
      hello,
      headers(1, range),
      data(1, message('\x0a\x01a')),
      headers(3, '/etcdserverpb.Watch/Watch'),
      data(3, message('\x0a\x03\x0a\x01a'), false),
      frame(frameType.ping, 0, 0, new Uint8Array(8)),
    ]);
    await meanwhile(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(good.length),
          async (damage, junk, cut) => {
            const bad = good.slice();
            for (const [at, value] of damage) bad[at] = value;
            const connection = await open();
            connection.write(bad.subarray(0, cut), junk);
            await sleep(2);
            connection.socket.destroy();
          },
        ),
        { numRuns: 400 },
      ),
    );
    await put(member, 'after');
  });
});

describe.skipIf(!drydockServes())('the members’ port', { timeout: 120_000 }, () => {
  let members: EtcdProcess[] = [];

  beforeAll(async () => {
    members = await startCluster('drydock', 3);
  });

  afterAll(() => Promise.all(members.map((member) => member.close())));

  /** Says something in MessagePack over a WebSocket; tells what was answered until the other side closed. */
  const say = (
    messages: readonly (Uint8Array | string)[],
    port = members[0]!.ports.peer,
  ): Promise<unknown[]> =>
    new Promise((resolve) => {
      const answers: unknown[] = [];
      const webSocket = new WebSocket(`ws://127.0.0.1:${port}/`);
      const timer = setTimeout(() => webSocket.terminate(), 3000);
      webSocket.on('error', () => {});
      webSocket.on('open', () => {
        for (const one of messages) webSocket.send(one);
      });
      webSocket.on('message', (bytes: Buffer) => answers.push(packr.unpack(bytes)));
      webSocket.on('close', () => {
        clearTimeout(timer);
        resolve(answers);
      });
    });
  const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });
  const junk: readonly unknown[] = [
    null,
    true,
    0,
    -1,
    1.5,
    2n ** 63n,
    'hello',
    [],
    [[[]]],
    {},
    new Uint8Array(1000),
    { type: null },
    { type: 'raft' },
    { type: 'raft', packed: null },
    { type: 'raft', packed: { type: 'MsgApp' } },
    { type: 'hello' },
    { type: 'hello', protocol: 'drydock-peer/2', clusterId: 5, memberId: [] },
    { type: 'members', protocol: {} },
  ];

  it('turns away what is no WebSocket, no MessagePack, or not what a member says, and goes on', async () => {
    const { peer } = members[0]!.ports;
    const outcomes = await Promise.all(
      (
        [
          ['HTTP 400', ['hello\r\n\r\n']],
          ['HTTP 400', [new Uint8Array(100)]],
          ['HTTP 426', ['GET / HTTP/1.1\r\nhost: x\r\n\r\n']],
          ['HTTP 400', [hello]],
          ['HTTP 400', ['GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n']],
        ] as const
      ).map(async ([expected, parts]) => {
        const got = await (await RawConnection.open(peer)).write(...parts).outcome();
        return [got.split(',')[0], expected];
      }),
    );
    for (const [got, expected] of outcomes) expect.soft(got).toBe(expected);

    await Promise.all(junk.map((message) => say([packr.pack(message)])));
    // Arrays of four thousand million, maps that never end, depths without end, text instead of bytes.
    const broken = [
      bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
      bytes(0xdf, 0xff, 0xff, 0xff, 0xff),
      bytes(0xc6, 0xff, 0xff, 0xff, 0xff),
      bytes(0xdb, 0xff, 0xff, 0xff, 0xff),
      new Uint8Array(1_000_000).fill(0x91),
      new Uint8Array(1_000_000).fill(0x81),
      bytes(0xc1),
      bytes(0xd6, 0xff),
      'text',
      '',
    ];
    await Promise.all(broken.map((bad) => say([bad])));
    await put(members[0]!, 'after');
    expect(members.every(({ running }) => running)).toBe(true);
  });

  it('turns away who says what no member says, once it has said that it is one', async () => {
    const introduced = (await answersTo(packr.pack({ type: 'members', protocol: 'drydock-peer/2' }))) as {
      clusterId: string;
      members: { id: string; name: string }[];
    };
    const other = introduced.members.find(({ name }) => name === 'm1')!;
    for (const purpose of ['messages', 'snapshot', 'other']) {
      const greeting = packr.pack({
        type: 'hello',
        protocol: 'drydock-peer/2',
        clusterId: introduced.clusterId,
        memberId: other.id,
        purpose,
      });
      const envelope = {
        from: other.id,
        to: introduced.members.find(({ name }) => name === 'm0')!.id,
        term: 1,
      };
      const lies = [
        ...junk,
        { type: 'raft', packed: { ...envelope, type: 'MsgNothing' } },
        {
          type: 'raft',
          packed: { ...envelope, type: 'MsgApp', index: 'x', logTerm: 0, entries: [], commit: 0 },
        },
        {
          type: 'raft',
          packed: { ...envelope, type: 'MsgApp', index: 1, logTerm: 0, entries: [1, 2], commit: 0 },
        },
        { type: 'raft', packed: { ...envelope, type: 'MsgVote', term: -1 } },
        { type: 'lease-ask', requestId: 5 },
        { type: 'begin', message: { ...envelope, type: 'MsgSnap', snapshot: null } },
        { type: 'records', records: [1, 0, new Uint8Array(1)] },
        { type: 'end', count: 0, crc: 0 },
      ];
      await Promise.all(
        lies.map(async (lie) => {
          const answers = await say([greeting, packr.pack(lie)]);
          expect
            .soft(
              answers,
              JSON.stringify(lie, (_, one: unknown) => String(one)),
            )
            .toMatchObject([{ type: 'refused', reason: 'it sends what no member says' }]);
        }),
      );
    }
    await put(members[0]!, 'after');
    expect(members.every(({ running }) => running)).toBe(true);
  });

  const answersTo = async (message: Uint8Array): Promise<unknown> => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${members[0]!.ports.peer}/`);
    return new Promise((resolve, reject) => {
      webSocket.on('error', reject);
      webSocket.on('open', () => webSocket.send(message));
      webSocket.on('message', (answer: Buffer) => {
        resolve(packr.unpack(answer));
        webSocket.terminate();
      });
    });
  };
});

describe.skipIf(!drydockServes())('a port with TLS', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bytes-'));
  let member: EtcdProcess;

  beforeAll(async () => {
    const file = (name: string, content: string): string => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const authority = await createAuthority(folder);
    const { cert, key } = await issueCertificate(authority, {
      commonName: 's',
      organizations: [],
      hosts: ['127.0.0.1'],
    });
    const ca = file('ca.pem', authority.certificatePem);
    const own = ['cert-file', 'key-file', 'trusted-ca-file'].map((name, i) => {
      return [name, [file('s.crt', cert), file('s.key', key), ca][i]!] as const;
    });
    member = await EtcdProcess.start({
      flavour: 'drydock',
      scheme: 'https',
      peerScheme: 'https',
      flags: own.flatMap(([name, path]) => [`--${name}=${path}`, `--peer-${name}=${path}`]),
    });
  });

  afterAll(async () => {
    await member?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('survives those who speak no TLS, half of one, or nothing, and bad bytes within TLS', async () => {
    for (const port of [member.ports.client, member.ports.peer]) {
      for (const parts of [
        ['GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
        [hello],
        [new Uint8Array(1000)],
        [bytes(0x16, 3, 1, 0xff, 0xff, 1, 2, 3)],
      ]) {
        const outcome = await (await RawConnection.open(port)).write(...parts).outcome(500);
        // An alert, or nothing, and in any case no more than that.
        expect
          .soft(outcome, `${port} ${String(parts[0]).slice(0, 20)}`)
          .toMatch(/^(other bytes|nothing|HTTP 400), (closed|open)$/);
      }
    }
    const idle = await Promise.all(
      Array.from({ length: 500 }, () => RawConnection.open(member.ports.client)),
    );
    for (const connection of idle) connection.write(bytes(0x16, 3, 1, 2, 0, 1, 0, 1));
    for (const [parts, expected] of [
      [['hello'], /goaway 1|nothing/],
      [[hello, frame(frameType.data, 0, 0, new Uint8Array(3))], /goaway 1/],
    ] as const) {
      const inside = await RawConnection.open(member.ports.client, { tls: true });
      expect.soft(await inside.write(...parts).outcome(500)).toMatch(expected);
    }
    const { status } = await call(`${member.clientUrl}/version`, {
      tls: { ca: readFileSync(join(folder, 'ca.pem'), 'utf8') },
    });
    expect(status).toBe(200);
    for (const connection of idle) connection.socket.destroy();
    expect(member.running).toBe(true);
  });
});
