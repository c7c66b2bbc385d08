import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { concatBytes, emptyBytes } from '../../src/base/bytes.ts';
import { errorCode, flag, frameType, setting } from '../../src/grpc/frame.ts';
import { GrpcServer } from '../../src/grpc/server.ts';
import type { GrpcMethod, ServerCall } from '../../src/grpc/service.ts';
import { createOsPlatform } from '../../src/platform/os/os-platform.ts';
import { answersOf, data, frame, headers, hello, message, Recorder, settings, uint32 } from './wire.ts';

const platform = createOsPlatform({ hostname: 'test' });

interface Peer {
  readonly wire: Recorder;
  readonly calls: ServerCall[];
  readonly events: string[];
  send(...parts: readonly Uint8Array[]): void;
  answers(): string[];
}

function connect(): Peer {
  const calls: ServerCall[] = [];
  const events: string[] = [];
  const methods = new Map<string, GrpcMethod>([
    ['/t.T/Echo', { handle: (request, call) => call.reply(request) }],
    ['/t.T/Hold', { handle: (_request, call) => void calls.push(call) }],
    [
      '/t.T/Stream',
      {
        open: (call) => {
          calls.push(call);
          return {
            message: (bytes) => void call.send(bytes),
            halfClosed: () => call.end(),
            cancelled: (reason) => void events.push(`cancelled: ${reason}`),
            drained: () => void events.push('drained'),
          };
        },
      },
    ],
  ]);
  const wire = new Recorder();
  const server = new GrpcServer(platform, { methods });
  const receiver = server.accept(wire);
  return {
    wire,
    calls,
    events,
    send: (...parts) => receiver.data(concatBytes(parts)),
    answers: () => answersOf(wire.frames()),
  };
}

const ok = (id: number, text: string) => [
  `${id} headers :status 200 content-type application/grpc`,
  `${id} data ${text}`,
  `${id} headers grpc-status 0 end`,
];

const failed = (id: number, code: number, text: string) =>
  `${id} headers :status 200 content-type application/grpc grpc-status ${code} grpc-message ${text} end`;

describe('a conversation', () => {
  const conversation = concatBytes([
    hello,
    headers(1, '/t.T/Echo'),
    data(1, message('one')),
    frame(frameType.ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
    headers(3, '/t.T/Stream'),
    data(3, concatBytes([message('a'), message('bb'), message('').subarray(0, 3)]), false),
    data(3, concatBytes([message('').subarray(3), message('ccc')]), false),
    data(3, emptyBytes, true),
    // A block over three frames, with padding and priority, between which nothing may come.
    frame(frameType.headers, flag.padded | flag.priority, 5, [
      2,
      0,
      0,
      0,
      1,
      9,
      ...headers(5, '/t.T/Echo').subarray(9, 30),
      0,
      0,
    ]),
    frame(frameType.continuation, 0, 5, headers(5, '/t.T/Echo').subarray(30, 40)),
    frame(frameType.continuation, flag.endHeaders, 5, headers(5, '/t.T/Echo').subarray(40)),
    frame(frameType.data, flag.padded | flag.endStream, 5, [3, ...message('five'), 0, 0, 0]),
    headers(7, '/t.T/No'),
    data(7, message('x')),
    headers(9, '/no.No/No', [], flag.endHeaders | flag.endStream),
    headers(11, '/t.T/Echo', ['grpc-encoding', 'gzip'], flag.endHeaders),
    data(11, message('x', 1)),
    headers(13, '/t.T/Echo', [], flag.endHeaders | flag.endStream),
    frame(77, 0, 1, [1, 2, 3]),
  ]);

  const whole = (): string[] => {
    const peer = connect();
    peer.send(conversation);
    return peer.answers();
  };

  it('is answered', () => {
    const answers = whole();
    expect(answers).toEqual(
      expect.arrayContaining([
        ...ok(1, 'one'),
        '3 data a',
        '3 data bb',
        '3 data ',
        '3 data ccc',
        '3 headers grpc-status 0 end',
        ...ok(5, 'five'),
        failed(7, 12, 'unknown method No for service t.T'),
        failed(9, 12, 'unknown service no.No'),
        failed(11, 12, 'grpc: Decompressor is not installed for grpc-encoding "gzip"'),
      ]),
    );
    expect(answers.some((line) => line.startsWith('goaway'))).toBe(false);
  });

  it('G1: is the same however its bytes are cut', () => {
    const expected = whole();
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: conversation.length - 1 }), { maxLength: 40 }),
        (cuts) => {
          const peer = connect();
          let from = 0;
          for (const cut of [...cuts.toSorted((a, b) => a - b), conversation.length]) {
            peer.send(conversation.subarray(from, cut));
            from = cut;
          }
          expect(peer.answers()).toEqual(expected);
        },
      ),
    );
    const peer = connect();
    for (const byte of conversation) peer.send(Uint8Array.of(byte));
    expect(peer.answers()).toEqual(expected);
  });

  it('G2: survives any damage', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(conversation.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        (changes) => {
          const bytes = conversation.slice();
          for (const [at, value] of changes) bytes[at] = value;
          const peer = connect();
          peer.send(bytes);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('G2: survives noise', () => {
    const noise = fc.array(
      fc
        .tuple(fc.nat(10), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 60 }))
        .map(([type, flags, id, body]) => frame(type, flags, id, body)),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(noise, fc.uint8Array(), (frames, tail) => {
        const peer = connect();
        peer.send(hello, ...frames, tail);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('malformed frames', () => {
  const { protocolError, frameSizeError, flowControlError, streamClosed, compressionError, enhanceYourCalm } =
    errorCode;
  const open = headers(1, '/t.T/Hold');
  const cases: readonly (readonly [string, number, readonly Uint8Array[]])[] = [
    ['no preface', protocolError, [new Uint8Array(24)]],
    [
      'a first frame that is not SETTINGS',
      protocolError,
      [hello.subarray(0, 24), frame(frameType.ping, 0, 0, new Uint8Array(8))],
    ],
    ['DATA on stream 0', protocolError, [hello, data(0, emptyBytes)]],
    ['DATA on an idle stream', protocolError, [hello, data(5, emptyBytes)]],
    ['padding longer than DATA', protocolError, [hello, open, frame(frameType.data, flag.padded, 1, [9, 1])]],
    ['HEADERS on stream 0', protocolError, [hello, headers(0, '/x')]],
    ['HEADERS on an even stream', protocolError, [hello, headers(2, '/x')]],
    ['HEADERS on an older stream', streamClosed, [hello, headers(3, '/t.T/Hold'), open]],
    [
      'HEADERS that are no HPACK',
      compressionError,
      [hello, frame(frameType.headers, flag.endHeaders, 1, [0x80])],
    ],
    [
      'HEADERS interrupted',
      protocolError,
      [hello, headers(1, '/x', [], 0), frame(frameType.ping, 0, 0, new Uint8Array(8))],
    ],
    ['CONTINUATION alone', protocolError, [hello, frame(frameType.continuation, 4, 1)]],
    [
      'a stream that depends on itself',
      protocolError,
      [hello, frame(frameType.headers, 0x24, 1, [0, 0, 0, 1, 0])],
    ],
    ['RST_STREAM of 3 bytes', frameSizeError, [hello, open, frame(frameType.rstStream, 0, 1, [0, 0, 0])]],
    ['RST_STREAM on an idle stream', protocolError, [hello, frame(frameType.rstStream, 0, 1, uint32(8))]],
    ['SETTINGS on a stream', protocolError, [hello, frame(frameType.settings, 0, 1)]],
    ['SETTINGS of 5 bytes', frameSizeError, [hello, frame(frameType.settings, 0, 0, new Uint8Array(5))]],
    [
      'SETTINGS with ACK and a body',
      frameSizeError,
      [hello, frame(frameType.settings, 1, 0, new Uint8Array(6))],
    ],
    ['ENABLE_PUSH of 2', protocolError, [hello, settings([setting.enablePush, 2])]],
    ['a window of 2^31', flowControlError, [hello, settings([setting.initialWindowSize, 2 ** 31])]],
    ['a frame size of 1', protocolError, [hello, settings([setting.maxFrameSize, 1])]],
    ['PUSH_PROMISE', protocolError, [hello, frame(frameType.pushPromise, 4, 1, uint32(2))]],
    ['PING of 7 bytes', frameSizeError, [hello, frame(frameType.ping, 0, 0, new Uint8Array(7))]],
    ['PING on a stream', protocolError, [hello, frame(frameType.ping, 0, 1, new Uint8Array(8))]],
    ['GOAWAY on a stream', protocolError, [hello, frame(frameType.goaway, 0, 1, new Uint8Array(8))]],
    ['WINDOW_UPDATE of 0', protocolError, [hello, frame(frameType.windowUpdate, 0, 0, uint32(0))]],
    [
      'WINDOW_UPDATE above 2^31-1',
      flowControlError,
      [hello, frame(frameType.windowUpdate, 0, 0, uint32(2 ** 31 - 1))],
    ],
    ['WINDOW_UPDATE of 3 bytes', frameSizeError, [hello, frame(frameType.windowUpdate, 0, 0, [0, 0, 1])]],
    [
      'WINDOW_UPDATE on an idle stream',
      protocolError,
      [hello, frame(frameType.windowUpdate, 0, 1, uint32(1))],
    ],
    ['a frame above our limit', frameSizeError, [hello, frame(frameType.data, 0, 1, new Uint8Array(16_385))]],
    [
      'too many resets',
      enhanceYourCalm,
      [
        hello,
        ...Array.from({ length: 1_200 }, (_, i) => [
          headers(2 * i + 1, '/t.T/Hold'),
          frame(frameType.rstStream, 0, 2 * i + 1, uint32(8)),
        ]).flat(),
      ],
    ],
    ['too many settings', enhanceYourCalm, [hello, ...Array.from({ length: 1_200 }, () => settings())]],
    [
      'too much empty DATA',
      enhanceYourCalm,
      [hello, open, ...Array.from({ length: 1_200 }, () => data(1, emptyBytes, false))],
    ],
    [
      'too long a header block',
      enhanceYourCalm,
      [
        hello,
        headers(1, '/x', [], 0),
        ...Array.from({ length: 5 }, () => frame(frameType.continuation, 0, 1, new Uint8Array(16_384))),
      ],
    ],
    [
      'too many pings',
      enhanceYourCalm,
      [hello, ...Array.from({ length: 5 }, () => frame(frameType.ping, 0, 0, new Uint8Array(8)))],
    ],
  ];

  it.each(cases)('%s ends the connection with code %i', (_name, code, parts) => {
    const peer = connect();
    peer.send(...parts);
    const goaway = peer.answers().filter((line) => line.startsWith('goaway'));
    expect(goaway.length).toBe(1);
    expect(goaway[0]).toMatch(new RegExp(`^goaway ${code} `));
    expect(peer.wire.ended).toBe(true);
  });

  it.each([
    ['DATA after the end of its stream', streamClosed, [open, data(1, message('x')), data(1, message('x'))]],
    ['WINDOW_UPDATE of 0 on a stream', protocolError, [open, frame(frameType.windowUpdate, 0, 1, uint32(0))]],
    [
      'a stream window above 2^31-1',
      flowControlError,
      [open, frame(frameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1))],
    ],
    ['PRIORITY of 4 bytes', frameSizeError, [open, frame(frameType.priority, 0, 1, new Uint8Array(4))]],
    [
      'a header that has no place in HTTP/2',
      protocolError,
      [headers(1, '/t.T/Hold', ['connection', 'close'])],
    ],
    ['trailers that do not end the stream', protocolError, [open, headers(1, '/t.T/Hold')]],
  ] as const)('%s resets the stream with code %i', (_name, code, parts) => {
    const peer = connect();
    peer.send(hello, ...parts, headers(101, '/t.T/Echo'), data(101, message('alive')));
    expect(peer.answers()).toContain(`1 reset ${code}`);
    expect(peer.answers()).toEqual(expect.arrayContaining(ok(101, 'alive')));
  });
});

describe('flow control', () => {
  it('G5: never sends beyond the windows, and all of it in the end', () => {
    const peer = connect();
    const body = 'x'.repeat(100_000);
    peer.send(
      hello,
      settings([setting.initialWindowSize, 1_000]),
      headers(1, '/t.T/Hold'),
      data(1, message('')),
    );
    peer.calls[0]!.reply(new TextEncoder().encode(body));
    const sent = () =>
      peer.wire
        .frames()
        .filter((f) => f.type === frameType.data)
        .reduce((sum, f) => sum + f.payload.length, 0);
    peer.send(frame(frameType.ping, 0, 0, new Uint8Array(8)));
    expect(sent()).toBe(1_000);
    peer.send(frame(frameType.windowUpdate, 0, 1, uint32(200_000)));
    expect(sent()).toBe(65_535);
    peer.send(settings([setting.initialWindowSize, 0]), frame(frameType.windowUpdate, 0, 0, uint32(200_000)));
    expect(sent()).toBe(100_005);
    expect(peer.answers().at(-1)).toBe('1 headers grpc-status 0 end');
  });

  it('tells a stream that its reader is slow, and when it has caught up', () => {
    const peer = connect();
    peer.send(hello, settings([setting.initialWindowSize, 10]), headers(1, '/t.T/Stream'));
    const call = peer.calls[0]!;
    let sends = 0;
    while (call.send(new Uint8Array(100_000))) sends++;
    expect(sends).toBeGreaterThan(5);
    expect(sends).toBeLessThan(12);
    peer.send(
      frame(frameType.windowUpdate, 0, 1, uint32(5_000_000)),
      frame(frameType.windowUpdate, 0, 0, uint32(5_000_000)),
    );
    expect(peer.events).toEqual(['drained']);
    expect(call.queuedBytes).toBe(0);
  });

  it('G4: keeps nothing for a peer that does not read its answers', () => {
    const peer = connect();
    peer.send(hello);
    peer.wire.takes = false;
    for (let id = 1; id < 20_000; id += 2)
      peer.send(headers(id, '/t.T/Echo'), data(id, message('x'.repeat(100))));
    // One write told us that the transport is full; then only refusals beyond the 4096 streams, until it is too much.
    expect(peer.wire.bytes).toBeLessThan(200_000);
    expect(peer.answers().at(-1)).toMatch(/^goaway 11 /);
  });
});

describe('calls', () => {
  it('cancels what a client resets', () => {
    const peer = connect();
    peer.send(hello, headers(1, '/t.T/Stream'), frame(frameType.rstStream, 0, 1, uint32(8)));
    expect(peer.events).toEqual(['cancelled: context canceled']);
    expect(peer.calls[0]!.cancelled).toBe(true);
    peer.calls[0]!.send(new Uint8Array(3));
    expect(peer.answers().filter((line) => line.startsWith('1 '))).toEqual([]);
  });

  it('refuses messages above the limit in the words of grpc-go', () => {
    const peer = connect();
    peer.send(hello, headers(1, '/t.T/Echo'), data(1, Uint8Array.from([0, ...uint32(2_200_010)]), false));
    const text = 'grpc: received message larger than max (2200010 vs. 2097152)';
    expect(peer.answers()).toContain(failed(1, 8, text));
  });

  it('ends a call when its deadline passes', async () => {
    const peer = connect();
    peer.send(hello, headers(1, '/t.T/Hold', ['grpc-timeout', '20m']), data(1, message('')));
    await platform.clock.sleep(60);
    expect(peer.answers()).toContain(failed(1, 4, 'context deadline exceeded'));
    expect(peer.calls[0]!.cancelled).toBe(true);
  });

  it('escapes what may not stand in a header', () => {
    const peer = connect();
    peer.send(hello, headers(1, '/t.T/Hold'), data(1, message('')));
    peer.calls[0]!.fail({ code: 3, message: 'ü 100%\n' });
    peer.send(frame(frameType.windowUpdate, 0, 0, uint32(1)));
    expect(peer.answers()).toContain(failed(1, 3, '%C3%BC 100%25%0A'));
  });

  it('G4: bounds what unfinished requests take, and takes new ones when they are gone', () => {
    const peer = connect();
    peer.send(hello);
    // All but the last byte of a message of 1 MiB each.
    const part = concatBytes([Uint8Array.from([0, ...uint32(1_048_576)]), new Uint8Array(16_379)]);
    const begin = (id: number) => {
      peer.send(headers(id, '/t.T/Hold'), data(id, part, false));
      for (let i = 1; i < 64; i++) peer.send(data(id, new Uint8Array(16_384), false));
    };
    const refused = () => peer.answers().filter((line) => line.includes('grpc-status 8')).length;
    for (let id = 1; id < 200; id += 2) begin(id);
    expect(refused()).toBeGreaterThan(30);
    expect(refused()).toBeLessThan(40);
    for (let id = 1; id < 200; id += 2) peer.send(frame(frameType.rstStream, 0, id, uint32(8)));
    const before = refused();
    for (let id = 201; id < 301; id += 2) begin(id);
    expect(refused()).toBe(before);
  });
});
