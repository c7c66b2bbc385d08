import { encodeUtf8 } from '../../src/base/bytes.ts';
import { prefixEnd, type LeaseId } from '../../src/etcd/client.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { guardedPrefix, lockPrefix } from '../checkers/mutual-exclusion.ts';
import { LeaseHolder } from './leases.ts';
import {
  actorsNamed,
  clientSchema,
  Session,
  type ClientKind,
  type Workload,
  type WorkloadStage,
} from './workload.ts';

/**
 * People who lock and write what the lock guards, by the recipe of etcd's own clients (client/v3/concurrency): a key with a
 * lease below the lock's name; whose key was created first holds it. An election is the same with a longer turn. What is
 * guarded is written by transactions that want the own key to stand: the fence.
 */
export interface LockWorkload {
  readonly holders: number;
  /** Locks that there are. Default 1. */
  readonly locks?: number;
  readonly client?: ClientKind;
}

const ttlSeconds = 2;
const pollMillis = 100;
const waitMillisMax = 8000;
const writesPerTurnMax = 4;

export const lockWorkload: Workload = {
  name: 'lock',
  schema: {
    type: 'object',
    properties: {
      holders: { type: 'integer', minimum: 1, maximum: 100 },
      locks: { type: 'integer', minimum: 1 },
      client: clientSchema,
    },
    required: ['holders'],
    additionalProperties: false,
  },
  actors: (value) => {
    const workload = value as LockWorkload;
    return actorsNamed('locker', workload.holders, (platform, stage) => takeTurns(platform, stage, workload));
  },
};

async function takeTurns(
  platform: Platform,
  stage: WorkloadStage,
  { locks = 1, client }: LockWorkload,
): Promise<void> {
  const { clock, random } = platform;
  const session = new Session(platform, stage, client);
  const leases = new LeaseHolder(session, stage);
  for (let turn = 0; !stage.stopped(); turn++) {
    await clock.sleep(random.float() * 300);
    const name = `${lockPrefix}${random.integer(locks)}/`;
    const lease = await leases.grant(ttlSeconds);
    if (lease === undefined) continue;
    await takeTurn(platform, stage, session, leases, { name, lease, turn });
    // The lease ends, and with it the key, whatever came of it.
    await leases.revoke(lease);
    session.leave();
  }
}

async function takeTurn(
  platform: Platform,
  stage: WorkloadStage,
  session: Session,
  leases: LeaseHolder,
  { name, lease, turn }: { readonly name: string; readonly lease: LeaseId; readonly turn: number },
): Promise<void> {
  const { clock, random, hostname } = platform;
  const { bus } = stage;
  const key = `${name}${hostname}.${turn}`;
  const holder = `${hostname}.${turn}`;
  const created = await session.ask((etcd) =>
    etcd.txn({
      compare: [{ key, target: 'create', result: 'equal', createRevision: 0 }],
      success: [{ type: 'put', request: { key, value: encodeUtf8(holder), lease } }],
      failure: [],
    }),
  );
  if (created === undefined || !created.succeeded) return;
  const fence = created.header.revision;
  if (!(await awaitTurn(platform, session, leases, name, fence, lease))) return;
  bus.emit({ type: 'lock-acquired', lock: name, holder, key, fence });
  const guarded = `${guardedPrefix}${name.slice(lockPrefix.length, -1)}`;
  const writes = 1 + random.integer(writesPerTurnMax);
  for (let i = 0; i < writes; i++) {
    const value = encodeUtf8(`${fence} ${session.newValue()}`);
    const written = await session.ask((etcd) =>
      etcd.txn({
        compare: [{ key, target: 'create', result: 'equal', createRevision: fence }],
        success: [{ type: 'put', request: { key: guarded, value } }],
        failure: [],
      }),
    );
    if (written !== undefined && !written.succeeded) break;
    await clock.sleep(random.float() * 200);
  }
  bus.emit({ type: 'lock-released', lock: name, holder });
  await session.ask((etcd) => etcd.deleteRange({ key }));
}

/** Until no key that was created before ours stands. False: given up, or the lease has ended. */
async function awaitTurn(
  { clock }: Platform,
  session: Session,
  leases: LeaseHolder,
  name: string,
  fence: number,
  lease: LeaseId,
): Promise<boolean> {
  const deadline = clock.monotonicMillis() + waitMillisMax;
  for (let look = 0; clock.monotonicMillis() < deadline; look++) {
    const before = await session.ask((etcd) =>
      etcd.range({ key: name, rangeEnd: prefixEnd(name), maxCreateRevision: fence }),
    );
    if (before !== undefined) {
      if (!before.kvs.some(({ createRevision }) => createRevision === fence)) return false;
      if (before.kvs.length === 1) return true;
    }
    if (look % 5 === 4 && (await leases.keepAlive(lease)) === 0) return false;
    await clock.sleep(pollMillis);
  }
  return false;
}
