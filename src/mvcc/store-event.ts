import { putVarint, varintBytes } from '../base/protobuf.ts';
import { Slab } from '../base/slab.ts';
import { decodeKeyValue, encodeKeyValue } from './key-value-codec.ts';
import type { Event, KeyValue } from './types.ts';

const slab = new Slab();
const typeTag = 1 * 8;
const kvTag = 2 * 8 + 2;
const prevKvTag = 3 * 8 + 2;

/**
 * A change as its watchers get it. One object for all of them: whichever form somebody needs, decoded or as etcd's
 * mvccpb.Event message, is made once.
 */
export class StoreEvent implements Event {
  readonly type: 'put' | 'delete';
  readonly prevKv?: KeyValue;
  readonly #main: number;
  readonly #record: Uint8Array;
  #kv: KeyValue | undefined;
  #encoded: Uint8Array | undefined;

  constructor(main: number, record: Uint8Array, tombstone: boolean, prevKv?: KeyValue) {
    this.type = tombstone ? 'delete' : 'put';
    if (prevKv !== undefined) this.prevKv = prevKv;
    this.#main = main;
    this.#record = record;
  }

  get modRevision(): number {
    return this.#main;
  }

  get kv(): KeyValue {
    this.#kv ??= decodeKeyValue(this.#record, this.#main);
    return this.#kv;
  }

  withPrevKv(prevKv: KeyValue): StoreEvent {
    return new StoreEvent(this.#main, this.#record, this.type === 'delete', prevKv);
  }

  /** The mvccpb.Event message. Not to be changed. */
  get encoded(): Uint8Array {
    this.#encoded ??= this.#encode();
    return this.#encoded;
  }

  #encode(): Uint8Array {
    const deleted = this.type === 'delete';
    const kv = deleted ? encodeKeyValue(this.kv) : this.#record;
    const prevKv = this.prevKv === undefined ? undefined : encodeKeyValue(this.prevKv);
    const bytes = slab.take(
      (deleted ? 2 : 0) +
        1 +
        varintBytes(kv.length) +
        kv.length +
        (prevKv === undefined ? 0 : 1 + varintBytes(prevKv.length) + prevKv.length),
    );
    let at = 0;
    if (deleted) {
      bytes[at++] = typeTag;
      bytes[at++] = 1;
    }
    at = putMessage(bytes, at, kvTag, kv);
    if (prevKv !== undefined) putMessage(bytes, at, prevKvTag, prevKv);
    return bytes;
  }
}

function putMessage(bytes: Uint8Array, start: number, tag: number, message: Uint8Array): number {
  bytes[start] = tag;
  const at = putVarint(bytes, start + 1, message.length);
  bytes.set(message, at);
  return at + message.length;
}
