import type { Address, Identity, Listener } from './network.ts';

/**
 * Message links: whole messages, in order, or the link breaks. They carry Raft between members and
 * etcd calls between an API server and its store. On a real host they are WebSocket frames or a
 * MessagePort, so a message is plain data: null, booleans, numbers, bigints, strings, Uint8Array,
 * arrays and plain objects. Nobody changes a message once it is sent or received.
 */
export interface Links {
  /** Calls `accept` for each new link; it returns the receiver of that link. */
  listen(address: Address, accept: (link: Link) => LinkEvents): Promise<Listener>;
  /** Resolves once the other side has accepted; rejects with a NetworkError. */
  connect(address: Address, events: LinkEvents): Promise<Link>;
}

export interface Link {
  /** Who the other end is. */
  readonly identity?: Identity;
  /** Queues a message; it may still be lost when the link breaks. Nothing after close. */
  send(message: unknown): void;
  /** Bytes (or an estimate) sent and not yet taken by the network: the caller's back pressure. */
  bufferedBytes(): number;
  /** Closes at once; `closed` is still called. Idempotent. */
  close(): void;
}

export interface LinkEvents {
  message(message: unknown): void;
  /** Told what the link carries, where the world can tell. */
  readonly meter?: LinkMeter;
  /** Called exactly once, after the last message. */
  closed(reason: string): void;
}

export interface LinkMeter {
  /** A message left as so many bytes. */
  sent(bytes: number): void;
  received(bytes: number): void;
  /** A ping was answered after so long. */
  roundTrip(millis: number): void;
}
