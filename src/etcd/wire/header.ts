import { putVarint, varintBytes } from '../../base/protobuf.ts';

const headerTag = 1 * 8 + 2;
const revisionTag = 3 * 8;
const raftTermTag = 4 * 8;

/**
 * etcdserverpb.ResponseHeader as the first field of a response. Cluster and member never change, so their bytes are made once:
 * a header costs two varints.
 */
export class HeaderEncoder {
  readonly #ids: Uint8Array;

  constructor(clusterId: string, memberId: string) {
    const ids = new Uint8Array(2 * 11);
    let at = 0;
    for (const [tag, id] of [
      [1 * 8, clusterId],
      [2 * 8, memberId],
    ] as const) {
      ids[at++] = tag;
      let rest = BigInt(`0x${id}`);
      for (; rest >= 128n; rest >>= 7n) ids[at++] = Number(rest & 0x7fn) | 0x80;
      ids[at++] = Number(rest);
    }
    this.#ids = ids.subarray(0, at);
  }

  /** How many bytes `write` takes. A revision of 0 is left out. */
  length(revision: number, raftTerm: number): number {
    return 2 + this.#contentLength(revision, raftTerm);
  }

  /** Writes the field `header` at `at`; returns the place behind it. */
  write(bytes: Uint8Array, at: number, revision: number, raftTerm: number): number {
    bytes[at] = headerTag;
    // Below 128: two ids and two integers take at most 44 bytes.
    bytes[at + 1] = this.#contentLength(revision, raftTerm);
    bytes.set(this.#ids, at + 2);
    let next = at + 2 + this.#ids.length;
    if (revision > 0) {
      bytes[next] = revisionTag;
      next = putVarint(bytes, next + 1, revision);
    }
    if (raftTerm > 0) {
      bytes[next] = raftTermTag;
      next = putVarint(bytes, next + 1, raftTerm);
    }
    return next;
  }

  /** A response that is its header alone. */
  alone(revision: number, raftTerm: number): Uint8Array {
    const bytes = new Uint8Array(this.length(revision, raftTerm));
    this.write(bytes, 0, revision, raftTerm);
    return bytes;
  }

  #contentLength(revision: number, raftTerm: number): number {
    return (
      this.#ids.length +
      (revision > 0 ? 1 + varintBytes(revision) : 0) +
      (raftTerm > 0 ? 1 + varintBytes(raftTerm) : 0)
    );
  }
}
