import type { Link, LinkEvents } from '../links.ts';
import { decodeFrame, encodeFrame } from './link-frames.ts';

/** As much of a MessagePort, or of a Worker and its `parentPort`, as a link needs. */
export interface MessagePortLike {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (value: unknown) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  close(): void;
}

/** What travels through the port: a message as bytes, or how many bytes were taken out of it. */
type Parcel = Uint8Array | number;

/**
 * A Link between two threads of this process. Messages are packed as on a WebSocket: a posted object
 * would be cloned with the whole buffer behind every byte string in it, and nobody would know its size.
 */
export function linkOverPort(port: MessagePortLike, events: LinkEvents): Link {
  let closing = false;
  let reason = 'the other thread closed the link';
  let bufferedBytes = 0;

  port.on('message', (value) => {
    if (closing) return;
    const parcel = value as Parcel;
    if (typeof parcel === 'number') {
      bufferedBytes -= parcel;
    } else {
      port.postMessage(parcel.length);
      events.message(decodeFrame(parcel));
    }
  });
  port.once('close', () => {
    closing = true;
    events.closed(reason);
  });

  return {
    send(message) {
      if (closing) return;
      // A copy of exactly these bytes, which can then change threads without another.
      const bytes = new Uint8Array(encodeFrame(message));
      bufferedBytes += bytes.length;
      port.postMessage(bytes, [bytes.buffer]);
    },
    bufferedBytes: () => bufferedBytes,
    close() {
      if (closing) return;
      closing = true;
      reason = 'closed by this side';
      port.close();
    },
  };
}
