import { assert, must } from '../base/assert.ts';
import type { Backend, BackendView } from '../mvcc/backend.ts';
import type { Link, LinkEvents } from '../platform/links.ts';
import type { Platform } from '../platform/platform.ts';
import type { MsgSnap } from '../raft/messages.ts';
import type { MemberId, SnapshotMetadata } from '../raft/types.ts';
import type { Peer } from './peers.ts';
import { receiveSnapshot, sendSnapshot } from './snapshot-transfer.ts';

export interface SnapshotsOptions {
  readonly platform: Platform;
  readonly clusterId: string;
  readonly self: MemberId;
  readonly peer: (member: MemberId) => Peer | undefined;
  /** The state as it is applied here, and a view of it. */
  readonly present: () => { readonly applied: SnapshotMetadata; readonly view: BackendView };
  /** Whether a snapshot reached its member. */
  readonly sent: (to: MemberId, received: boolean) => void;
  /** Opens an empty backend for the state at an index. */
  readonly open: (index: number) => Promise<Backend>;
  /** A snapshot is here, whole and durable; `take` gives its backend when Raft has decided to install it. */
  readonly received: (message: MsgSnap) => void;
  /** Whether one that was received waits for its turn to be installed, or is being installed. */
  readonly installing: () => boolean;
  readonly failed: (error: Error) => void;
}

/** The snapshots on their way from and to this member: one to each other member, and one in all from them. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #sendingTo = new Set<MemberId>();
  #receiving = false;
  /** Here and durable, on its way through Raft. */
  #received: { readonly index: number; readonly backend: Backend } | undefined;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Sends what is here now, which is at least as new as what Raft asked for. */
  async send(message: MsgSnap): Promise<void> {
    const { platform, clusterId, self, peer, present, sent } = this.#options;
    const { to, snapshot } = message;
    const address = peer(to);
    if (address === undefined || this.#sendingTo.has(to)) {
      sent(to, false);
      return;
    }
    this.#sendingTo.add(to);
    const { applied, view } = present();
    assert(applied.index >= snapshot.metadata.index, 'Raft asks for what is applied');
    const received = await sendSnapshot(platform, {
      clusterId,
      self,
      peer: address,
      message: { ...message, snapshot: { ...snapshot, metadata: applied } },
      view,
    });
    this.#sendingTo.delete(to);
    sent(to, received);
  }

  /** The receiver of a link on which a member brings a snapshot. */
  receive(link: Link): LinkEvents {
    return receiveSnapshot(this.#options.platform, link, {
      open: (index) => {
        const { installing, platform } = this.#options;
        // One that waits behind a slow disk is still to be taken, and its folder must not be another's.
        if (this.#receiving || installing() || platform.faults.rare('snapshot.refuse')) return undefined;
        this.#receiving = true;
        return this.#open(index);
      },
      received: (message, backend) => {
        this.#receiving = false;
        this.#received = { index: message.snapshot.metadata.index, backend };
        this.#options.received(message);
      },
      abandoned: () => {
        this.#receiving = false;
      },
      failed: this.#options.failed,
    });
  }

  async #open(index: number): Promise<Backend> {
    // One that Raft did not want is still open.
    await this.#received?.backend.close();
    this.#received = undefined;
    return await this.#options.open(index);
  }

  /** Raft has decided to install the snapshot at `index`: its backend. */
  take(index: number): Backend {
    const { index: received, backend } = must(this.#received, 'a snapshot comes with its backend');
    assert(received === index, 'the snapshot is the one that was received');
    this.#received = undefined;
    return backend;
  }

  async close(): Promise<void> {
    await this.#received?.backend.close();
  }
}
