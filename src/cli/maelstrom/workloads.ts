import { decodeUtf8, encodeUtf8 } from '../../base/bytes.ts';
import type { EtcdClient } from '../../etcd/client.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { type Body, errorCodes, MaelstromError } from './node.ts';

/** A key or value of Maelstrom: any JSON. */
type Json = unknown;

/** One operation of a transaction: read, append to a list, or write. */
type Operation = readonly ['r' | 'append' | 'w', Json, Json];

/** A transaction that finds its keys changed each time is given up after so many attempts. */
const attemptsMax = 20;

/**
 * Answers Maelstrom's workloads with the store: lin-kv (`read`, `write`, `cas`), txn-list-append and txn-rw-register (`txn`).
 *
 * @returns the answer's body; undefined for a message of another type
 * @throws MaelstromError, whose code says whether something may have happened
 */
export async function answer(etcd: EtcdClient, body: Body): Promise<Body | undefined> {
  try {
    switch (body.type) {
      case 'read':
        return { type: 'read_ok', value: await read(etcd, body['key']) };
      case 'write':
        await etcd.put({ key: nameOf(body['key']), value: encode(body['value']) });
        return { type: 'write_ok' };
      case 'cas':
        await compareAndSet(etcd, body['key'], body['from'], body['to']);
        return { type: 'cas_ok' };
      case 'txn':
        return { type: 'txn_ok', txn: await transact(etcd, body['txn'] as readonly Operation[]) };
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    const code = error.outcomeUnknown ? errorCodes.crash : errorCodes.temporarilyUnavailable;
    throw new MaelstromError(code, error.message);
  }
}

async function read(etcd: EtcdClient, key: Json): Promise<Json> {
  const { kvs } = await etcd.range({ key: nameOf(key) });
  const [kv] = kvs;
  if (kv === undefined) throw absent(key);
  return decode(kv.value);
}

async function compareAndSet(etcd: EtcdClient, key: Json, from: Json, to: Json): Promise<void> {
  const name = nameOf(key);
  const { succeeded, responses } = await etcd.txn({
    compare: [{ key: name, target: 'value', result: 'equal', value: encode(from) }],
    success: [{ type: 'put', request: { key: name, value: encode(to) } }],
    failure: [{ type: 'range', request: { key: name } }],
  });
  if (succeeded) return;
  const [found] = responses;
  const kv = found?.type === 'range' ? found.response.kvs[0] : undefined;
  if (kv === undefined) throw absent(key);
  throw new MaelstromError(
    errorCodes.preconditionFailed,
    `${name} is ${decodeUtf8(kv.value)}, not ${JSON.stringify(from)}`,
  );
}

/** Reads a snapshot of all keys, works on it, and writes if nothing has changed since. */
async function transact(etcd: EtcdClient, operations: readonly Operation[]): Promise<readonly Operation[]> {
  const names = [...new Set(operations.map(([, key]) => nameOf(key)))];
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { responses } = await etcd.txn({
      compare: [],
      success: names.map((key) => ({ type: 'range', request: { key } })),
      failure: [],
    });
    const values = new Map<string, Json>();
    const compare = names.map((key, i) => {
      const found = responses[i];
      const kv = found?.type === 'range' ? found.response.kvs[0] : undefined;
      values.set(key, kv === undefined ? null : decode(kv.value));
      return { key, target: 'mod', result: 'equal', modRevision: kv?.modRevision ?? 0 } as const;
    });
    const written = new Set<string>();
    const done = operations.map(([type, key, argument]): Operation => {
      const name = nameOf(key);
      const value = values.get(name);
      if (type === 'r') return [type, key, value];
      values.set(name, type === 'append' ? [...((value ?? []) as readonly Json[]), argument] : argument);
      written.add(name);
      return [type, key, argument];
    });
    // All reads come from one revision: nothing needs to be written to prove it.
    if (written.size === 0) return done;
    const { succeeded } = await etcd.txn({
      compare,
      success: [...written].map((key) => ({
        type: 'put',
        request: { key, value: encode(values.get(key)) },
      })),
      failure: [],
    });
    if (succeeded) return done;
  }
  throw new MaelstromError(errorCodes.txnConflict, `its keys changed ${attemptsMax} times while it was made`);
}

function absent(key: Json): MaelstromError {
  return new MaelstromError(errorCodes.keyDoesNotExist, `there is no key ${JSON.stringify(key)}`);
}

function nameOf(key: Json): string {
  return `maelstrom/${JSON.stringify(key)}`;
}

function encode(value: Json): Uint8Array {
  return encodeUtf8(JSON.stringify(value));
}

function decode(value: Uint8Array): Json {
  return JSON.parse(decodeUtf8(value));
}
