import { must } from '../src/base/assert.ts';
import { DataDirectoryError, MemberRemovedError } from '../src/etcd/data-directory.ts';
import { memberIdOf, type ConfiguredMember } from '../src/etcd/cluster.ts';
import { serveEtcdLink } from '../src/etcd/link-server.ts';
import { LocalEtcdClient } from '../src/etcd/local-client.ts';
import type { MemberOptions } from '../src/etcd/member-options.ts';
import { Member } from '../src/etcd/member.ts';
import type { MemberObserver } from '../src/etcd/observer.ts';
import { DiskError } from '../src/platform/errors.ts';
import type { Address } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { MemberId } from '../src/raft/types.ts';
import { WalError } from '../src/wal/wal.ts';
import { JournalBackends } from './backend/journal-backend.ts';
import type { FaultAtlas } from './fault-atlas.ts';
import type { Host } from './host.ts';
import { startService } from './store-service.ts';
import type { MembershipStage } from './workloads/workload.ts';
import type { World } from './world.ts';

const clusterToken = 'drydock-sim';
const peerPort = 2380;
const etcdPort = 2379;
const grpcPort = 12_379;
export const storeDirectory = '/var/lib/drydock/etcd';

/** What a scenario may set of the members: everything that puts faults off is made small by it. */
export type StoreSettings = Partial<
  Pick<
    MemberOptions,
    | 'tickMillis'
    | 'electionTicks'
    | 'snapshotEntries'
    | 'catchUpEntries'
    | 'segmentBytes'
    | 'requestTimeoutMillis'
    | 'quotaBytes'
    | 'corruptCheckMillis'
  >
>;

export interface StoreHostsOptions {
  readonly servers: number;
  /** Hosts that have no member at first and may get one. Default none. */
  readonly spares?: number;
  readonly settings: StoreSettings;
  readonly observer: MemberObserver | undefined;
  /** Members serve etcd's gRPC besides. Default false. */
  readonly grpc?: boolean;
}

const settingsDefault: StoreSettings = { tickMillis: 50, requestTimeoutMillis: 5000 };

/**
 * The hosts `server-1`, `server-2`, … with a member of the store on each but the spare ones, and which member lives on which
 * now. Members may be made on spare hosts and ended for good while the world runs.
 */
export class StoreHosts implements MembershipStage {
  /** All that may have a member, those without one too. */
  readonly all: readonly Host[];
  /** Who has a member, and how its life begins: as a founder, or by joining. */
  readonly #seats = new Map<Host, 'founder' | 'joiner'>();
  /** Whose member an id is or was. */
  readonly #ids = new Map<MemberId, string>();
  readonly #options: StoreHostsOptions;
  readonly #atlas: FaultAtlas;
  /** The member of each host's latest life that got so far. */
  readonly #members = new Map<string, { readonly epoch: number; readonly member: Member }>();

  constructor(world: World, options: StoreHostsOptions) {
    this.#options = options;
    this.#atlas = world.atlas;
    const count = options.servers + (options.spares ?? 0);
    this.all = Array.from({ length: count }, (_, i) => {
      const name = `server-${i + 1}`;
      return world.addHost(name, { identity: { user: userOf(name), groups: ['system:masters'] } });
    });
    for (const host of this.all.slice(0, options.servers)) {
      this.#seats.set(host, 'founder');
      this.#ids.set(memberIdOf(clusterToken, host.name), host.name);
    }
    world.atlas.protect(this.hosts);
  }

  /** Those that have a member now, in order. */
  get hosts(): readonly Host[] {
    return this.all.filter((host) => this.#seats.has(host));
  }

  /** Whether members come and go in this world. */
  get changes(): boolean {
    return (this.#options.spares ?? 0) > 0;
  }

  hostsForMembers(): readonly string[] {
    return this.all.filter((host) => !this.#seats.has(host)).map(({ name }) => name);
  }

  peerUrls(name: string): readonly string[] {
    return [`http://${name}:${peerPort}`];
  }

  join(name: string): void {
    const host = this.#hostNamed(name);
    this.#seats.set(host, 'joiner');
    host.crash();
    host.disk.wipe();
    host.restart();
  }

  retire(name: string): void {
    const host = this.#hostNamed(name);
    this.#seats.delete(host);
    host.restart();
  }

  /** The member of a host in its current life; undefined while it is down or starting. */
  member(host: Host): Member | undefined {
    const known = this.#members.get(host.name);
    return host.isUp && known?.epoch === host.epoch ? known.member : undefined;
  }

  /** The host whose member leads, as the newest term says. */
  leader(): Host | undefined {
    let newest: { readonly host: Host; readonly term: number } | undefined;
    for (const host of this.hosts) {
      const member = this.member(host);
      if (member === undefined || !member.leading) continue;
      if (newest === undefined || member.term > newest.term) newest = { host, term: member.term };
    }
    return newest?.host;
  }

  /** The hosts that do not lead, in order. */
  followers(): readonly Host[] {
    const leader = this.leader();
    return this.hosts.filter((host) => host !== leader);
  }

  /** `text` with the names of hosts in the place of their members' ids. */
  withNames(text: string): string {
    let named = text;
    for (const [id, name] of this.#ids) named = named.replaceAll(id, name);
    return named;
  }

  /** Where a host serves the store to its clients, by links. */
  etcdAddress(host: Host): Address {
    return { host: host.name, port: etcdPort };
  }

  /** Where hosts serve etcd's own protocol, in their order; none if they do not. */
  get grpcAddresses(): readonly Address[] {
    return this.#options.grpc === true ? this.hosts.map(grpcAddress) : [];
  }

  checkInvariants(): void {
    for (const host of this.hosts) this.member(host)?.checkInvariants();
  }

  /**
   * Runs the host's member in this life of it, and serves it to clients. undefined: the host has none, or its disk fails, which
   * ends the process as it ends `drydock etcd`.
   */
  async run(host: Host, platform: Platform): Promise<Member | undefined> {
    const { observer, settings, grpc = false } = this.#options;
    const seat = this.#seats.get(host);
    if (seat === undefined) return undefined;
    const members = seat === 'founder' ? this.all.slice(0, this.#options.servers) : this.hosts;
    const options: MemberOptions = {
      ...settingsDefault,
      ...settings,
      name: host.name,
      cluster: {
        token: clusterToken,
        members: members.map(configured),
        ...(seat === 'joiner' ? { state: 'existing' } : {}),
      },
      dataDirectory: storeDirectory,
      backends: new JournalBackends(platform),
      ...(observer === undefined ? {} : { observer: whileAlive(host, observer) }),
    };
    let member: Member;
    try {
      member = grpc
        ? (await startService(platform, options, grpcAddress(host))).member
        : await Member.start(platform, options);
    } catch (error) {
      // Refusing damaged or missing data loudly is all that can be asked where a fault harmed it, and a bug elsewhere.
      const refused = error instanceof WalError || error instanceof DataDirectoryError;
      const broken = error instanceof DiskError || (error instanceof WalError && error.code === 'broken');
      const removed = error instanceof MemberRemovedError;
      if (!broken && !removed && !(refused && this.#atlas.harmed.has(host))) throw error;
      platform.logger.error('the member does not start', { error: error.message });
      this.#ended(host, error);
      return undefined;
    }
    this.#members.set(host.name, { epoch: host.epoch, member });
    this.#ids.set(member.id, host.name);
    void member.failed.then((error) => {
      platform.logger.error('the member has failed', { error: error.message });
      this.#ended(host, error);
    });
    const local = new LocalEtcdClient(member);
    await platform.network.links.listen(this.etcdAddress(host), (link) => serveEtcdLink(local, link));
    return member;
  }

  /** A member that was removed gives its seat up: who had it removed may never have heard that it was. */
  #ended(host: Host, error: Error): void {
    if (error instanceof MemberRemovedError) this.#seats.delete(host);
    host.kill();
  }

  #hostNamed(name: string): Host {
    return must(
      this.all.find((host) => host.name === name),
      () => `no host ${name} for members`,
    );
  }
}

function grpcAddress({ name }: Host): Address {
  return { host: name, port: grpcPort };
}

/** What a dead member's stack still says up to its next await, nobody hears. */
function whileAlive(host: Host, observer: MemberObserver): MemberObserver {
  const { epoch } = host;
  const alive = (): boolean => host.isUp && host.epoch === epoch;
  const { sent, traced } = observer;
  return {
    opened: (...all) => void (alive() && observer.opened(...all)),
    roleChanged: (...all) => void (alive() && observer.roleChanged(...all)),
    saved: (member, ready) => void (alive() && observer.saved(member, ready)),
    applied: (member, entry, store, confState) =>
      void (alive() && observer.applied(member, entry, store, confState)),
    installed: (...all) => void (alive() && observer.installed(...all)),
    ...(sent && { sent: (member, message) => void (alive() && sent(member, message)) }),
    ...(traced && { traced: (...all) => void (alive() && traced(...all)) }),
  };
}

function configured({ name }: Host): ConfiguredMember {
  const peerAddress = { host: name, port: peerPort };
  return { name, peerAddress, peerUrls: [`http://${name}:${peerPort}`], user: userOf(name) };
}

function userOf(name: string): string {
  return `system:server:${name}`;
}
