import type { Controller } from './controller.ts';
import { endpointSlice } from './endpointslice.ts';
import { garbageCollector } from './garbage-collector.ts';
import { namespace } from './namespace.ts';
import { nodeLifecycle } from './node-lifecycle.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { replication } from './replication.ts';
import { taintEviction } from './taint-eviction.ts';

/** Every controller that runs. A new one is a file and a line here. */
export const controllers: readonly Controller[] = [
  replication,
  endpointSlice,
  nodeLifecycle,
  taintEviction,
  podGarbageCollector,
  namespace,
  garbageCollector,
];
