import { must } from '../base/assert.ts';
import { crc32c } from '../base/crc32c.ts';
import type { Backend, BackendView } from '../mvcc/backend.ts';
import { DiskError } from '../platform/errors.ts';
import type { Link, LinkEvents } from '../platform/links.ts';
import type { Platform } from '../platform/platform.ts';
import type { MsgSnap } from '../raft/messages.ts';
import type { MemberId } from '../raft/types.ts';
import { WalError } from '../wal/errors.ts';
import { isTransferMessage } from './peer-message-check.ts';
import { peerProtocol, type Hello, type Peer, type Refusal } from './peers.ts';

/**
 * A snapshot on its way from the leader to a member whose log is too far behind: the whole backend, on a link of its own, so
 * that neither heartbeats nor entries wait behind it.
 */
export type TransferMessage =
  | { readonly type: 'begin'; readonly message: MsgSnap }
  | {
      readonly type: 'records';
      /** main, sub, record; again and again, ascending. */
      readonly records: readonly (number | Uint8Array)[];
    }
  | { readonly type: 'values'; readonly values: readonly (readonly [string, Uint8Array])[] }
  /** `crc` is over all records in order. */
  | { readonly type: 'end'; readonly count: number; readonly crc: number };

type Answer = { readonly type: 'received' } | Refusal;

const chunkBytes = 1024 * 1024;
/** The sender waits while more than this is under way. */
const bufferedBytesMax = 8 * 1024 * 1024;
const fullMillis = 5;

export interface SnapshotSending {
  readonly clusterId: string;
  readonly self: MemberId;
  readonly peer: Peer;
  readonly message: MsgSnap;
  /** The state as of `message`'s index. Closed by the sender of it. */
  readonly view: BackendView;
}

/** Sends a snapshot; resolves true when the other side has it durably. Never rejects. */
export async function sendSnapshot(
  platform: Platform,
  { clusterId, self, peer, message, view }: SnapshotSending,
): Promise<boolean> {
  let settle: (received: boolean) => void = () => {};
  const connection = { open: true };
  const received = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  let link: Link | undefined;
  try {
    link = await platform.network.links.connect(peer.address, {
      message: (answer) => settle((answer as Answer).type === 'received'),
      closed: () => {
        connection.open = false;
        settle(false);
      },
    });
    const hello: Hello = {
      type: 'hello',
      protocol: peerProtocol,
      clusterId,
      memberId: self,
      purpose: 'snapshot',
    };
    link.send(hello);
    const send = async (part: TransferMessage): Promise<void> => {
      link!.send(part);
      while (connection.open && link!.bufferedBytes() > bufferedBytesMax)
        await platform.clock.sleep(fullMillis);
    };
    await send({ type: 'begin', message });
    let count = 0;
    let crc = 0;
    for (let next: Position | undefined = { main: 0, sub: -1 }; next !== undefined && connection.open;) {
      const chunk: Chunk = readChunk(
        view,
        next,
        platform.faults.rare('snapshot.tiny-chunks') ? 1 : chunkBytes,
      );
      count += chunk.records.length / 3;
      for (let i = 2; i < chunk.records.length; i += 3) crc = crc32c(chunk.records[i] as Uint8Array, crc);
      await send({ type: 'records', records: chunk.records });
      // A turn of the loop between chunks: the leader has other work.
      await platform.clock.sleep(0);
      platform.faults.reach('snapshot.send.between-chunks');
      next = chunk.next;
    }
    await send({ type: 'values', values: view.values('') });
    await send({ type: 'end', count, crc });
    return await received;
  } catch (error) {
    platform.logger.info('cannot send a snapshot', { to: message.to, error: String(error) });
    return false;
  } finally {
    view.close();
    link?.close();
  }
}

interface Position {
  readonly main: number;
  readonly sub: number;
}

interface Chunk {
  readonly records: (number | Uint8Array)[];
  readonly next: Position | undefined;
}

/** The records behind `after`, about `bytesMax` of them, and one at least. */
function readChunk(view: BackendView, after: Position, bytesMax: number): Chunk {
  const records: (number | Uint8Array)[] = [];
  let bytes = 0;
  let next: Position | undefined;
  view.scan(after.main, Number.MAX_SAFE_INTEGER, (main, sub, record) => {
    if (main === after.main && sub <= after.sub) return true;
    records.push(main, sub, record.slice());
    bytes += record.length;
    if (bytes < bytesMax) return true;
    next = { main, sub };
    return false;
  });
  return { records, next };
}

export interface SnapshotReceiving {
  /** Opens an empty backend for the state at `index`; undefined while another snapshot is on its way. */
  readonly open: (index: number) => Promise<Backend> | undefined;
  /** Everything is there and durable. */
  readonly received: (message: MsgSnap, backend: Backend) => void;
  /** What was opened will not be whole. */
  readonly abandoned: () => void;
  /** The disk failed. */
  readonly failed: (error: Error) => void;
}

/** The other end: writes what comes into a backend of its own, and hands it over when it is whole. */
export function receiveSnapshot(platform: Platform, link: Link, options: SnapshotReceiving): LinkEvents {
  let message: MsgSnap | undefined;
  let backend: Backend | undefined;
  let count = 0;
  let crc = 0;
  let over = false;
  /** Parts are worked off one after another: opening and flushing take time. */
  let work: Promise<void> = Promise.resolve();

  function refuse(reason: string): void {
    platform.logger.warn('refused a snapshot', { reason });
    link.send({ type: 'refused', removed: false, reason } satisfies Answer);
    abandon();
  }

  function abandon(): void {
    if (over) return;
    over = true;
    if (backend === undefined) return;
    void backend.close();
    options.abandoned();
  }

  async function take(part: unknown): Promise<void> {
    if (over) return;
    // What is no part, or comes before the beginning or after a second one, is from no member.
    if (!isTransferMessage(part) || (part.type === 'begin') !== (message === undefined)) {
      refuse('it sends what no member says');
      return;
    }
    switch (part.type) {
      case 'begin':
        message = part.message;
        backend = await options.open(message.snapshot.metadata.index);
        if (backend === undefined) refuse('another snapshot is on its way to this member');
        return;
      case 'records':
        for (let i = 0; i < part.records.length; i += 3) {
          const record = part.records[i + 2] as Uint8Array;
          must(backend).put(part.records[i] as number, part.records[i + 1] as number, record);
          crc = crc32c(record, crc);
          count++;
        }
        must(backend).commit();
        platform.faults.reach('snapshot.receive.between-chunks');
        return;
      case 'values':
        for (const [name, value] of part.values) must(backend).setValue(name, value);
        must(backend).commit();
        return;
      case 'end':
        if (part.count !== count || part.crc !== crc) {
          const reason = `a snapshot came damaged: ${count} of ${part.count} records, checksum ${crc} for ${part.crc}`;
          refuse(reason);
          return;
        }
        platform.faults.reach('snapshot.receive.before-flush');
        await must(backend).flush();
        platform.faults.reach('snapshot.receive.after-flush');
        over = true;
        link.send({ type: 'received' } satisfies Answer);
        options.received(must(message), must(backend));
    }
  }

  return {
    message: (part) => {
      work = work
        .then(() => take(part))
        .catch((error: unknown) => {
          // Only the disk may fail here.
          if (!(error instanceof DiskError || error instanceof WalError)) throw error;
          over = true;
          options.failed(error);
        });
    },
    closed: () => {
      void work.then(abandon);
    },
  };
}
