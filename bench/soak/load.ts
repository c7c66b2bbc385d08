import { encodeUtf8, decodeUtf8 } from '../../src/base/bytes.ts';
import type { EtcdClient, Event, KeyValue, LeaseId } from '../../src/etcd/client.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import type { RandomStream } from '../../sim/random-streams.ts';
import type { Change, Effect, History, Outcome } from './history.ts';

/** Everything that a soak writes. */
export const prefix = 'soak/';
/** Few, so that writers meet. Keys with a lease are another worker's each: a lone delete there would look like a lease's end. */
const sharedKeys = 16;
const keysPerLease = 3;
/** Of a value beyond its name: mostly little; now and then enough to fill segments of the log and pages of the backend. */
const paddingChars = { usual: 200, large: 40_000, largeChance: 0.01 };
/** After a refusal or a loss: nobody calls a dead cluster in a tight loop. */
const restMillis = 5;
const leaseNotFound = 'etcdserver: requested lease not found';

export const leaseTtlSeconds = 2;

/** What a client is told of a key, as the judge reads it: of a value its name only. */
export function changeOf({ type, kv }: Event): Change {
  const { key, value, lease, modRevision, createRevision, version } = kv;
  return { type, key, value: nameOf(value), lease, modRevision, createRevision, version };
}

export function heldChange(kv: KeyValue): Change {
  return changeOf({ type: 'put', kv });
}

function nameOf(value: Uint8Array): string {
  const text = decodeUtf8(value);
  const at = text.indexOf(' ');
  return at < 0 ? text : text.slice(0, at);
}

/** One client that calls and waits, again and again, until it is paused. It tells the judge what it asks for and what it is told. */
export class Worker {
  readonly #name: string;
  readonly #etcd: EtcdClient;
  readonly #history: History;
  readonly #random: RandomStream;
  /** Where it saw a key changed last. */
  readonly #seen = new Map<string, number>();
  #values = 0;
  #lease: LeaseId | undefined;
  #running = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(name: string, etcd: EtcdClient, history: History, random: RandomStream) {
    this.#name = name;
    this.#etcd = etcd;
    this.#history = history;
    this.#random = random;
  }

  /** `onViolation` hears at once what no answer may say. */
  run(onViolation: (error: unknown) => void): void {
    this.#running = true;
    this.#idle = this.#work().catch(onViolation);
  }

  /** Resolves when its last call has ended. */
  async pause(): Promise<void> {
    this.#running = false;
    await this.#idle;
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const draw = this.#random.integer(100);
      const key = `${prefix}${this.#random.integer(sharedKeys).toString(16)}`;
      const told =
        draw < 45
          ? await this.#put(key)
          : draw < 55
            ? await this.#delete(key)
            : draw < 75
              ? await this.#compareAndPut(key)
              : draw < 88
                ? await this.#get(key)
                : await this.#useLease();
      if (!told) await sleep(restMillis);
    }
  }

  #value(): { readonly name: string; readonly bytes: Uint8Array } {
    const name = `${this.#name}-${++this.#values}`;
    const { usual, large, largeChance } = paddingChars;
    const length = this.#random.integer(this.#random.chance(largeChance) ? large : usual);
    return { name, bytes: encodeUtf8(`${name} ${'.'.repeat(length)}`) };
  }

  async #put(key: string, lease = 0n as LeaseId): Promise<boolean> {
    const { name, bytes } = this.#value();
    const effect: Effect = { type: 'put', key, value: name, lease };
    return this.#call([effect], undefined, async () => {
      const { header } = await this.#etcd.put({ key, value: bytes, lease });
      if (lease !== 0n) this.#history.leaseAlive(lease);
      this.#seen.set(key, header.revision);
      return { type: 'written', revision: header.revision, succeeded: true };
    });
  }

  async #delete(key: string): Promise<boolean> {
    return this.#call([{ type: 'delete', key }], undefined, async () => {
      const { header, deleted } = await this.#etcd.deleteRange({ key });
      this.#seen.set(key, 0);
      return { type: 'written', revision: header.revision, succeeded: deleted > 0 };
    });
  }

  /** If the key is as this client saw it last: puts it, and another one, or deletes that. Otherwise looks. */
  async #compareAndPut(key: string): Promise<boolean> {
    const { name, bytes } = this.#value();
    const other = `${prefix}${this.#random.integer(sharedKeys).toString(16)}`;
    const modRevision = this.#seen.get(key) ?? 0;
    const put: Effect = { type: 'put', key, value: name, lease: 0n };
    const second = this.#value();
    const also: Effect | undefined =
      other === key
        ? undefined
        : this.#random.chance(0.3)
          ? { type: 'delete', key: other }
          : { type: 'put', key: other, value: second.name, lease: 0n };
    return this.#call(also === undefined ? [put] : [put, also], { key, modRevision }, async () => {
      const { header, succeeded, responses } = await this.#etcd.txn({
        compare: [{ key, target: 'mod', result: 'equal', modRevision }],
        success: [
          { type: 'put', request: { key, value: bytes } },
          ...(also === undefined
            ? []
            : also.type === 'delete'
              ? [{ type: 'delete-range', request: { key: other } } as const]
              : [{ type: 'put', request: { key: other, value: second.bytes } } as const]),
        ],
        failure: [{ type: 'range', request: { key } }],
      });
      const [found] = responses;
      const held = found?.type === 'range' ? found.response.kvs[0]?.modRevision : header.revision;
      this.#seen.set(key, held ?? 0);
      return { type: 'written', revision: header.revision, succeeded };
    });
  }

  async #get(key: string): Promise<boolean> {
    return this.#call([], undefined, async () => {
      const { header, kvs } = await this.#etcd.range({ key });
      const [kv] = kvs;
      this.#seen.set(key, kv?.modRevision ?? 0);
      const read = { type: 'read', revision: header.revision, key } as const;
      return kv === undefined ? read : { ...read, value: nameOf(kv.value) };
    });
  }

  async #useLease(): Promise<boolean> {
    const history = this.#history;
    const begunMillis = performance.now();
    const lease = this.#lease;
    try {
      if (lease === undefined) {
        const { id, ttlSeconds } = await this.#etcd.leaseGrant(leaseTtlSeconds);
        history.promise(id, begunMillis + ttlSeconds * 1000);
        this.#lease = id;
        return true;
      }
      const draw = this.#random.integer(10);
      if (draw < 6) {
        return await this.#put(`${prefix}${this.#name}/${this.#random.integer(keysPerLease)}`, lease);
      }
      if (draw < 8) {
        const ttlSeconds = await this.#etcd.leaseKeepAlive(lease);
        if (ttlSeconds > 0) {
          history.leaseAlive(lease);
          history.promise(lease, begunMillis + ttlSeconds * 1000);
        } else this.#leaseIsGone(lease);
        return true;
      }
      if (draw === 8) {
        history.revoking(lease);
        await this.#etcd.leaseRevoke(lease);
        history.revoked(lease);
        // Kept for a call or two more: it must be gone for them.
        return true;
      }
      // Forgotten: it ends by itself.
      this.#lease = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.message === leaseNotFound && lease !== undefined) this.#leaseIsGone(lease);
      return false;
    }
  }

  #leaseIsGone(lease: LeaseId): void {
    this.#lease = undefined;
    this.#history.leaseMissing(lease, performance.now());
  }

  /** Whether there was an answer. */
  async #call(
    effects: readonly Effect[],
    compare: { readonly key: string; readonly modRevision: number } | undefined,
    ask: () => Promise<Outcome>,
  ): Promise<boolean> {
    const end = this.#history.begin(compare === undefined ? { effects } : { effects, compare });
    try {
      end(await ask());
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      // A client that was closed, or that gave up after it had sent, cannot know either.
      end({ type: error.outcomeUnknown || error.code === 'canceled' ? 'unknown' : 'refused' });
      if (error.message === leaseNotFound && this.#lease !== undefined) this.#leaseIsGone(this.#lease);
      return false;
    }
  }
}

export function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
