import type { EtcdClient } from '../../src/etcd/client.ts';
import type { StoreConnection } from '../../sim/workloads/workload.ts';

/** `etcd` with some methods replaced. */
export function changed(etcd: StoreConnection, changes: Partial<EtcdClient>): StoreConnection {
  return {
    range: (request) => etcd.range(request),
    put: (request) => etcd.put(request),
    deleteRange: (request) => etcd.deleteRange(request),
    txn: (request) => etcd.txn(request),
    compact: (request) => etcd.compact(request),
    leaseGrant: (ttlSeconds, id) => etcd.leaseGrant(ttlSeconds, id),
    leaseRevoke: (id) => etcd.leaseRevoke(id),
    leaseKeepAlive: (id) => etcd.leaseKeepAlive(id),
    watch: (request, events) => etcd.watch(request, events),
    status: () => etcd.status(),
    closed: etcd.closed,
    ...(etcd.node === undefined ? {} : { node: etcd.node }),
    close: () => etcd.close?.(),
    ...changes,
  };
}

/** Every tenth put is answered like the one before, and not sent. */
export function losePuts(etcd: StoreConnection): StoreConnection {
  let puts = 0;
  let last: Awaited<ReturnType<EtcdClient['put']>> | undefined;
  return changed(etcd, {
    put: async (request) =>
      ++puts % 10 === 0 && last !== undefined ? last : (last = await etcd.put(request)),
  });
}

/** Every tenth read of a key is answered like an earlier one. */
export function repeatReads(etcd: StoreConnection): StoreConnection {
  let reads = 0;
  const first = new Map<string, Awaited<ReturnType<EtcdClient['range']>>>();
  return changed(etcd, {
    range: async (request) => {
      const known = first.get(request.key);
      if (known !== undefined && ++reads % 10 === 0) return known;
      const response = await etcd.range(request);
      first.set(request.key, known ?? response);
      return response;
    },
  });
}

/** The twentieth delivery is swallowed. */
export function skipEvents(etcd: StoreConnection): StoreConnection {
  let deliveries = 0;
  return changed(etcd, {
    watch: (request, receiver) =>
      etcd.watch(request, {
        ...receiver,
        events: (events, revision) => {
          if (++deliveries !== 20) receiver.events(events, revision);
        },
      }),
  });
}
