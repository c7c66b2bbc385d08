import { NetworkError } from '../../src/platform/errors.ts';
import type { Link, LinkEvents, Links } from '../../src/platform/links.ts';
import type { Address, Identity, Listener } from '../../src/platform/network.ts';
import type { Life } from '../life.ts';
import type { ConnectionEnd, EndEvents } from './connection.ts';
import type { Fabric, NetworkHost } from './fabric.ts';
import { sealMessage } from './plain-data.ts';

/** The server's first item: the link stands, and this is who accepted it. */
interface Accepted {
  readonly accepted: true;
  readonly identity: Identity | undefined;
}

/** Message links of one life. Messages pass by reference and are never copied. */
export class SimulatedLinks implements Links {
  readonly #life: Life;
  readonly #host: NetworkHost;
  readonly #fabric: Fabric;

  constructor(life: Life, host: NetworkHost, fabric: Fabric) {
    this.#life = life;
    this.#host = host;
    this.#fabric = fabric;
  }

  listen(address: Address, accept: (link: Link) => LinkEvents): Promise<Listener> {
    return this.#life.later(0, 'listen', () =>
      this.#fabric.listen(this.#life, this.#host, address, 'links', (end, caller) => {
        const accepted: Accepted = { accepted: true, identity: this.#host.identity };
        end.send(accepted);
        return linkEvents(
          accept(new SimulatedLink(end, caller.identity, this.#fabric.options.checkMessages)),
        );
      }),
    );
  }

  connect(address: Address, events: LinkEvents): Promise<Link> {
    return new Promise((resolve, reject) => {
      const client = { hello: undefined, identity: this.#host.identity };
      this.#fabric.connect(this.#life, this.#host, address, 'links', client, (end) => {
        let connected: EndEvents | undefined;
        return {
          item: (item) => {
            if (connected !== undefined) {
              connected.item(item);
              return;
            }
            connected = linkEvents(events);
            resolve(new SimulatedLink(end, (item as Accepted).identity, this.#fabric.options.checkMessages));
          },
          closed: (code, reason) => {
            if (connected === undefined) reject(new NetworkError(code ?? 'ECONNRESET', reason));
            else connected.closed(code, reason);
          },
        };
      });
    });
  }
}

function linkEvents(events: LinkEvents): EndEvents {
  return {
    item: (item) => events.message(item),
    closed: (code, reason) => events.closed(code === undefined ? reason : `${code}: ${reason}`),
  };
}

class SimulatedLink implements Link {
  readonly identity?: Identity;
  readonly #end: ConnectionEnd;
  readonly #check: boolean;

  constructor(end: ConnectionEnd, identity: Identity | undefined, check: boolean) {
    this.#end = end;
    this.#check = check;
    if (identity !== undefined) this.identity = identity;
  }

  send(message: unknown): void {
    if (this.#check) sealMessage(message);
    this.#end.send(message);
  }

  bufferedBytes(): number {
    return this.#end.inFlightBytes();
  }

  close(): void {
    this.#end.close();
  }
}
