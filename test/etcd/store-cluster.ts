import { encodeUtf8 } from '../../src/base/bytes.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { JournalBackends } from '../../sim/backend/journal-backend.ts';
import type { Host } from '../../sim/host.ts';
import { World } from '../../sim/world.ts';
import { LocalEtcdClient } from '../../src/etcd/local-client.ts';
import { Member } from '../../src/etcd/member.ts';
import type { MemberOptions } from '../../src/etcd/member-options.ts';
import { DiskError } from '../../src/platform/errors.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { WalError } from '../../src/wal/wal.ts';
import { engine } from '../sim/engine.ts';

/** Three store members on a simulated world, and nothing else. */
export class StoreCluster {
  readonly world: World;
  readonly hosts: readonly Host[];
  /** The member of each host's latest life that got so far. */
  readonly #members = new Map<string, { readonly epoch: number; readonly member: Member }>();
  /** Why members ended, by name. */
  readonly failures = new Map<string, Error>();

  constructor(
    seed: number | string,
    options: Partial<MemberOptions> | ((world: World) => Partial<MemberOptions>) = {},
  ) {
    this.world = new World({ seed, engine });
    const memberOptions = typeof options === 'function' ? options(this.world) : options;
    const names = ['a', 'b', 'c'];
    this.hosts = names.map((name) => this.world.addHost(name, { identity: { user: name, groups: [] } }));
    for (const host of this.hosts) {
      host.boot(async (platform) => {
        const member = await this.#start(host, platform, {
          name: host.name,
          cluster: {
            token: 'test',
            members: names.map((name) => ({ name, peerAddress: { host: name, port: 2380 }, user: name })),
          },
          dataDirectory: '/data',
          backends: new JournalBackends(platform),
          ...memberOptions,
        });
        if (member === undefined) return;
        this.#members.set(host.name, { epoch: host.epoch, member });
        void member.failed.then((error) => {
          this.failures.set(host.name, error);
          host.kill();
        });
      });
    }
  }

  /** A disk that fails ends the process, as in the real server; anything else is a bug and ends the run. */
  async #start(host: Host, platform: Platform, options: MemberOptions): Promise<Member | undefined> {
    try {
      return await Member.start(platform, options);
    } catch (error) {
      if (!(error instanceof DiskError || (error instanceof WalError && error.code === 'broken')))
        throw error;
      this.failures.set(host.name, error);
      host.kill();
      return undefined;
    }
  }

  member(host: Host): Member | undefined {
    const known = this.#members.get(host.name);
    return host.isUp && known?.epoch === host.epoch ? known.member : undefined;
  }

  client(host: Host): LocalEtcdClient {
    return new LocalEtcdClient(this.member(host)!);
  }

  leader(): Host | undefined {
    const leading = this.hosts
      .map((host) => ({ host, status: this.member(host)?.status() }))
      .filter(({ status }) => status !== undefined && status.leader === status.memberId);
    return leading.toSorted((x, y) => y.status!.raftTerm - x.status!.raftTerm)[0]?.host;
  }

  /** Runs until `condition`, and fails the test when it takes more than `forMillis`. */
  async until(what: string, condition: () => boolean, forMillis = 30_000): Promise<void> {
    const result = await this.world.run({ until: condition, forMillis });
    if (result.failure !== undefined) throw result.failure.error;
    if (result.reason !== 'until') throw new Error(`${what}: not within ${forMillis} ms (${result.reason})`);
    for (const host of this.hosts) this.member(host)?.checkInvariants();
  }

  /** Starts `work` inside the world and runs until its promise settles; its value. */
  async settle<T>(what: string, work: () => Promise<T>, forMillis = 30_000): Promise<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    this.world.schedule(0, 'test', () => {
      work().then(
        (value) => (outcome = { value }),
        (error: unknown) => (outcome = { error }),
      );
    });
    await this.until(what, () => outcome !== undefined, forMillis);
    if ('error' in outcome!) throw outcome.error;
    return (outcome as unknown as { value: T }).value;
  }

  /** Writes as a client does who says it again when the outcome is unknown. */
  async put(host: Host, key: string, value: string): Promise<void> {
    await this.settle('put', async () => {
      const client = this.client(host);
      for (;;) {
        try {
          await client.put({ key, value: encodeUtf8(value) });
          return;
        } catch (error) {
          if (!(error instanceof EtcdError) || !error.outcomeUnknown) throw error;
        }
      }
    });
  }

  async elect(): Promise<Host> {
    await this.until('a leader', () => {
      return this.leader() !== undefined && this.hosts.every((host) => this.member(host) !== undefined);
    });
    return this.leader()!;
  }
}
