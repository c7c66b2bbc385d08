import type { LeaseId } from '../../src/etcd/client.ts';
import { prefixEnd } from '../../src/etcd/client.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { durationMillis, durationSchema, type Schema } from '../actions/action.ts';
import type { KvOperation, KvStep } from '../kv-history.ts';
import { LeaseHolder } from './leases.ts';
import { watchAgainAndAgain } from './watching.ts';
import {
  actorsNamed,
  clientSchema,
  Session,
  type ClientKind,
  type Workload,
  type WorkloadStage,
} from './workload.ts';

export type { StoreConnection } from './workload.ts';

/** What clients ask for; each but the first four is off unless its share is given. */
const mixDefault = {
  get: 5,
  put: 3,
  cas: 1,
  delete: 1,
  /** Transactions over two keys: reads and writes, on both branches. */
  txn: 0,
  /** Ranges over all keys, with limits and counts. */
  range: 0,
  /** Serializable reads. */
  stale: 0,
  /** Reads of revisions that are past. */
  past: 0,
  /** Puts with a lease that ends by itself, and takes all its keys with it. */
  lease: 0,
} as const;

type Kind = keyof typeof mixDefault;
type Mix = Readonly<Record<Kind, number>>;

/** Clients of the store: each has one call outstanding, on few keys, so that they meet. */
export interface KvWorkload {
  readonly clients: number;
  readonly keys: number;
  /** Hosts that watch all keys of the workload. Default none. */
  readonly watchers?: number;
  /** Weights of the operations. */
  readonly mix?: Partial<Mix>;
  /** Mean time between a return and the next call. Default 20 ms. */
  readonly pause?: string;
  readonly client?: ClientKind;
}

export const kvPrefix = '/kv/';
const all = { key: kvPrefix, rangeEnd: prefixEnd(kvPrefix) };
const pauseMillisDefault = 20;
const leaseSeconds = 2;
/** How far back a read of the past looks at most. */
const pastRevisionsMax = 50;

const count: Schema = { type: 'integer', minimum: 0 };

export const kvWorkload: Workload = {
  name: 'kv',
  schema: {
    type: 'object',
    properties: {
      clients: { type: 'integer', minimum: 1, maximum: 100 },
      keys: { type: 'integer', minimum: 1 },
      watchers: count,
      mix: {
        type: 'object',
        properties: Object.fromEntries(Object.keys(mixDefault).map((kind) => [kind, count])),
        required: [],
        additionalProperties: false,
      },
      pause: durationSchema,
      client: clientSchema,
    },
    required: ['clients', 'keys'],
    additionalProperties: false,
  },
  check: (value) => {
    const { mix } = value as KvWorkload;
    if (mix === undefined || Object.values(mixOf(mix)).some((share) => share > 0)) return undefined;
    return {
      at: ['mix'],
      problem: ' leaves nothing to do; give at least one of get, put, cas, delete a share',
    };
  },
  actors: (value) => {
    const workload = value as KvWorkload;
    return [
      ...actorsNamed('client', workload.clients, (platform, stage) => runClient(platform, workload, stage)),
      ...actorsNamed('watcher', workload.watchers ?? 0, (platform, stage) =>
        watchAgainAndAgain(platform, stage, workload.client ?? 'link', () => ({
          range: all,
          progressNotify: true,
        })),
      ),
    ];
  },
};

function mixOf(mix: Partial<Mix> = {}): Mix {
  return { ...mixDefault, ...mix };
}

/** What a client remembers of what it has seen. */
interface Memory {
  readonly values: Map<string, string | undefined>;
  newestRevision: number;
  lease: LeaseId | undefined;
}

async function runClient(platform: Platform, workload: KvWorkload, stage: WorkloadStage): Promise<void> {
  const { clock, random } = platform;
  const session = new Session(platform, stage, workload.client);
  const leases = new LeaseHolder(session, stage);
  const memory: Memory = { values: new Map(), newestRevision: 0, lease: undefined };
  const mix = mixOf(workload.mix);
  const pauseMillis = workload.pause === undefined ? pauseMillisDefault : durationMillis(workload.pause);
  while (!stage.stopped()) {
    await clock.sleep(random.float() * 2 * pauseMillis);
    if ((await session.open()) === undefined) continue;
    const key = `${kvPrefix}${random.integer(workload.keys)}`;
    const kind = draw(mix, platform);
    if (kind === 'lease') {
      memory.lease ??= await leases.grant(leaseSeconds);
      if (memory.lease === undefined) continue;
    }
    const operation = operationOf(kind, key, workload.keys, platform, memory, session);
    const outcome = await session.perform(operation);
    if (outcome === undefined) continue;
    if ('revision' in outcome) memory.newestRevision = Math.max(memory.newestRevision, outcome.revision);
    if (outcome.type === 'got' && kind === 'get') memory.values.set(key, outcome.value);
    // Its lease has ended: the next one.
    if (kind === 'lease' && outcome.type === 'refused') memory.lease = undefined;
  }
}

function draw(mix: Mix, { random }: Platform): Kind {
  const kinds = Object.entries(mix) as [Kind, number][];
  let left = random.integer(kinds.reduce((sum, [, share]) => sum + share, 0));
  for (const [kind, share] of kinds) if ((left -= share) < 0) return kind;
  return 'get';
}

function operationOf(
  kind: Kind,
  key: string,
  keys: number,
  { random }: Platform,
  memory: Memory,
  session: Session,
): KvOperation {
  switch (kind) {
    case 'get':
      return { type: 'get', key };
    case 'put':
      return { type: 'put', key, value: session.newValue() };
    case 'cas':
      return { type: 'cas', key, from: memory.values.get(key), to: session.newValue() };
    case 'delete':
      return { type: 'delete', key };
    case 'lease':
      return {
        type: 'put',
        key,
        value: session.newValue(),
        ...(memory.lease === undefined ? {} : { lease: memory.lease }),
      };
    case 'txn':
      return transaction(key, `${kvPrefix}${random.integer(keys)}`, memory, session);
    case 'range':
      return rangeOf(random.integer(4));
    case 'stale':
      return random.integer(2) === 0
        ? { type: 'get', key, serializable: true }
        : { ...rangeOf(0), serializable: true };
    case 'past': {
      const revision = Math.max(1, memory.newestRevision - random.integer(pastRevisionsMax));
      return { type: 'get', key, revision };
    }
  }
}

/** 0: everything, 1: a count, else a limit. */
function rangeOf(limit: number): KvOperation & { readonly type: 'range' } {
  if (limit === 0) return { type: 'range', ...all };
  return limit === 1
    ? { type: 'range', ...all, countOnly: true }
    : { type: 'range', ...all, limit: limit - 1 };
}

/** If `key` is as last seen, a value for both; else `key` goes, and the other is read. One key alone is never written twice. */
function transaction(key: string, other: string, memory: Memory, session: Session): KvOperation {
  const value = session.newValue();
  const second: readonly KvStep[] = other === key ? [] : [{ type: 'put', key: other, value: `${value}'` }];
  return {
    type: 'txn',
    compare: [{ key, value: memory.values.get(key) }],
    success: [{ type: 'get', key: other }, { type: 'put', key, value }, ...second],
    failure: [
      { type: 'delete', key },
      { type: 'get', key: other },
    ],
  };
}
