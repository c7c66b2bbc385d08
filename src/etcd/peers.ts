import type { Platform } from '../platform/platform.ts';
import type { Link, LinkEvents } from '../platform/links.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Message } from '../raft/messages.ts';
import { compareMembers, type MemberId } from '../raft/types.ts';

/** What members say to each other. */
export type PeerMessage =
  | { readonly type: 'raft'; readonly message: Message }
  /** A follower passes a client's keep-alive to the leader, who alone keeps lease time. */
  | { readonly type: 'lease-renew'; readonly requestId: string; readonly leaseId: bigint }
  | { readonly type: 'lease-renewed'; readonly requestId: string; readonly ttlSeconds: number };

/** The first message on a link. */
interface Hello {
  readonly type: 'hello';
  readonly protocol: typeof protocol;
  readonly clusterId: string;
  readonly memberId: MemberId;
}

const protocol = 'drydock-peer/1';

/** More than this waiting in a link, and messages for it are dropped: Raft sends again what matters. */
const bufferedBytesMax = 64 * 1024 * 1024;
const reconnectMillis = 200;

export interface Peer {
  readonly address: Address;
  /** Whom its certificate must name; absent: nobody is asked. */
  readonly user: string | undefined;
}

export interface PeersOptions {
  readonly clusterId: string;
  readonly self: MemberId;
  readonly listen: Address;
  readonly peers: ReadonlyMap<MemberId, Peer>;
  readonly receive: (from: MemberId, message: PeerMessage) => void;
  /** A message to this member was dropped. */
  readonly unreachable: (member: MemberId) => void;
}

/**
 * The links between members. Each member dials every other one and sends on the link it dialled; on the links
 * it accepted it only receives. So a link has one direction and one owner, and no two ever race.
 */
export class Peers {
  readonly #platform: Platform;
  readonly #options: PeersOptions;
  readonly #outgoing = new Map<MemberId, Link>();
  #listener: Listener | undefined;
  #stopped = false;

  constructor(platform: Platform, options: PeersOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  /** @throws NetworkError when the address cannot be bound */
  async start(): Promise<void> {
    this.#listener = await this.#platform.network.links.listen(this.#options.listen, (link) =>
      this.#accept(link),
    );
    for (const member of [...this.#options.peers.keys()].toSorted(compareMembers)) {
      if (member !== this.#options.self) void this.#keepDialling(member);
    }
  }

  send(to: MemberId, message: PeerMessage): void {
    const link = this.#outgoing.get(to);
    if (link === undefined || link.bufferedBytes() > bufferedBytesMax) {
      this.#options.unreachable(to);
      return;
    }
    link.send(message);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const link of this.#outgoing.values()) link.close();
    await this.#listener?.close();
  }

  async #keepDialling(member: MemberId): Promise<void> {
    const { clock, logger, network } = this.#platform;
    const { address } = this.#options.peers.get(member)!;
    let complained = false;
    while (!this.#stopped) {
      let ended: (reason: string) => void = () => {};
      const end = new Promise<string>((resolve) => {
        ended = resolve;
      });
      try {
        const link = await network.links.connect(address, { message: () => {}, closed: ended });
        if (this.#stopped) {
          link.close();
          return;
        }
        const hello: Hello = {
          type: 'hello',
          protocol,
          clusterId: this.#options.clusterId,
          memberId: this.#options.self,
        };
        link.send(hello);
        this.#outgoing.set(member, link);
        complained = false;
        const reason = await end;
        this.#outgoing.delete(member);
        if (!this.#stopped) logger.info('link to a member ended', { member, reason });
      } catch (error) {
        if (!complained && !this.#stopped) {
          logger.info('cannot reach a member yet', { member, error: String(error) });
          complained = true;
        }
      }
      if (!this.#stopped) await clock.sleep(reconnectMillis);
    }
  }

  #accept(link: Link): LinkEvents {
    let from: MemberId | undefined;
    return {
      message: (message) => {
        if (this.#stopped) return;
        if (from !== undefined) {
          this.#options.receive(from, message as PeerMessage);
          return;
        }
        const hello = message as Partial<Hello>;
        const refusal = this.#refusal(hello, link.identity?.user);
        if (refusal === undefined) {
          from = hello.memberId;
        } else {
          this.#platform.logger.warn('refused a link', { reason: refusal });
          link.close();
        }
      },
      closed: () => {},
    };
  }

  #refusal(hello: Partial<Hello>, user: string | undefined): string | undefined {
    if (hello.type !== 'hello' || hello.protocol !== protocol) return 'it does not speak drydock-peer/1';
    if (hello.clusterId !== this.#options.clusterId) {
      return `it is of cluster ${hello.clusterId}, this is ${this.#options.clusterId}`;
    }
    const peer = hello.memberId === undefined ? undefined : this.#options.peers.get(hello.memberId);
    if (peer === undefined) return `member ${hello.memberId} is not in this cluster`;
    if (peer.user !== undefined && peer.user !== user) {
      return `it claims to be member ${hello.memberId} with the certificate of ${user ?? 'nobody'}`;
    }
    return undefined;
  }
}
