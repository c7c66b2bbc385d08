import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import type { EtcdClient } from '../../src/etcd/client.ts';
import type { KvOperation, KvOutcome } from '../kv-history.ts';

/** Asks the store for one operation of a history. @throws EtcdError */
export async function performKvOperation(etcd: EtcdClient, operation: KvOperation): Promise<KvOutcome> {
  const { key } = operation;
  switch (operation.type) {
    case 'get': {
      const { kvs, header } = await etcd.range({ key });
      const [kv] = kvs;
      const value = kv === undefined ? undefined : decodeUtf8(kv.value);
      return { type: 'got', revision: header.revision, value, modRevision: kv?.modRevision ?? 0 };
    }
    case 'put': {
      const { header } = await etcd.put({ key, value: encodeUtf8(operation.value) });
      return { type: 'put', revision: header.revision };
    }
    case 'cas': {
      const { from, to } = operation;
      const { header, succeeded } = await etcd.txn({
        compare: [
          from === undefined
            ? { key, target: 'version', result: 'equal', version: 0 }
            : { key, target: 'value', result: 'equal', value: encodeUtf8(from) },
        ],
        success: [{ type: 'put', request: { key, value: encodeUtf8(to) } }],
        failure: [],
      });
      return { type: 'cas', revision: header.revision, succeeded };
    }
    case 'delete': {
      const { header, deleted } = await etcd.deleteRange({ key });
      return { type: 'deleted', revision: header.revision, count: deleted };
    }
  }
}
