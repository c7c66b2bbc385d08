import { assert } from '../../src/base/assert.ts';
import { prefixEnd, type EtcdClient } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { KvOperation, KvOutcome } from '../kv-history.ts';
import type { ObservationBus } from '../observations.ts';
import { performKvOperation } from './kv-operation.ts';

/** Clients of the store: each has one call outstanding, on few keys, so that they meet. */
export interface KvWorkload {
  readonly clients: number;
  readonly keys: number;
  /** Hosts that watch all keys of the workload. */
  readonly watchers: number;
  /** Weights of the operations. */
  readonly mix: Readonly<Record<'get' | 'put' | 'cas' | 'delete', number>>;
  /** Mean time between a return and the next call. */
  readonly pauseMillis: number;
}

export const kvPrefix = '/kv/';

export type StoreConnection = EtcdClient & { readonly closed: Promise<string> };

/** Connects to one member of the store: another one when called again after a failure. */
export type ConnectStore = () => Promise<StoreConnection>;

export interface KvRun {
  readonly bus: ObservationBus;
  readonly connect: ConnectStore;
  /** Asked before each call. */
  readonly stopped: () => boolean;
}

const reconnectMillis = 100;

/** One client's life. Its name in the history changes after an unknown outcome: that call may still be under way. */
export async function runKvClient(platform: Platform, workload: KvWorkload, run: KvRun): Promise<void> {
  const { clock, random, hostname } = platform;
  const { bus } = run;
  const seen = new Map<string, string | undefined>();
  let life = 0;
  let values = 0;
  let etcd: EtcdClient | undefined;
  while (!run.stopped()) {
    await clock.sleep(random.float() * 2 * workload.pauseMillis);
    try {
      etcd ??= await run.connect();
    } catch (error) {
      assert(error instanceof NetworkError, () => `connecting failed oddly: ${String(error)}`);
      await clock.sleep(reconnectMillis);
      continue;
    }
    const client = `${hostname}.${life}`;
    const key = `${kvPrefix}${random.integer(workload.keys)}`;
    const operation = nextOperation(workload, platform, key, seen.get(key), () => `${hostname}-${++values}`);
    bus.emit({ type: 'client-call', client, operation });
    const outcome = await perform(etcd, operation);
    bus.emit({ type: 'client-return', client, outcome });
    if (outcome.type === 'got') seen.set(key, outcome.value);
    if (outcome.type === 'unknown') life++;
    if (outcome.type === 'unknown' || outcome.type === 'refused') etcd = undefined;
  }
}

/** Watches all keys of the workload, and goes on with another member where a watch ends. */
export async function runKvWatcher(platform: Platform, run: KvRun): Promise<void> {
  const { clock, hostname } = platform;
  const range = { key: kvPrefix, rangeEnd: prefixEnd(kvPrefix) };
  let lastRevision: number | undefined;
  for (let life = 0; !run.stopped(); life++) {
    const watch = `${hostname}.${life}`;
    let etcd: Awaited<ReturnType<ConnectStore>>;
    try {
      etcd = await run.connect();
    } catch (error) {
      assert(error instanceof NetworkError, () => `connecting failed oddly: ${String(error)}`);
      await clock.sleep(reconnectMillis);
      continue;
    }
    await new Promise<void>((resolve) => {
      let started = false;
      const startRevision = lastRevision === undefined ? 0 : lastRevision + 1;
      etcd.watch(
        { ...range, startRevision, progressNotify: true },
        {
          created: (revision) => {
            started = true;
            lastRevision ??= revision;
            run.bus.emit({ type: 'watch-started', watch, range, afterRevision: lastRevision });
          },
          events: (events, revision) => {
            run.bus.emit({ type: 'watch-events', watch, events, revision });
            lastRevision = revision;
          },
          progress: (revision) => {
            run.bus.emit({ type: 'watch-progress', watch, revision });
            lastRevision = Math.max(lastRevision ?? 0, revision);
          },
          closed: ({ compactRevision }) => {
            if (started) run.bus.emit({ type: 'watch-ended', watch });
            // As etcd's clients do: what was compacted is read again, here simply skipped.
            if (compactRevision !== undefined) lastRevision = compactRevision - 1;
            resolve();
          },
        },
      );
    });
    await clock.sleep(reconnectMillis);
  }
}

function nextOperation(
  { mix }: KvWorkload,
  { random }: Platform,
  key: string,
  lastSeen: string | undefined,
  newValue: () => string,
): KvOperation {
  let draw = random.integer(mix.get + mix.put + mix.cas + mix.delete);
  if ((draw -= mix.get) < 0) return { type: 'get', key };
  if ((draw -= mix.put) < 0) return { type: 'put', key, value: newValue() };
  if ((draw -= mix.cas) < 0) return { type: 'cas', key, from: lastSeen, to: newValue() };
  return { type: 'delete', key };
}

async function perform(etcd: EtcdClient, operation: KvOperation): Promise<KvOutcome> {
  try {
    return await performKvOperation(etcd, operation);
  } catch (error) {
    assert(error instanceof EtcdError, () => `a store client rejected with ${String(error)}`);
    return { type: error.outcomeUnknown ? 'unknown' : 'refused' };
  }
}
