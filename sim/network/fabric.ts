import { assert } from '../../src/base/assert.ts';
import { NetworkError, type NetworkErrorCode } from '../../src/platform/errors.ts';
import type { Address, Identity, Listener } from '../../src/platform/network.ts';
import type { EventLoop } from '../event-loop.ts';
import type { FaultHits } from '../fault-hits.ts';
import type { Life, LifeResource } from '../life.ts';
import type { RandomStreams } from '../random-streams.ts';
import { ConnectionEnd, type EndEvents } from './connection.ts';
import type { PacketTap } from './packet-tap.ts';
import { Path, type NetworkOptions } from './path.ts';

/** A host as the network sees it. */
export interface NetworkHost {
  readonly name: string;
  /** Shown to peers by mutual TLS. */
  readonly identity: Identity | undefined;
  /** Without power nothing answers, not even with a refusal. */
  readonly hasPower: boolean;
}

/** What may listen on a port. A connection to another protocol's port is reset. */
export type Protocol = 'http' | 'links' | 'streams';

/** What a client says first: the whole request of HTTP, nothing yet for the others. */
export interface Caller {
  readonly protocol: Protocol;
  readonly hello: unknown;
  readonly identity: Identity | undefined;
  /** The address the connection comes from. */
  readonly remoteHost: string;
}

export type Acceptor = (end: ConnectionEnd, caller: Caller) => EndEvents;

interface Binding extends LifeResource {
  readonly protocols: readonly Protocol[];
  readonly life: Life;
  /** The one name or address it listens on; undefined for all of the host's. */
  readonly boundTo: string | undefined;
  readonly accept: Acceptor;
  readonly ends: Set<ConnectionEnd>;
}

const anyAddress: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);
const ephemeralPortMin = 32_768;
/** First wait before a connection attempt that nobody answered is repeated; doubles each time. */
const synRetryMillis = 1_000;

/** All cables of the world: paths between hosts, what listens where, and how a connection comes to be. */
export class Fabric {
  readonly tap: PacketTap = { listener: undefined };
  readonly #loop: EventLoop;
  readonly #random: RandomStreams;
  readonly #hits: FaultHits;
  readonly #options: NetworkOptions;
  readonly #hosts = new Map<string, NetworkHost>();
  readonly #paths = new Map<string, Path>();
  readonly #bindings = new Map<NetworkHost, Map<number, Binding[]>>();

  constructor(loop: EventLoop, random: RandomStreams, hits: FaultHits, options: NetworkOptions) {
    this.#loop = loop;
    this.#random = random;
    this.#hits = hits;
    this.#options = options;
  }

  get options(): NetworkOptions {
    return this.#options;
  }

  addHost(host: NetworkHost): void {
    this.addAddress(host, host.name);
    this.#bindings.set(host, new Map());
  }

  addAddress(host: NetworkHost, address: string): void {
    const owner = this.#hosts.get(address);
    assert(owner === undefined || owner === host, () => `${address} leads to two hosts`);
    this.#hosts.set(address, host);
  }

  removeAddress(address: string): void {
    this.#hosts.delete(address);
  }

  /** The way from one host to another, with its faults. */
  path(from: NetworkHost, to: NetworkHost): Path {
    const name = `${from.name}->${to.name}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      const random = this.#random.stream(`network/${name}`);
      path = new Path(this.#options, random, this.#hits, this.tap, from, to);
      this.#paths.set(name, path);
    }
    return path;
  }

  /** Those that something has gone on, or was done to, so far. */
  paths(): Iterable<Path> {
    return this.#paths.values();
  }

  /** @throws NetworkError EADDRNOTAVAIL, EADDRINUSE */
  listen(
    life: Life,
    host: NetworkHost,
    address: Address,
    protocols: Protocol | readonly Protocol[],
    accept: Acceptor,
  ): Listener {
    const wanted = address.host;
    const ownAddress = isLoopback(wanted) || this.#hosts.get(wanted) === host;
    if (!anyAddress.has(wanted) && !ownAddress) {
      throw new NetworkError('EADDRNOTAVAIL', `${host.name} has no address ${wanted}`);
    }
    const boundTo = anyAddress.has(wanted) ? undefined : normal(wanted);
    const ports = this.#bindings.get(host)!;
    const port = address.port === 0 ? this.#freePort(ports) : address.port;
    const bindings = ports.get(port) ?? [];
    if (
      bindings.some(
        (other) => other.boundTo === undefined || boundTo === undefined || other.boundTo === boundTo,
      )
    ) {
      throw new NetworkError('EADDRINUSE', `${wanted}:${port} on ${host.name} is in use`);
    }
    const unbind = () => {
      const left = (ports.get(port) ?? []).filter((other) => other !== binding);
      if (left.length === 0) ports.delete(port);
      else ports.set(port, left);
    };
    const binding: Binding = {
      protocols: [protocols].flat(),
      life,
      boundTo,
      accept,
      ends: new Set(),
      lifeEnded: unbind,
    };
    ports.set(port, [...bindings, binding]);
    life.attach(binding);
    return {
      address: { host: wanted, port },
      close: () => {
        unbind();
        life.detach(binding);
        for (const end of binding.ends) end.destroy('ECONNRESET', 'the listener closed');
        binding.ends.clear();
        return life.later(0, 'listener closed', () => {});
      },
    };
  }

  /**
   * Opens a connection. The client's end is usable once `established` was called: on acceptance, at the latest
   * when the first item arrives. A failure comes as `closed` of `events`, before `established`.
   */
  connect(
    life: Life,
    from: NetworkHost,
    address: Address,
    protocol: Protocol,
    client: {
      readonly hello: unknown;
      readonly identity: Identity | undefined;
      readonly timeoutMillis?: number;
    },
    makeEvents: (end: ConnectionEnd) => EndEvents,
  ): ConnectionEnd {
    const toSelf = isLoopback(address.host);
    const to = toSelf ? from : this.#hosts.get(address.host);
    const there = this.path(from, to ?? from);
    const end = new ConnectionEnd(life, there);
    const events = makeEvents(end);
    end.events = events;
    const where = `${address.host}:${address.port}`;
    if (to === undefined) {
      life.after(0, 'no such host', () => end.fail('EHOSTUNREACH', `nothing is known of ${where}`));
      return end;
    }
    const back = this.path(to, from);
    const remoteHost = toSelf ? '127.0.0.1' : from.name;
    const caller: Caller = { protocol, hello: client.hello, identity: client.identity, remoteHost };
    const timeout = life.after(
      client.timeoutMillis ?? this.#options.connectTimeoutMillis,
      'connect timeout',
      () => {
        if (!end.isJoined) end.fail('ETIMEDOUT', `no answer from ${where}`);
      },
    );
    const refuse = (code: NetworkErrorCode, reason: string) => {
      life.after(back.delayMillis(), 'refused', () => {
        if (!back.isBlocked && !end.isJoined) end.fail(code, reason);
      });
    };
    // Knocks belong to the callee's kernel, which answers even while its processes are paused.
    const knock = (attempt: number) => {
      if (!end.isOpen) return;
      // Who asks something with the first packet asks by it; an empty one is of interest to nobody.
      const packet = client.hello && this.tap.listener?.sent(from.name, to.name, client.hello);
      this.#loop.schedule(undefined, there.travelMillis(client.hello, this.#loop.nowMillis), 'knock', () => {
        if (there.isBlocked || back.isBlocked || !to.hasPower || there.losesPacket()) {
          this.#loop.schedule(undefined, synRetryMillis * 2 ** attempt, 'knock again', () =>
            knock(attempt + 1),
          );
          return;
        }
        const binding = this.#bindingAt(to, address);
        if (binding === undefined) {
          refuse('ECONNREFUSED', `nothing listens on ${where}`);
          return;
        }
        if (!binding.protocols.includes(protocol)) {
          refuse('ECONNRESET', `${where} speaks ${binding.protocols.join(' and ')}, not ${protocol}`);
          return;
        }
        if (typeof packet === 'number') this.tap.listener?.arrived(packet);
        this.#accept(binding, end, back, caller, () => timeout.cancel());
      });
    };
    knock(0);
    return end;
  }

  #accept(
    binding: Binding,
    client: ConnectionEnd,
    back: Path,
    caller: Caller,
    established: () => void,
  ): void {
    if (!client.life.alive) return;
    binding.life.after(0, 'accept', () => {
      const server = new ConnectionEnd(binding.life, back);
      ConnectionEnd.join(client, server);
      established();
      for (const end of binding.ends) if (!end.isOpen) binding.ends.delete(end);
      binding.ends.add(server);
      server.events = binding.accept(server, caller);
      // The client left while it was knocking.
      if (!client.isOpen) client.resetPeer();
    });
  }

  #bindingAt(host: NetworkHost, address: Address): Binding | undefined {
    const bindings = this.#bindings.get(host)?.get(address.port) ?? [];
    return bindings.find(({ boundTo }) => boundTo === undefined || boundTo === normal(address.host));
  }

  #freePort(ports: ReadonlyMap<number, unknown>): number {
    let port = ephemeralPortMin;
    while (ports.has(port)) port++;
    assert(port < 65_536, 'no free port');
    return port;
  }
}

function normal(host: string): string {
  return host === 'localhost' || host === '::1' ? '127.0.0.1' : host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
