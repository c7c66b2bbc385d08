import type { Hindsight } from '../../../../sim/real/hindsight.ts';
import { compactionAsked } from '../../../../sim/real/hindsight.ts';
import { connectForWorkload } from '../../../../sim/workloads/boot-workloads.ts';
import { workloads, type Workloads } from '../../../../sim/workloads/registry.ts';
import type { Actor, StoreConnection, WorkloadStage } from '../../../../sim/workloads/workload.ts';
import type { EtcdClient } from '../../../etcd/client.ts';
import { NetworkError } from '../../../platform/errors.ts';
import { ConsoleLogger } from '../../../platform/os/console-logger.ts';
import { createOsPlatform } from '../../../platform/os/os-platform.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { RealGround } from './real-ground.ts';

export interface RealActorsOptions {
  /** How long people begin anything new. */
  readonly durationMillis: number;
  /** Stands between the people and the store. */
  readonly storeClient: (etcd: StoreConnection) => StoreConnection;
}

/** Somebody's life ended by a bug. */
export class ActorError extends Error {
  override readonly name = 'ActorError';
  readonly actor: string;

  constructor(actor: string, cause: unknown) {
    super(`${actor} failed`, { cause });
    this.actor = actor;
  }
}

/** The people of the dock's workloads as they are, with clients of real members: all by gRPC, each through relays of their own. */
export class RealActors {
  readonly #ground: RealGround;
  readonly #hindsight: Hindsight;
  readonly #options: RealActorsOptions;
  readonly #connections = new Set<StoreConnection>();
  #closed = false;

  constructor(ground: RealGround, hindsight: Hindsight, options: RealActorsOptions) {
    this.#ground = ground;
    this.#hindsight = hindsight;
    this.#options = options;
  }

  /** Everyone wakes up. Rejects when somebody's life ends by a bug, and never resolves. */
  boot(chosen: Workloads): Promise<never> {
    return new Promise((_resolve, reject) => {
      for (const { name, actors } of workloads) {
        const value = chosen[name as keyof Workloads];
        if (value === undefined) continue;
        for (const [i, actor] of actors(value).entries()) {
          this.#live(actor, i).catch((error: unknown) => {
            // What they do while all is closed nobody minds.
            if (!this.#closed) reject(new ActorError(actor.name, error));
          });
        }
      }
    });
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close?.();
  }

  async #live({ name, run }: Actor, index: number): Promise<void> {
    const ground = this.#ground;
    const addresses = await ground.addActor(name);
    const platform: Platform = {
      ...createOsPlatform({ hostname: name, logger: new ConsoleLogger({ level: 'error', write: () => {} }) }),
      random: ground.random.stream(`app/${name}`),
    };
    let next = index;
    const stage: WorkloadStage = {
      bus: this.#hindsight,
      connect: async (_kind, credentials) => {
        const at = next++ % addresses.length;
        const { name: node, isUp } = ground.members[at]!;
        if (!isUp || this.#closed) throw new NetworkError('ECONNREFUSED', `${node} does not run`);
        const etcd = connectForWorkload(platform, addresses[at]!, credentials);
        this.#connections.add(etcd);
        return this.#options.storeClient(this.#noting(etcd, node));
      },
      grpcAddresses: addresses,
      stopped: () => this.#closed || ground.now >= this.#options.durationMillis,
      membership: undefined,
    };
    await run(platform, stage);
  }

  /** As the client, and every revision that an answer tells of is known from then on. */
  #noting(etcd: StoreConnection, node: string): StoreConnection {
    const hindsight = this.#hindsight;
    const noted = async <T extends { readonly header: { readonly revision: number } }>(
      answer: Promise<T>,
    ): Promise<T> => {
      const told = await answer;
      hindsight.know(told.header.revision);
      return told;
    };
    return {
      node,
      closed: etcd.closed,
      range: (request) => noted(etcd.range(request)),
      put: (request) => noted(etcd.put(request)),
      deleteRange: (request) => noted(etcd.deleteRange(request)),
      txn: (request) => noted(etcd.txn(request)),
      compact: (revision) => {
        hindsight.emit(compactionAsked(revision));
        return noted(etcd.compact(revision));
      },
      watch: (request, events) => etcd.watch(request, events),
      leaseGrant: (...request) => etcd.leaseGrant(...request),
      leaseRevoke: (id) => etcd.leaseRevoke(id),
      leaseKeepAlive: (id) => etcd.leaseKeepAlive(id),
      status: () => etcd.status(),
      close: () => {
        this.#connections.delete(etcd);
        etcd.close?.();
      },
    } satisfies EtcdClient & StoreConnection;
  }
}
