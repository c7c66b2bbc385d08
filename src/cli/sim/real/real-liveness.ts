import { drawCore } from '../../../../sim/liveness.ts';
import { encodeUtf8 } from '../../../base/bytes.ts';
import { GrpcError, grpcCode } from '../../../grpc/status.ts';
import type { MemberProcess } from './member-process.ts';
import type { RealGround } from './real-ground.ts';

const key = encodeUtf8('/liveness');
const value = encodeUtf8('progress');
const retryMillis = 100;
const writeMillisMax = 1000;
const hashMillisMax = 2000;

/** A random majority heals, with the ways between them and to everyone who is no member (sim/liveness.ts). */
export function healCore(ground: RealGround): readonly MemberProcess[] {
  const { members, hosts } = ground;
  const core = drawCore(ground.random.stream('liveness'), members, Math.floor(members.length / 2) + 1);
  const well = [...core, ...hosts.filter((host) => !members.some((member) => member === host))];
  for (const host of core) {
    for (const other of well) if (other !== host) ground.heal(host, other);
    host.start();
  }
  return core;
}

export function healEveryone(ground: RealGround): void {
  ground.healAll();
  for (const member of ground.members) member.start();
}

/** What the core fails to do; undefined when it has made progress within the bound. */
export async function awaitProgress(
  ground: RealGround,
  core: readonly MemberProcess[],
  withinMillis: number,
): Promise<string | undefined> {
  const deadline = performance.now() + withinMillis;
  const names = core.map(({ name }) => name).join(', ');
  while (!(await someoneWrites(core))) {
    if (performance.now() > deadline) {
      return `${names} are healthy and connected, but acknowledge no write in ${withinMillis} ms`;
    }
    await sleep(retryMillis);
  }
  await ground.look();
  const applied = Math.max(0, ...core.map((member) => ground.statusOf(member)?.applied ?? 0));
  for (const member of core) {
    for (;;) {
      await ground.look();
      const leader = ground.leader();
      // A leader outside of the core may be cut off from one inside: nobody must bring that one up to date.
      if (leader !== undefined && !core.includes(leader)) return undefined;
      if ((ground.statusOf(member)?.applied ?? 0) >= applied) break;
      if (performance.now() > deadline) {
        return `${member.name} is healthy, but does not reach index ${applied} in ${withinMillis} ms`;
      }
      await sleep(retryMillis);
    }
  }
  return undefined;
}

/** How the members differ after so long; undefined as soon as they do not. */
export async function awaitConverged(ground: RealGround, withinMillis: number): Promise<string | undefined> {
  const deadline = performance.now() + withinMillis;
  for (;;) {
    const difference = await differenceOf(ground);
    if (difference === undefined || performance.now() > deadline) return difference;
    await sleep(retryMillis);
  }
}

async function differenceOf(ground: RealGround): Promise<string | undefined> {
  await ground.look();
  let first: { readonly name: string; readonly applied: number; readonly state: string } | undefined;
  for (const member of ground.members) {
    const { name } = member;
    const status = ground.statusOf(member);
    if (status === undefined) return `${name} is not up again`;
    const { applied, revision } = status;
    if (first !== undefined && applied !== first.applied) {
      return `${name} has applied ${applied} entries, ${first.name} ${first.applied}`;
    }
    let state: string;
    try {
      const { hash, compactRevision } = await member.hashKv(revision, hashMillisMax);
      state = `${hash} at ${revision}, compacted at ${compactRevision}`;
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      return `${name} does not hash: ${error.message}`;
    }
    first ??= { name, applied, state };
    if (state !== first.state) {
      return `${name} and ${first.name} hold different things: HashKV ${state} and ${first.state}`;
    }
  }
  return undefined;
}

async function someoneWrites(core: readonly MemberProcess[]): Promise<boolean> {
  for (const member of core) {
    try {
      await member.put(key, value, writeMillisMax);
      return true;
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      // A write that is refused for want of a user was in the log as well.
      if (error.code === grpcCode.invalidArgument) return true;
    }
  }
  return false;
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
