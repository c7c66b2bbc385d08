import { election, lock } from './concurrency.ts';
import { health } from './health.ts';
import type { ServiceType } from './message.ts';
import { reflectionV1, reflectionV1Alpha } from './reflection.ts';
import { auth, cluster, kv, lease, maintenance, watch } from './rpc.ts';

/** All that a member serves over gRPC. */
export const services: readonly ServiceType[] = [
  kv,
  watch,
  lease,
  cluster,
  maintenance,
  auth,
  lock,
  election,
  health,
  reflectionV1.service,
  reflectionV1Alpha.service,
];
