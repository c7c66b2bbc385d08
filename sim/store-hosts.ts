import { DataDirectoryError } from '../src/etcd/data-directory.ts';
import { memberIdOf, type ConfiguredMember } from '../src/etcd/cluster.ts';
import { serveEtcdLink } from '../src/etcd/link-server.ts';
import { LocalEtcdClient } from '../src/etcd/local-client.ts';
import type { MemberOptions } from '../src/etcd/member-options.ts';
import { Member } from '../src/etcd/member.ts';
import type { MemberObserver } from '../src/etcd/observer.ts';
import { DiskError } from '../src/platform/errors.ts';
import type { Address } from '../src/platform/network.ts';
import type { Platform } from '../src/platform/platform.ts';
import { WalError } from '../src/wal/wal.ts';
import { JournalBackends } from './backend/journal-backend.ts';
import type { FaultAtlas } from './fault-atlas.ts';
import type { Host } from './host.ts';
import { startServedMember } from './store-service.ts';
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
  readonly settings: StoreSettings;
  readonly observer: MemberObserver | undefined;
  /** Members serve etcd's gRPC besides. Default false. */
  readonly grpc?: boolean;
}

const settingsDefault: StoreSettings = { tickMillis: 50, requestTimeoutMillis: 5000 };

/** The hosts `server-1`, `server-2`, … with a member of the store on each, and which member lives on which now. */
export class StoreHosts {
  readonly hosts: readonly Host[];
  readonly #options: StoreHostsOptions;
  readonly #atlas: FaultAtlas;
  /** The member of each host's latest life that got so far. */
  readonly #members = new Map<string, { readonly epoch: number; readonly member: Member }>();

  constructor(world: World, options: StoreHostsOptions) {
    this.#options = options;
    this.#atlas = world.atlas;
    this.hosts = Array.from({ length: options.servers }, (_, i) => {
      const name = `server-${i + 1}`;
      return world.addHost(name, { identity: { user: userOf(name), groups: ['system:masters'] } });
    });
    world.atlas.protect(this.hosts);
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
    return this.hosts.reduce(
      (named, { name }) => named.replaceAll(memberIdOf(clusterToken, name), name),
      text,
    );
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
   * Runs the host's member in this life of it, and serves it to clients. A disk that fails ends the process, as it ends
   * `drydock etcd`: undefined then.
   */
  async run(host: Host, platform: Platform): Promise<Member | undefined> {
    const { observer, settings, grpc = false } = this.#options;
    const options: MemberOptions = {
      ...settingsDefault,
      ...settings,
      name: host.name,
      cluster: { token: clusterToken, members: this.hosts.map(configured) },
      dataDirectory: storeDirectory,
      backends: new JournalBackends(platform),
      ...(observer === undefined ? {} : { observer: whileAlive(host, observer) }),
    };
    let member: Member;
    try {
      member = grpc
        ? await startServedMember(platform, options, grpcAddress(host))
        : await Member.start(platform, options);
    } catch (error) {
      // Refusing damaged or missing data loudly is all that can be asked where a fault harmed it, and a bug elsewhere.
      const refused = error instanceof WalError || error instanceof DataDirectoryError;
      const broken = error instanceof DiskError || (error instanceof WalError && error.code === 'broken');
      if (!broken && !(refused && this.#atlas.harmed.has(host))) throw error;
      platform.logger.error('the member does not start', { error: error.message });
      host.kill();
      return undefined;
    }
    this.#members.set(host.name, { epoch: host.epoch, member });
    void member.failed.then(() => host.kill());
    const local = new LocalEtcdClient(member);
    await platform.network.links.listen(this.etcdAddress(host), (link) => serveEtcdLink(local, link));
    return member;
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
    saved: (...all) => void (alive() && observer.saved(...all)),
    applied: (...all) => void (alive() && observer.applied(...all)),
    installed: (...all) => void (alive() && observer.installed(...all)),
    ...(sent && { sent: (...all) => void (alive() && sent(...all)) }),
    ...(traced && { traced: (...all) => void (alive() && traced(...all)) }),
  };
}

function configured({ name }: Host): ConfiguredMember {
  return { name, peerAddress: { host: name, port: peerPort }, user: userOf(name) };
}

function userOf(name: string): string {
  return `system:server:${name}`;
}
