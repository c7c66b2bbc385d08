import type { Timer } from '../../src/platform/clock.ts';
import type { NetworkErrorCode } from '../../src/platform/errors.ts';
import { Fifo } from '../fifo.ts';
import type { Life, LifeEnd, LifeResource } from '../life.ts';
import type { Breakable, Path, Stalled } from './path.ts';
import { estimateBytes } from './plain-data.ts';

/** What an end of a connection hears. */
export interface EndEvents {
  /** The next item of the other end, in order. */
  item(item: unknown): void;
  /** Called once, last. No code: the other end closed, after everything it sent. */
  closed(code: NetworkErrorCode | undefined, reason: string): void;
}

const fin = Symbol('fin');

/** Longest random wait for the retransmission that follows a healed outage. */
const resumeMillisMax = 1_000;

/**
 * One end of a TCP-like connection, in one life: items in order and without gaps, or the connection breaks.
 * Links, streams and HTTP are made of it, so they share one model of cuts, loss, crashes and resets.
 *
 * Items pass by reference. An item's arrival is an event of the receiving life, so a paused receiver takes it
 * later and a dead one never.
 */
export class ConnectionEnd implements LifeResource, Stalled, Breakable {
  readonly life: Life;
  /** The way to the other end. */
  readonly path: Path;
  #peer: ConnectionEnd | undefined;
  #events: EndEvents | undefined;
  #open = true;
  #told = false;
  /** Sent and not arrived. One arrival event is under way per item; each takes whatever is at the head. */
  readonly #inFlight = new Fifo<unknown>();
  /** The sizes of the first of them, as far as somebody wanted to know, and their sum. */
  readonly #sizes = new Fifo<number>();
  #sizedBytes = 0;
  /** What the tap calls them, when one listens. */
  readonly #packets = new Fifo<number>();
  #lastArrivalMillis = 0;
  #lossCount = 0;
  #blockedUntilMillis = 0;
  #stalledArrivals = 0;
  #breakTimer: Timer | undefined;
  /** Something is on its way to an end that is no more. */
  #probing = false;

  constructor(life: Life, path: Path) {
    this.life = life;
    this.path = path;
    life.attach(this);
    path.attach(this);
  }

  /** Joins two new ends. */
  static join(a: ConnectionEnd, b: ConnectionEnd): void {
    a.#peer = b;
    b.#peer = a;
  }

  set events(events: EndEvents) {
    this.#events = events;
  }

  /** Whether the other end has accepted. */
  get isJoined(): boolean {
    return this.#peer !== undefined;
  }

  get isOpen(): boolean {
    return this.#open && this.life.alive;
  }

  /** An estimate of what was sent and has not arrived. Each item is looked at once, however often this is asked. */
  inFlightBytes(): number {
    while (this.#sizes.size < this.#inFlight.size) {
      const bytes = estimateBytes(this.#inFlight.at(this.#sizes.size));
      this.#sizes.push(bytes);
      this.#sizedBytes += bytes;
    }
    return this.#sizedBytes;
  }

  send(item: unknown): void {
    if (!this.isOpen) return;
    this.#push(item);
  }

  /** The connection did not come about. */
  fail(code: NetworkErrorCode, reason: string): void {
    if (this.isOpen) this.#shut(code, reason);
  }

  /** Takes nothing more; the other end hears of it after everything sent before. Idempotent. */
  close(reason = 'closed'): void {
    if (!this.isOpen) return;
    if (this.#peer !== undefined) this.#push(fin);
    this.#disarmBreak();
    this.#shut(undefined, reason);
  }

  /** Breaks at once, here and, after a packet's way, there. Idempotent. */
  destroy(code: NetworkErrorCode, reason: string): void {
    if (!this.isOpen) return;
    this.#abandon();
    this.#shut(code, reason);
    this.resetPeer();
  }

  /** This end is no more and says nothing: the other one is half open until it sends, or wonders at the silence. */
  forget(): void {
    if (!this.isOpen) return;
    this.path.hits.hit('connection-forgotten');
    this.#abandon();
    this.#shut('ECONNRESET', 'the connection was forgotten here');
    this.#resetPeer(this.path.options.silenceNoticedMillis);
  }

  /** Tells the other end that this one is gone. */
  resetPeer(): void {
    this.#resetPeer(this.path.delayMillis());
  }

  lifeEnded(end: LifeEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#abandon();
    this.path.detach(this);
    const { options, random } = this.path;
    if (end === 'silence') {
      const peer = this.#peer;
      if (peer === undefined) return;
      this.path.hits.hit('connection-forgotten');
      if (peer.#inFlight.size > 0) peer.#probe();
      this.#resetPeer(options.silenceNoticedMillis);
      return;
    }
    const noticeMillis = end === 'power' ? random.between(0, options.powerLossNoticedMillisMax) : 0;
    this.#resetPeer(this.path.delayMillis() + noticeMillis);
  }

  /** The path healed: the next retransmission comes after its backoff, which grew with the outage. */
  resume(outageMillis: number): void {
    this.#disarmBreak();
    const arrivals = this.#stalledArrivals;
    this.#stalledArrivals = 0;
    const backoffMillis = this.path.random.float() * Math.min(outageMillis, resumeMillisMax);
    this.#blockedUntilMillis = this.#nowMillis + backoffMillis + this.path.delayMillis();
    for (let i = 0; i < arrivals; i++) this.#scheduleArrival(this.#blockedUntilMillis);
  }

  get #nowMillis(): number {
    return this.life.loop.nowMillis;
  }

  #push(item: unknown): void {
    this.#inFlight.push(item);
    const { listener } = this.path.tap;
    if (listener !== undefined)
      this.#packets.push(listener.sent(this.path.from.name, this.path.to.name, item));
    const nowMillis = this.#nowMillis;
    this.#scheduleArrival(nowMillis + this.path.travelMillis(item, nowMillis));
  }

  #scheduleArrival(atMillis: number): void {
    this.#lastArrivalMillis = Math.max(this.#lastArrivalMillis, atMillis);
    const { life } = this.#peer!;
    if (life.alive) life.after(this.#lastArrivalMillis - this.#nowMillis, 'packet', this.#onArrival);
    else this.#probe();
  }

  readonly #onArrival = (): void => this.#arrive();

  /** Who sends to an end that died without a word hears a reset from its kernel, if there is one by now, or nothing. */
  #probe(): void {
    if (this.#probing || !this.isOpen) return;
    this.#probing = true;
    const back = this.#peer!.path;
    this.life.after(this.path.delayMillis() + back.delayMillis(), 'probe', () => {
      this.#probing = false;
      if (!this.isOpen) return;
      const answered = this.path.to.hasPower && !this.path.isBlocked && !back.isBlocked;
      if (answered) this.#shut('ECONNRESET', 'the other end is not there any more');
      else this.#armBreak();
    });
  }

  /** Runs in the life of the peer. */
  #arrive(): void {
    const peer = this.#peer!;
    if (this.path.isBlocked) {
      this.#stalledArrivals++;
      this.path.stall(this);
      this.#armBreak();
      return;
    }
    if (this.#nowMillis < this.#blockedUntilMillis) {
      this.#scheduleArrival(this.#blockedUntilMillis);
      return;
    }
    if (this.path.losesPacket()) {
      this.#lossCount++;
      if (this.#lossCount > this.path.options.retransmitsMax) {
        this.#timeOut();
        return;
      }
      this.#blockedUntilMillis =
        this.#nowMillis + this.path.options.retransmitMillis * 2 ** (this.#lossCount - 1);
      this.#scheduleArrival(this.#blockedUntilMillis);
      return;
    }
    this.#lossCount = 0;
    const item = this.#inFlight.shift();
    this.#sizedBytes -= this.#sizes.shift() ?? 0;
    const packet = this.#packets.shift();
    if (packet !== undefined && peer.isOpen) this.path.tap.listener?.arrived(packet);
    if (peer.isOpen) {
      // The acknowledgement cannot come back: the sender will give up although its data arrived.
      if (peer.path.isBlocked) this.#armBreak();
      if (item === fin) peer.#shut(undefined, 'closed by the other end');
      else peer.#events?.item(item);
    } else if (item !== fin && this.isOpen) {
      // Nobody is there any more: the other kernel answers with a reset.
      peer.resetPeer();
    }
  }

  #armBreak(): void {
    if (this.#breakTimer !== undefined || !this.isOpen) return;
    this.#breakTimer = this.life.after(this.path.options.brokenAfterMillis, 'tcp timeout', () => {
      this.#breakTimer = undefined;
      const peer = this.#peer!;
      if (this.path.isBlocked || peer.path.isBlocked || !peer.life.alive) this.#timeOut();
    });
  }

  #disarmBreak(): void {
    this.#breakTimer?.cancel();
    this.#breakTimer = undefined;
  }

  /** What waits for a cut path will never be sent again. */
  #abandon(): void {
    this.#disarmBreak();
    this.path.unstall(this);
  }

  /** This end gives up; the other end hears of it when the path carries a packet again. */
  #timeOut(): void {
    if (!this.isOpen) return;
    this.path.hits.hit('connection-timed-out');
    this.#abandon();
    this.#shut('ETIMEDOUT', 'the connection timed out');
    this.resetPeer();
  }

  #resetPeer(delayMillis: number): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    // A reset does not overtake what was sent before it.
    const waitMillis = Math.max(delayMillis, this.#lastArrivalMillis - this.#nowMillis);
    peer.life.after(waitMillis, 'reset', () => {
      if (!peer.isOpen) return;
      if (this.path.isBlocked) {
        this.path.stall({ resume: () => this.resetPeer() });
        return;
      }
      peer.path.hits.hit('connection-reset');
      peer.#shut('ECONNRESET', 'the connection was reset by the other end');
    });
  }

  #shut(code: NetworkErrorCode | undefined, reason: string): void {
    this.#open = false;
    this.life.detach(this);
    this.path.detach(this);
    if (this.#told) return;
    this.#told = true;
    this.life.after(0, 'connection closed', () => this.#events?.closed(code, reason));
  }
}
