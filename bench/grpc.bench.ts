import { concatBytes } from '../src/base/bytes.ts';
import { flag, frameType, preface, writeFrameHeader } from '../src/grpc/frame.ts';
import { encodeHeaders } from '../src/grpc/hpack-encoder.ts';
import { GrpcServer } from '../src/grpc/server.ts';
import type { GrpcMethod } from '../src/grpc/service.ts';
import { createOsPlatform } from '../src/platform/os/os-platform.ts';
import type { ByteStream } from '../src/platform/streams.ts';

export const name = 'grpc';

/** Calls per turn, as a busy socket delivers them. */
const burst = 32;
const replyBytes = 120;
const idsPerConnection = 1_000_000;

/** What the transport costs without a socket: decode, answer, frame. */
export function cases(): { name: string; run: () => void }[] {
  const platform = createOsPlatform({ hostname: 'bench' });
  const reply = new Uint8Array(replyBytes).fill(7);
  const pieces = Array.from({ length: 10_000 }, () => new Uint8Array(300).fill(7));
  const methods = new Map<string, GrpcMethod>([
    ['/b.B/Echo', { handle: (_request, call) => call.reply(reply) }],
    ['/b.B/List', { handle: (_request, call) => call.reply({ pieces, length: 3_000_000 }) }],
  ]);
  const server = new GrpcServer(platform, { methods });

  const turnOf = (path: string, calls: number): (() => void) => {
    let connection = server.accept(sink);
    const begin = (): void => {
      connection = server.accept(sink);
      // No flow control in the way: windows of 2^31-1, opened again every turn.
      connection.data(
        concatBytes([preface, frame(frameType.settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff])]),
      );
    };
    begin();
    const head = encodeHeaders([
      ':method',
      'POST',
      ':scheme',
      'http',
      ':path',
      path,
      'content-type',
      'application/grpc',
    ]);
    const windowBytes = calls === 1 ? [0, 0x30, 0, 0] : [0, 0, 0x20, 0];
    const window = frame(frameType.windowUpdate, 0, 0, windowBytes);
    let id = 1;
    return () => {
      if (id > idsPerConnection) {
        connection.closed();
        begin();
        id = 1;
      }
      const parts = [window];
      for (let i = 0; i < calls; i++, id += 2) {
        parts.push(frame(frameType.headers, flag.endHeaders, id, head));
        parts.push(frame(frameType.data, flag.endStream, id, [0, 0, 0, 0, 4, 1, 2, 3, 4]));
      }
      connection.data(concatBytes(parts));
    };
  };
  return [
    { name: `${burst} unary calls with ${replyBytes} B replies`, run: turnOf('/b.B/Echo', burst) },
    { name: '1 reply of 3 MB in 10 000 pieces', run: turnOf('/b.B/List', 1) },
  ];
}

const sink: ByteStream = {
  remoteHost: 'bench',
  isWrittenOut: true,
  write: () => true,
  end: () => {},
  pause: () => {},
  resume: () => {},
  destroy: () => {},
};

function frame(type: number, flags: number, id: number, payload: Uint8Array | readonly number[]): Uint8Array {
  const bytes = new Uint8Array(9 + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, id);
  bytes.set(payload, 9);
  return bytes;
}
