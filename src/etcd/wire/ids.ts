import { memberId, type MemberId } from '../../raft/types.ts';

/** A watch's id, any 64 bits signed: a number where one can hold it. Watches of one id have one value here. */
export type WatchId = number | bigint;

/** The 64 bits of an id in lower-case hex. */
export function bigOfId(id: string): bigint {
  return BigInt(`0x${id}`);
}

/** The id of these 64 bits; undefined for 0, which is nobody. */
export function memberIdOfBig(id: bigint): MemberId | undefined {
  return id === 0n ? undefined : memberId(BigInt.asUintN(64, id).toString(16));
}
