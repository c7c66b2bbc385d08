import type { Recognize, Ways } from './relay.ts';

/** A greeting comes at once; who has said so much without one is somebody else. */
const greetingBytesMax = 16 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

/**
 * Tells which member dialled from the first message on a link (src/etcd/peers.ts, Hello): its id is in there as text. All members
 * know a member by one address, whoever told them of it, so the port cannot tell. Links are WebSockets, whose clients
 * mask what they send (RFC 6455, section 5.3).
 */
export function recognizePeer(members: ReadonlyMap<string, Ways>): Recognize {
  let said = Buffer.alloc(0);
  return (bytes) => {
    if (said.length > greetingBytesMax) return undefined;
    said = Buffer.concat([said, bytes]);
    const head = said.indexOf(headEnd);
    if (head < 0) return undefined;
    const message = firstMessage(said.subarray(head + headEnd.length));
    if (message === undefined) return undefined;
    for (const [id, ways] of members) if (message.includes(id)) return ways;
    return undefined;
  };
}

/** What the first frame says; undefined while it is not there as a whole. */
function firstMessage(frame: Buffer): Buffer | undefined {
  if (frame.length < 2) return undefined;
  const short = frame[1]! & 0x7f;
  const at = short === 126 ? 4 : 2;
  if (short === 127 || frame.length < at + 4) return undefined;
  const length = short === 126 ? frame.readUInt16BE(2) : short;
  const mask = frame.subarray(at, at + 4);
  const masked = frame.subarray(at + 4, at + 4 + length);
  if (masked.length < length) return undefined;
  return Buffer.from(masked.map((byte, i) => byte ^ mask[i % 4]!));
}
