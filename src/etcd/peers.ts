import type { Link, LinkEvents } from '../platform/links.ts';
import type { Address, Listener } from '../platform/network.ts';
import type { Platform } from '../platform/platform.ts';
import type { Message } from '../raft/messages.ts';
import type { MemberId } from '../raft/types.ts';
import { type PeerMeter, PeerMeters } from './peer-meters.ts';
import { isObject, isPeerMessage } from './peer-message-check.ts';
import { packMessage, unpackMessage, type PackedMessage } from './peer-codec.ts';

/** What members say to each other once they know each other. */
export type PeerMessage =
  | { readonly type: 'raft'; readonly message: Message }
  /** A follower passes to the leader, who alone keeps lease time, what its clients ask of a lease. */
  | {
      readonly type: 'lease-ask';
      readonly requestId: string;
      readonly ask: 'renew' | 'remaining';
      readonly leaseId: bigint;
    }
  /** `seconds`: the new time to live, or what remains of it; -1: no such lease. */
  | { readonly type: 'lease-answer'; readonly requestId: string; readonly seconds: number }
  /** What others hash at the same revision, for the corruption check. */
  | { readonly type: 'hash-ask'; readonly requestId: string; readonly revision: number }
  | {
      readonly type: 'hash-answer';
      readonly requestId: string;
      readonly hash?: number;
      readonly compactRevision?: number;
    }
  | { readonly type: 'promote-ask'; readonly requestId: string; readonly memberId: MemberId }
  | {
      readonly type: 'promote-answer';
      readonly requestId: string;
      readonly refusal?: { readonly code: string; readonly message: string };
    };

export type Wire =
  | Exclude<PeerMessage, { type: 'raft' }>
  | { readonly type: 'raft'; readonly packed: PackedMessage };

/** The first message on a link. `purpose` is what the rest of it is for. */
export interface Hello {
  readonly type: 'hello';
  readonly protocol: string;
  readonly clusterId: string;
  readonly memberId: MemberId;
  readonly purpose: 'messages' | 'snapshot';
}

/** Why a link is not wanted; the last message on it. `removed`: this member was removed from the cluster for good. */
export interface Refusal {
  readonly type: 'refused';
  readonly removed: boolean;
  readonly reason: string;
}

/** One who does not know the cluster yet asks who is in it (etcd's GET /members on a peer URL). */
export interface MembersQuestion {
  readonly type: 'members';
  readonly protocol: string;
}

/** Both versions are in the name, so that a newer member can still speak to an older one, or be refused with a reason. */
export const peerProtocol = 'drydock-peer/2';

/** More than this waiting in a link, and messages for it are dropped: Raft sends again what matters. */
const bufferedBytesMax = 64 * 1024 * 1024;
const reconnectMillis = 200;
/** How long one who is refused has to read why. */
const refusedMillis = 1000;

export interface Peer {
  readonly address: Address;
  /** Whom its certificate must name; absent: nobody is asked. */
  readonly user: string | undefined;
}

export interface PeersOptions {
  readonly clusterId: string;
  readonly self: MemberId;
  readonly listen: readonly Address[];
  /** A member that may speak to this one, as of now. */
  readonly peer: (member: MemberId) => Peer | undefined;
  readonly isRemoved: (member: MemberId) => boolean;
  readonly receive: (from: MemberId, message: PeerMessage) => void;
  /** A link on which a member brings a snapshot; the events of what follows the hello. */
  readonly receiveSnapshot: (from: MemberId, link: Link) => LinkEvents;
  readonly answerMembers: () => unknown;
  /** A message to this member was dropped. */
  readonly unreachable: (member: MemberId) => void;
  /** A member that is not known here wants a link. */
  readonly stranger: (member: MemberId) => void;
  /** Another member says that this one was removed. */
  readonly removed: (reason: string) => void;
}

/**
 * The links between members. Each member dials every other one and sends on the link it dialled; on the links
 * it accepted it only receives. So a link has one direction and one owner, and no two ever race.
 */
export class Peers {
  readonly meters = new PeerMeters();
  readonly #platform: Platform;
  readonly #options: PeersOptions;
  readonly #dialled = new Map<MemberId, DialledPeer>();
  readonly #accepted = new Map<Link, MemberId>();
  #listeners: Listener[] = [];
  #stopped = false;

  constructor(platform: Platform, options: PeersOptions) {
    this.#platform = platform;
    this.#options = options;
  }

  /** @throws NetworkError when an address cannot be bound */
  async start(): Promise<void> {
    try {
      for (const address of this.#options.listen) {
        this.#listeners.push(
          await this.#platform.network.links.listen(address, (link) => this.#accept(link)),
        );
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Dials these members and nobody else from now on. A member whose address changed is dialled anew. */
  setMembers(members: ReadonlyMap<MemberId, Peer>): void {
    if (this.#stopped) return;
    for (const [id, dialled] of this.#dialled) {
      const peer = members.get(id);
      if (peer !== undefined && sameAddress(peer.address, dialled.address)) continue;
      dialled.stop();
      this.#dialled.delete(id);
    }
    for (const [id, peer] of members) {
      if (id === this.#options.self || this.#dialled.has(id)) continue;
      this.#dialled.set(
        id,
        new DialledPeer(this.#platform, this.#options, id, peer.address, this.meters.of(id)),
      );
    }
    for (const [link, id] of this.#accepted) {
      if (!members.has(id)) link.close();
    }
  }

  send(to: MemberId, message: PeerMessage): void {
    if (this.#dialled.get(to)?.send(pack(message)) === true) return;
    this.meters.of(to).sendFailures.add();
    this.#options.unreachable(to);
  }

  /** Whether a link to this member stands now. */
  isConnected(member: MemberId): boolean {
    return this.#dialled.get(member)?.connected ?? false;
  }

  /** Since when a link to this member stands, on the monotonic clock; undefined while there is none. */
  connectedSinceMillis(member: MemberId): number | undefined {
    return this.#dialled.get(member)?.sinceMillis;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const dialled of this.#dialled.values()) dialled.stop();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #accept(link: Link): LinkEvents {
    let from: MemberId | undefined;
    let snapshot: LinkEvents | undefined;
    let over = false;
    const turnAway = (refusal: Refusal): void => {
      over = true;
      this.#platform.logger.warn('refused a link', { reason: refusal.reason });
      link.send(refusal);
      // The asker closes when it has read why; one that does not is helped.
      this.#platform.clock.setTimer(refusedMillis, () => link.close());
    };
    return {
      meter: {
        sent: () => {},
        received: (bytes) => {
          if (from !== undefined) this.meters.of(from).received(bytes);
        },
        roundTrip: () => {},
      },
      message: (message) => {
        if (this.#stopped || over) return;
        if (snapshot !== undefined) snapshot.message(message);
        else if (from !== undefined) {
          if (isPeerMessage(message)) this.#options.receive(from, unpack(message));
          else turnAway(refused('it sends what no member says'));
        } else if (isObject(message) && message['type'] === 'members')
          link.send(this.#options.answerMembers());
        else {
          const hello: Partial<Hello> = isObject(message) ? message : {};
          const refusal = this.#refusal(hello, link.identity?.user);
          if (refusal !== undefined) {
            turnAway(refusal);
            return;
          }
          from = hello.memberId!;
          this.#accepted.set(link, from);
          if (hello.purpose === 'snapshot') snapshot = this.#options.receiveSnapshot(from, link);
        }
      },
      closed: (reason) => {
        this.#accepted.delete(link);
        snapshot?.closed(reason);
      },
    };
  }

  #refusal(hello: Partial<Hello>, user: string | undefined): Refusal | undefined {
    if (hello.type !== 'hello') return refused('it does not say who it is');
    if (hello.protocol !== peerProtocol) {
      return refused(`it speaks ${String(hello.protocol)}, this member ${peerProtocol}`);
    }
    if (hello.clusterId !== this.#options.clusterId) {
      return refused(`it is of cluster ${hello.clusterId}, this is ${this.#options.clusterId}`);
    }
    const id = hello.memberId;
    if (id === undefined) return refused('it does not say which member it is');
    if (this.#options.isRemoved(id)) {
      return refused(`member ${id} has been removed from the cluster for good`, true);
    }
    const peer = this.#options.peer(id);
    if (peer === undefined) {
      this.#options.stranger(id);
      return refused(`member ${id} is not known here`);
    }
    if (peer.user !== undefined && peer.user !== user) {
      return refused(`it claims to be member ${id} with the certificate of ${user ?? 'nobody'}`);
    }
    return undefined;
  }
}

/** A member that is dialled again and again until it is stopped. */
class DialledPeer {
  readonly address: Address;
  readonly #platform: Platform;
  readonly #options: PeersOptions;
  readonly #member: MemberId;
  readonly #meter: PeerMeter;
  readonly #stop = new AbortController();
  #link: Link | undefined;
  #sinceMillis: number | undefined;

  constructor(
    platform: Platform,
    options: PeersOptions,
    member: MemberId,
    address: Address,
    meter: PeerMeter,
  ) {
    this.address = address;
    this.#platform = platform;
    this.#options = options;
    this.#member = member;
    this.#meter = meter;
    void this.#keepDialling();
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  get sinceMillis(): number | undefined {
    return this.#sinceMillis;
  }

  /** False when the message was dropped. */
  send(message: Wire): boolean {
    const link = this.#link;
    if (link === undefined || link.bufferedBytes() > bufferedBytesMax) return false;
    link.send(message);
    if (this.#platform.faults.rare('peers.reconnect')) link.close();
    return true;
  }

  stop(): void {
    this.#stop.abort();
    this.#link?.close();
  }

  async #keepDialling(): Promise<void> {
    const { clock, logger } = this.#platform;
    const member = this.#member;
    let told = '';
    while (!this.#stop.signal.aborted) {
      let reason: string;
      try {
        reason = await this.#dial();
      } catch (error) {
        reason = String(error);
      }
      this.#link = undefined;
      this.#sinceMillis = undefined;
      if (this.#stop.signal.aborted) return;
      if (reason !== told) logger.info('no link to a member', { member, reason });
      told = reason;
      await clock.sleep(reconnectMillis, this.#stop.signal);
    }
  }

  /** Resolves with the reason when the link has ended. */
  async #dial(): Promise<string> {
    const { clock, network } = this.#platform;
    let ended: (reason: string) => void = () => {};
    const end = new Promise<string>((resolve) => {
      ended = resolve;
    });
    let refusal: Refusal | undefined;
    const link = await network.links.connect(this.address, {
      meter: this.#meter,
      message: (message) => {
        if ((message as Refusal).type !== 'refused') return;
        refusal = message as Refusal;
        this.#link?.close();
      },
      closed: ended,
    });
    if (this.#stop.signal.aborted) {
      link.close();
      return '';
    }
    const { clusterId, self: memberId } = this.#options;
    const hello: Hello = {
      type: 'hello',
      protocol: peerProtocol,
      clusterId,
      memberId,
      purpose: 'messages',
    };
    link.send(hello);
    this.#link = link;
    this.#sinceMillis = clock.monotonicMillis();
    const reason = await end;
    this.#meter.disconnections.add();
    if (refusal === undefined) return reason;
    if (refusal.removed) this.#options.removed(refusal.reason);
    return `it refused: ${refusal.reason}`;
  }
}

function refused(reason: string, removed = false): Refusal {
  return { type: 'refused', removed, reason };
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

function pack(message: PeerMessage): Wire {
  return message.type === 'raft' ? { type: 'raft', packed: packMessage(message.message) } : message;
}

function unpack(message: Wire): PeerMessage {
  return message.type === 'raft' ? { type: 'raft', message: unpackMessage(message.packed) } : message;
}
