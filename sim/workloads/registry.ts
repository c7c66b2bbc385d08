import type { Schema } from '../actions/action.ts';
import { authWorkload, type AuthWorkload } from './auth-workload.ts';
import { compactWorkload, type CompactWorkload } from './compact-workload.ts';
import { kvWorkload, type KvWorkload } from './kv-workload.ts';
import { leaseWorkload, type LeaseWorkload } from './lease-workload.ts';
import { lockWorkload, type LockWorkload } from './lock-workload.ts';
import { membershipWorkload, type MembershipWorkload } from './membership-workload.ts';
import { snapshotWorkload, type SnapshotWorkload } from './snapshot-workload.ts';
import { watchWorkload, type WatchWorkload } from './watch-workload.ts';
import type { Workload } from './workload.ts';

/** A scenario's `workload`, as its file has it. */
export interface Workloads {
  readonly kv?: KvWorkload;
  readonly watch?: WatchWorkload;
  readonly lease?: LeaseWorkload;
  readonly lock?: LockWorkload;
  readonly compact?: CompactWorkload;
  readonly auth?: AuthWorkload;
  readonly snapshot?: SnapshotWorkload;
  readonly membership?: MembershipWorkload;
}

/** What people do with the store, in the order in which they wake up. */
export const workloads: readonly Workload[] = [
  kvWorkload,
  watchWorkload,
  leaseWorkload,
  lockWorkload,
  compactWorkload,
  authWorkload,
  snapshotWorkload,
  membershipWorkload,
];

/** Of `workload` in a scenario. */
export const workloadsSchema: Schema = {
  type: 'object',
  properties: Object.fromEntries(workloads.map(({ name, schema }) => [name, schema])),
  required: [],
  additionalProperties: false,
};

/** What is wrong with values that the schema accepts: the place below `workload`, and the end of a sentence. */
export function workloadProblems(
  chosen: Workloads,
): readonly { readonly at: readonly string[]; readonly problem: string }[] {
  return workloads.flatMap(({ name, check }) => {
    const value = chosen[name as keyof Workloads];
    const found = value === undefined ? undefined : check?.(value);
    return found === undefined ? [] : [{ at: [name, ...found.at], problem: found.problem }];
  });
}

/** Whether anybody needs members that serve gRPC. */
export function needsGrpc(chosen: Workloads): boolean {
  const { auth, snapshot, membership, compact, ...others } = chosen;
  if (auth !== undefined || snapshot !== undefined || membership !== undefined) return true;
  if (compact?.defragment === true) return true;
  return Object.values(others).some((one: { readonly client?: string }) => one.client === 'grpc');
}
