import { memberId, type MemberId } from '../../raft/types.ts';

/** The 64 bits of an id in lower-case hex. */
export function bigOfId(id: string): bigint {
  return BigInt(`0x${id}`);
}

/** The id of these 64 bits; undefined for 0, which is nobody. */
export function memberIdOfBig(id: bigint): MemberId | undefined {
  return id === 0n ? undefined : memberId(BigInt.asUintN(64, id).toString(16));
}
