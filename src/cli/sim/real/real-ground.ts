import { createServer } from 'node:net';
import { join } from 'node:path';

import type { Ground, GroundHost } from '../../../../sim/actions/ground.ts';
import { FaultHits } from '../../../../sim/fault-hits.ts';
import { RandomStreams } from '../../../../sim/random-streams.ts';
import type { Roles } from '../../../../sim/timeline.ts';
import { assert, must } from '../../../base/assert.ts';
import { memberIdOf } from '../../../etcd/cluster.ts';
import type { Timer } from '../../../platform/clock.ts';
import type { Address } from '../../../platform/network.ts';
import type { Platform } from '../../../platform/platform.ts';
import { noMember, type MemberId } from '../../../raft/types.ts';
import { MemberProcess, type Status } from './member-process.ts';
import { recognizePeer } from './peer-greeting.ts';
import { Relay, type Ways } from './relay.ts';
import { RelayPath } from './relay-path.ts';

const token = 'drydock-sim';
const loopback = '127.0.0.1';
/**
 * Where ports of members are looked for: below those that systems give to whoever dials (32768 on Linux), which would take the port
 * of a member while it is down.
 */
const portMin = 28_000;
const portMax = 32_000;
const portAttemptsMax = 200;
const statusMillisMax = 500;

export interface RealGroundOptions {
  readonly seed: number;
  readonly members: number;
  readonly command: readonly string[];
  /** For every member, beyond who and where it is. */
  readonly flags: readonly string[];
  readonly folder: string;
  readonly onLog: (line: string) => void;
  readonly onEnded: (member: string, how: string) => void;
}

/** Whoever takes part and is no member: nothing is done to those but to their ways. */
class Actor implements GroundHost {
  readonly name: string;
  readonly isUp = true;

  constructor(name: string) {
    this.name = name;
  }

  crash(): void {
    this.#refuse();
  }

  crashAfterEvents(): void {
    this.#refuse();
  }

  kill(): void {
    this.#refuse();
  }

  restart(): void {
    this.#refuse();
  }

  pause(): void {
    this.#refuse();
  }

  #refuse(): void {
    assert(false, `no role means ${this.name}`);
  }
}

/**
 * Members as processes of this machine, `server-1` and on, and relays on every way to them: between each two, and from each actor.
 * All that is said between them passes here, so that it can be cut, slowed and broken in each direction.
 */
export class RealGround implements Ground, Roles<GroundHost> {
  readonly random: RandomStreams;
  readonly hits = new FaultHits();
  readonly members: readonly MemberProcess[];
  readonly agents: readonly GroundHost[] = [];
  readonly store: Roles<GroundHost>['store'];
  readonly #addresses: readonly Address[];
  readonly #relays: Relay[];
  readonly #actors: Actor[] = [];
  readonly #paths = new Map<string, RelayPath>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What each said last, and when. */
  #statuses = new Map<MemberProcess, Status>();
  #startedAtMillis = performance.now();

  private constructor(
    platform: Platform,
    options: RealGroundOptions,
    addresses: readonly Address[],
    flagsOf: readonly (readonly string[])[],
    relays: Relay[],
  ) {
    const { seed, command, folder, onLog, onEnded } = options;
    this.random = new RandomStreams(seed);
    this.#addresses = addresses;
    this.#relays = relays;
    this.members = addresses.map((clientAddress, i) => {
      const name = nameOf(i);
      return new MemberProcess(platform, {
        name,
        id: memberIdOf(token, name),
        command,
        flags: [...flagsOf[i]!, ...options.flags],
        clientAddress,
        folder,
        hits: this.hits,
        onLog: (line) => onLog(`${(this.now / 1000).toFixed(3)} ${name} ${line}`),
        onEnded: (how) => onEnded(name, how),
      });
    });
    this.store = {
      hosts: this.members,
      leader: () => this.leader(),
      followers: () => this.members.filter((member) => member !== this.leader()),
    };
  }

  /** Opens the relays between members. Nothing runs yet. */
  static async prepare(platform: Platform, options: RealGroundOptions): Promise<RealGround> {
    const ports = await freePorts(options.members * 2);
    const clients = ports.slice(0, options.members).map(addressAt);
    const peers = ports.slice(options.members).map(addressAt);
    let ground: RealGround | undefined;
    const relays: Relay[] = [];
    for (const [i, peer] of peers.entries()) {
      relays.push(await Relay.open(peer, () => recognizePeer(must(ground).#waysTo(i))));
    }
    const initialCluster = relays.map(({ address }, i) => `${nameOf(i)}=${urlOf(address)}`).join(',');
    const flagsOf = peers.map((peer, i) =>
      Object.entries({
        name: nameOf(i),
        'data-dir': join(options.folder, nameOf(i)),
        'listen-client-urls': urlOf(clients[i]!),
        'advertise-client-urls': urlOf(clients[i]!),
        'listen-peer-urls': urlOf(peer),
        'initial-advertise-peer-urls': urlOf(relays[i]!.address),
        'initial-cluster': initialCluster,
        'initial-cluster-token': token,
      }).flatMap(([flag, value]) => [`--${flag}`, value]),
    );
    ground = new RealGround(platform, options, clients, flagsOf, relays);
    return ground;
  }

  /** Milliseconds since `begin`. */
  get now(): number {
    return performance.now() - this.#startedAtMillis;
  }

  /** The run begins now. */
  begin(): void {
    this.#startedAtMillis = performance.now();
  }

  get servers(): readonly GroundHost[] {
    return this.members;
  }

  get hosts(): readonly GroundHost[] {
    return [...this.members, ...this.#actors];
  }

  host(name: string): GroundHost {
    return must(
      this.hosts.find((host) => host.name === name),
      () => `no host ${name}`,
    );
  }

  /** Where a member serves clients, without a relay. */
  directAddress(member: MemberProcess): Address {
    return this.#addresses[this.members.indexOf(member)]!;
  }

  /** Somebody who takes part: the addresses at which they reach the members, in their order. */
  async addActor(name: string): Promise<readonly Address[]> {
    const actor = new Actor(name);
    this.#actors.push(actor);
    const addresses: Address[] = [];
    for (const [i, member] of this.members.entries()) {
      const ways: Ways = { there: this.path(actor, member), back: this.path(member, actor) };
      const relay = await Relay.open(this.#addresses[i]!, () => () => ways);
      this.#relays.push(relay);
      addresses.push(relay.address);
    }
    return addresses;
  }

  path(from: GroundHost, to: GroundHost): RelayPath {
    const name = `${from.name}->${to.name}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      path = new RelayPath(this.random.stream(`network/${name}`), this.hits);
      this.#paths.set(name, path);
    }
    return path;
  }

  cut(a: GroundHost, b: GroundHost): void {
    this.path(a, b).cut();
    this.path(b, a).cut();
  }

  heal(a: GroundHost, b: GroundHost): void {
    this.path(a, b).mend();
    this.path(b, a).mend();
  }

  partition(group: readonly GroundHost[]): void {
    for (const a of group) {
      for (const b of this.hosts) if (!group.includes(b)) this.cut(a, b);
    }
  }

  healAll(): void {
    for (const path of this.#paths.values()) path.mend();
  }

  schedule(delayMillis: number, _kind: string, fire: () => void): Timer {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      fire();
    }, delayMillis);
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        clearTimeout(timer);
      },
    };
  }

  /** Asks everyone who runs. `told` hears of each answer. */
  async look(told: (member: MemberProcess, status: Status) => void = () => {}): Promise<void> {
    const statuses = new Map<MemberProcess, Status>();
    await Promise.all(
      this.members.map(async (member) => {
        if (!member.isUp) return;
        try {
          const status = await member.status(statusMillisMax);
          assert(
            status.id === member.id,
            () => `${member.name} says that it is ${status.id}, not ${member.id}`,
          );
          statuses.set(member, status);
          told(member, status);
        } catch (error) {
          if (!(error instanceof Error && error.name === 'GrpcError')) throw error;
        }
      }),
    );
    this.#statuses = statuses;
  }

  /** Whoever leads in the newest term that anybody has told of, as of the last look. */
  leader(): MemberProcess | undefined {
    let newest: Status | undefined;
    for (const status of this.#statuses.values()) {
      if (status.leader !== noMember && status.term > (newest?.term ?? 0)) newest = status;
    }
    return newest && this.memberOf(newest.leader);
  }

  memberOf(id: MemberId): MemberProcess | undefined {
    return this.members.find((member) => member.id === id);
  }

  /** As of the last look. */
  statusOf(member: MemberProcess): Status | undefined {
    return this.#statuses.get(member);
  }

  withNames(text: string): string {
    return this.members.reduce((named, { id, name }) => named.replaceAll(id, name), text);
  }

  /** Kills all at once; resolves when they are gone. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const relay of this.#relays) relay.close();
    await Promise.all(this.members.map((member) => member.close()));
  }

  /** By the dialler's id: its ways to the member, and back. */
  #waysTo(index: number): ReadonlyMap<string, Ways> {
    const target = this.members[index]!;
    const others = this.members.filter((member) => member !== target);
    return new Map(
      others.map((from) => [from.id, { there: this.path(from, target), back: this.path(target, from) }]),
    );
  }
}

function nameOf(index: number): string {
  return `server-${index + 1}`;
}

function addressAt(port: number): Address {
  return { host: loopback, port };
}

function urlOf({ host, port }: Address): string {
  return `http://${host}:${port}`;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < portAttemptsMax && found.size < count; attempt++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  assert(found.size === count, () => `no ${count} ports are free from ${portMin} to ${portMax}`);
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
