import { assert } from '../../src/base/assert.ts';
import type { EtcdClient } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import type { EtcdCredentials } from '../../src/etcd/grpc-client.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Schema } from '../actions/action.ts';
import type { KvOperation, KvOutcome } from '../kv-history.ts';
import type { FactSink } from '../observations.ts';
import { performKvOperation } from './kv-operation.ts';

/**
 * sim/workloads/: what people do with the store while things go wrong. A workload is one file here and one line in
 * registry.ts; a scenario turns it on with `workload: {NAME: {…}}`.
 *
 * Boundary: its people live on hosts of their own and know the store only through its clients. They tell the
 * observation bus what they ask and what they are told, and judge nothing.
 *
 * Invariants
 *   W1  A call whose outcome is unknown is its client's last: the client goes on under a new name.
 *   W2  Values are unique in a run.
 *   W3  Every call, watch and lease is told to the bus before it is sent.
 *   W4  Randomness is the host's own, so that a workload that is off draws nothing.
 */
export interface Workload {
  /** Its word in a scenario. */
  readonly name: string;
  readonly schema: Schema;
  /** What else is wrong with a value that the schema accepts: where in it, and a sentence that begins with that place. */
  check?(value: unknown): { readonly at: readonly string[]; readonly problem: string } | undefined;
  /** Who takes part: each is a host. */
  actors(value: unknown): readonly Actor[];
}

export interface Actor {
  /** Of the host. */
  readonly name: string;
  /** Its life; ends when `stage.stopped()`. */
  run(platform: Platform, stage: WorkloadStage): Promise<void>;
}

/** How clients reach members: by a link of the simulated network, or by gRPC over its streams. */
export type ClientKind = 'link' | 'grpc';

/** What the people of a workload find when they wake up. */
export interface WorkloadStage {
  readonly bus: FactSink;
  /** Connects to one member: the next one when called again. @throws NetworkError */
  connect(kind: ClientKind, credentials?: EtcdCredentials): Promise<StoreConnection>;
  /** Where members serve gRPC, in their order; empty where they do not. */
  readonly grpcAddresses: readonly Address[];
  /** Asked before each call. */
  readonly stopped: () => boolean;
  readonly membership: MembershipStage | undefined;
}

/** Hosts on which members can be made and ended, for workloads that change who is in the cluster. */
export interface MembershipStage {
  /** Hosts that have no member and may get one, by name. */
  hostsForMembers(): readonly string[];
  /** The peer URLs that a member on that host will have: what the cluster must be told first. */
  peerUrls(host: string): readonly string[];
  /** Boots a new member there, with an empty disk, that joins the running cluster. */
  join(host: string): void;
  /** Ends the host's member for good; the host is free again when its disk is empty. */
  retire(host: string): void;
}

export type StoreConnection = EtcdClient & {
  readonly closed: Promise<string>;
  /** The member at the other end. */
  readonly node?: string;
  close?(): void;
};

export const reconnectMillis = 100;

/** For clients that say how they reach the store. */
export const clientSchema: Schema = {
  enum: ['link', 'grpc'],
  description: '`link`, or `grpc` for etcd’s own protocol',
};

/** One person's connections to the store, each to the next member, under a name that changes as W1 asks. */
export class Session {
  readonly #platform: Platform;
  readonly #stage: WorkloadStage;
  readonly #kind: ClientKind;
  readonly #credentials: EtcdCredentials | undefined;
  #etcd: StoreConnection | undefined;
  #connections = 0;
  #life = 0;
  #values = 0;

  constructor(
    platform: Platform,
    stage: WorkloadStage,
    kind: ClientKind = 'link',
    credentials?: EtcdCredentials,
  ) {
    this.#platform = platform;
    this.#stage = stage;
    this.#kind = kind;
    this.#credentials = credentials;
  }

  /** The name that its calls go under. */
  get client(): string {
    return `${this.#platform.hostname}.${this.#life}`;
  }

  /** A value that nobody else writes. */
  newValue(): string {
    return `${this.#platform.hostname}-${++this.#values}`;
  }

  /** The connection that stands, or a new one; undefined when nobody can be reached, after a moment. */
  async open(): Promise<StoreConnection | undefined> {
    if (this.#etcd !== undefined) return this.#etcd;
    try {
      this.#etcd = await this.#stage.connect(this.#kind, this.#credentials);
      this.#connections++;
    } catch (error) {
      assert(error instanceof NetworkError, () => `connecting failed oddly: ${String(error)}`);
      await this.#platform.clock.sleep(reconnectMillis);
    }
    return this.#etcd;
  }

  /** The next call goes to the next member. */
  leave(): void {
    this.#etcd?.close?.();
    this.#etcd = undefined;
  }

  /** The client's last call may still be under way (W1). */
  becomeAnother(): void {
    this.#life++;
  }

  /** Does one operation of the history, told to the bus. undefined: nobody could be reached, and nothing was sent. */
  async perform(operation: KvOperation): Promise<KvOutcome | undefined> {
    const etcd = await this.open();
    if (etcd === undefined) return undefined;
    const { client } = this;
    const { node } = etcd;
    const user = this.#credentials?.username;
    this.#stage.bus.emit({
      type: 'client-call',
      client,
      operation,
      connection: `${this.#platform.hostname}#${this.#connections}`,
      ...(node === undefined ? {} : { node }),
      ...(user === undefined ? {} : { user }),
    });
    const outcome = await outcomeOf(etcd, operation);
    this.#stage.bus.emit({ type: 'client-return', client, outcome });
    if (outcome.type === 'unknown') this.becomeAnother();
    if (outcome.type === 'unknown' || outcome.type === 'refused') this.leave();
    return outcome;
  }

  /**
   * Asks something that no history of operations holds. undefined: nobody could be reached, or the answer was an error,
   * which `failed` hears of.
   */
  async ask<T>(
    question: (etcd: StoreConnection) => Promise<T>,
    failed?: (error: EtcdError) => void,
  ): Promise<T | undefined> {
    const etcd = await this.open();
    if (etcd === undefined) return undefined;
    try {
      return await question(etcd);
    } catch (error) {
      assert(error instanceof EtcdError, () => `a store client rejected with ${String(error)}`);
      failed?.(error);
      if (error.outcomeUnknown) this.leave();
      return undefined;
    }
  }
}

async function outcomeOf(etcd: EtcdClient, operation: KvOperation): Promise<KvOutcome> {
  try {
    return await performKvOperation(etcd, operation);
  } catch (error) {
    assert(error instanceof EtcdError, () => `a store client rejected with ${String(error)}`);
    return { type: error.outcomeUnknown ? 'unknown' : 'refused' };
  }
}

/** `count` of them: `client-1`, `client-2`, … */
export function actorsNamed(name: string, count: number, run: Actor['run']): readonly Actor[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${name}-${i + 1}`, run }));
}
