import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { Compare, EtcdClient, KeyValue, LeaseId, RequestOp, ResponseOp } from '../../src/etcd/client.ts';
import type {
  KvCompare,
  KvFound,
  KvOperation,
  KvOutcome,
  KvPair,
  KvReadOptions,
  KvStep,
  KvStepResult,
} from '../kv-history.ts';

/** Asks the store for one operation of a history. @throws EtcdError */
export async function performKvOperation(etcd: EtcdClient, operation: KvOperation): Promise<KvOutcome> {
  switch (operation.type) {
    case 'get': {
      const { kvs, header } = await etcd.range({ key: operation.key, ...readOptions(operation) });
      return { type: 'got', revision: header.revision, ...foundOf(kvs[0]) };
    }
    case 'range': {
      const { key, rangeEnd, limit, countOnly } = operation;
      const { kvs, count, more, header } = await etcd.range({
        key,
        rangeEnd,
        ...readOptions(operation),
        ...(limit === undefined ? {} : { limit }),
        ...(countOnly === undefined ? {} : { countOnly }),
      });
      return { type: 'ranged', revision: header.revision, pairs: kvs.map(pairOf), count, more };
    }
    case 'put': {
      const { key, value, lease } = operation;
      const { header } = await etcd.put({
        key,
        value: encodeUtf8(value),
        ...(lease === undefined ? {} : { lease: lease as LeaseId }),
      });
      return { type: 'put', revision: header.revision };
    }
    case 'cas': {
      const { key, from, to } = operation;
      const { header, succeeded } = await etcd.txn({
        compare: [compareOf({ key, value: from })],
        success: [{ type: 'put', request: { key, value: encodeUtf8(to) } }],
        failure: [],
      });
      return { type: 'cas', revision: header.revision, succeeded };
    }
    case 'delete': {
      const { header, deleted } = await etcd.deleteRange({ key: operation.key });
      return { type: 'deleted', revision: header.revision, count: deleted };
    }
    case 'txn': {
      const { header, succeeded, responses } = await etcd.txn({
        compare: operation.compare.map(compareOf),
        success: operation.success.map(stepOf),
        failure: operation.failure.map(stepOf),
      });
      return { type: 'txn', revision: header.revision, succeeded, results: responses.map(resultOf) };
    }
  }
}

function readOptions({ serializable, revision }: KvReadOptions): KvReadOptions {
  return {
    ...(serializable === undefined ? {} : { serializable }),
    ...(revision === undefined ? {} : { revision }),
  };
}

function foundOf(kv: KeyValue | undefined): KvFound {
  return kv === undefined
    ? { value: undefined, modRevision: 0 }
    : { value: decodeUtf8(kv.value), modRevision: kv.modRevision };
}

function pairOf({ key, value, modRevision }: KeyValue): KvPair {
  return { key, value: decodeUtf8(value), modRevision };
}

function compareOf({ key, value }: KvCompare): Compare {
  return value === undefined
    ? { key, target: 'version', result: 'equal', version: 0 }
    : { key, target: 'value', result: 'equal', value: encodeUtf8(value) };
}

function stepOf(step: KvStep): RequestOp {
  const { key } = step;
  switch (step.type) {
    case 'get':
      return { type: 'range', request: { key } };
    case 'put':
      return { type: 'put', request: { key, value: encodeUtf8(step.value) } };
    case 'delete':
      return { type: 'delete-range', request: { key } };
  }
}

function resultOf(op: ResponseOp): KvStepResult {
  switch (op.type) {
    case 'range':
      return { type: 'got', ...foundOf(op.response.kvs[0]) };
    case 'delete-range':
      return { type: 'deleted', count: op.response.deleted };
    default:
      return { type: 'put' };
  }
}
