import { NetworkError } from '../../platform/errors.ts';
import type { Link, LinkEvents, Links } from '../../platform/links.ts';
import type { Address, Listener } from '../../platform/network.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { decodeFrame, encodeFrame } from '../../platform/os/link-frames.ts';
import type { Body, Envelope } from './node.ts';

/** A link's part in Maelstrom's network, which loses messages and never says so. */
type Packet =
  | { readonly type: 'link'; readonly step: 'open' | 'opened' | 'alive' | 'close'; readonly link: string }
  | {
      readonly type: 'link';
      readonly step: 'data';
      readonly link: string;
      readonly number: number;
      readonly data: string;
    };

const openMillis = 1000;
const aliveEveryMillis = 500;
/** Silence for so long means that the other end is gone. */
const silenceMillisMax = 2000;

/** One end of a link. */
interface End {
  readonly peer: string;
  readonly events: LinkEvents;
  sent: number;
  received: number;
  heardAtMillis: number;
  open: boolean;
}

/**
 * Links over a network of single messages that may be lost: in order and whole, or broken. Each message carries its number, a gap
 * breaks the link, and so does silence. A link's name begins with the node that opened it.
 */
export class MaelstromLinks implements Links {
  readonly #self: string;
  readonly #clock: Clock;
  readonly #send: (dest: string, body: Body) => void;
  readonly #ends = new Map<string, End>();
  readonly #opening = new Map<string, (opened: boolean) => void>();
  #accept: ((link: Link) => LinkEvents) | undefined;
  #timer: Timer | undefined;
  #next = 1;

  constructor(self: string, clock: Clock, send: (dest: string, body: Body) => void) {
    this.#self = self;
    this.#clock = clock;
    this.#send = send;
    this.#beat();
  }

  listen(address: Address, accept: (link: Link) => LinkEvents): Promise<Listener> {
    this.#accept = accept;
    return Promise.resolve({
      address,
      close: () => {
        this.#accept = undefined;
        this.#timer?.cancel();
        for (const name of this.#ends.keys()) this.#break(name, 'the listener was closed', true);
        return Promise.resolve();
      },
    });
  }

  async connect({ host }: Address, events: LinkEvents): Promise<Link> {
    const name = `${this.#self}/${this.#next++}`;
    const opened = await new Promise<boolean>((resolve) => {
      this.#opening.set(name, resolve);
      this.#clock.setTimer(openMillis, () => resolve(false));
      this.#packet(host, { type: 'link', step: 'open', link: name });
    });
    this.#opening.delete(name);
    if (!opened) throw new NetworkError('ETIMEDOUT', `${host} does not answer`);
    return this.#begin(name, host, events);
  }

  /** Takes a packet that came in. */
  receive({ src, body }: Envelope): void {
    const packet = body as unknown as Packet;
    const { link: name } = packet;
    if (packet.step === 'open') {
      if (this.#accept === undefined || this.#ends.has(name)) return;
      this.#packet(src, { type: 'link', step: 'opened', link: name });
      let events: LinkEvents | undefined;
      const early: unknown[] = [];
      const link = this.#begin(name, src, {
        message: (message) => (events === undefined ? early.push(message) : events.message(message)),
        closed: (reason) => events?.closed(reason),
      });
      events = this.#accept(link);
      for (const message of early) events.message(message);
      return;
    }
    if (packet.step === 'opened') {
      this.#opening.get(name)?.(true);
      return;
    }
    const end = this.#ends.get(name);
    if (end === undefined) {
      if (packet.step !== 'close') this.#packet(src, { type: 'link', step: 'close', link: name });
      return;
    }
    end.heardAtMillis = this.#clock.monotonicMillis();
    if (packet.step === 'close') this.#break(name, 'closed by the other end', false);
    if (packet.step !== 'data') return;
    if (packet.number !== end.received) {
      this.#break(name, 'a message was lost', true);
      return;
    }
    end.received++;
    end.events.message(decodeFrame(new Uint8Array(Buffer.from(packet.data, 'base64'))));
  }

  #begin(name: string, peer: string, events: LinkEvents): Link {
    const end: End = {
      peer,
      events,
      sent: 0,
      received: 0,
      heardAtMillis: this.#clock.monotonicMillis(),
      open: true,
    };
    this.#ends.set(name, end);
    return {
      send: (message) => {
        if (!end.open) return;
        const data = Buffer.from(encodeFrame(message)).toString('base64');
        this.#packet(peer, { type: 'link', step: 'data', link: name, number: end.sent++, data });
      },
      // Maelstrom takes whatever it is given.
      bufferedBytes: () => 0,
      close: () => this.#break(name, 'closed by this side', true),
    };
  }

  #break(name: string, reason: string, tell: boolean): void {
    const end = this.#ends.get(name);
    if (end === undefined) return;
    this.#ends.delete(name);
    end.open = false;
    if (tell) this.#packet(end.peer, { type: 'link', step: 'close', link: name });
    this.#clock.setTimer(0, () => end.events.closed(reason));
  }

  #beat(): void {
    this.#timer = this.#clock.setTimer(aliveEveryMillis, () => {
      const now = this.#clock.monotonicMillis();
      for (const [name, end] of this.#ends) {
        if (now - end.heardAtMillis > silenceMillisMax) this.#break(name, 'the other end is silent', true);
        else this.#packet(end.peer, { type: 'link', step: 'alive', link: name });
      }
      this.#beat();
    });
  }

  #packet(dest: string, packet: Packet): void {
    this.#send(dest, packet as unknown as Body);
  }
}
