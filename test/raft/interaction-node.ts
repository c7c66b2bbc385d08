import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { decodeConfChangeV2 } from '../../src/raft/conf-change.ts';
import type { Config } from '../../src/raft/config.ts';
import type { LocalResponse, Message, MsgStorageAppend, MsgStorageApply } from '../../src/raft/messages.ts';
import { RawNode } from '../../src/raft/raw-node.ts';
import type { Ready } from '../../src/raft/ready.ts';
import { MemoryStorage } from '../../src/raft/storage.ts';
import { index } from '../../src/raft/types.ts';
import type { ConfState, Entry, Index, MemberId, Snapshot } from '../../src/raft/types.ts';

/** A member of a transcript. Its state machine is the text of all entries, one after the other. */
export class InteractionNode {
  readonly id: MemberId;
  readonly storage: MemoryStorage;
  readonly node: RawNode;
  readonly asynchronous: boolean;
  /** The append and the apply thread's work, oldest first. */
  readonly appends: MsgStorageAppend[] = [];
  readonly applies: MsgStorageApply[] = [];
  /** What the next election timeout draws above electionTicks. */
  timeoutOffset = 0;
  #content: string;
  #confState: ConfState;
  #applied: Index;

  constructor(
    id: MemberId,
    snapshot: Snapshot,
    config: Omit<Config, 'id' | 'storage' | 'applied' | 'randomInteger'>,
  ) {
    this.id = id;
    this.storage = new MemoryStorage(snapshot);
    this.asynchronous = config.asyncStorageWrites === true;
    this.#content = decodeUtf8(snapshot.data);
    this.#confState = snapshot.metadata.confState;
    this.#applied = snapshot.metadata.index;
    if (this.#applied > 0) {
      const { hardState } = this.storage.initialState();
      this.storage.setHardState({ ...hardState, commit: this.#applied });
    }
    const randomInteger = (bound: number): number => Math.min(this.timeoutOffset, bound - 1);
    this.node = new RawNode({ ...config, id, storage: this.storage, applied: this.#applied, randomInteger });
  }

  /** The four duties of the synchronous mode. */
  handle(ready: Ready): Message[] {
    this.#write(ready);
    for (const entry of ready.committedEntries) this.#apply(entry);
    this.node.advance();
    return [...ready.messagesBeforeSync, ...ready.messages];
  }

  /** The threads' work is queued; what may leave at once is returned. */
  enqueue({ append, apply, messagesBeforeSync }: Ready): readonly Message[] {
    if (append !== undefined) this.appends.push(append);
    if (apply !== undefined) this.applies.push(apply);
    return messagesBeforeSync;
  }

  write(append: MsgStorageAppend): MsgStorageAppend['responses'] {
    this.#write(append);
    return append.responses;
  }

  apply(apply: MsgStorageApply): readonly LocalResponse[] {
    for (const entry of apply.entries) this.#apply(entry);
    return apply.responses;
  }

  #write({ snapshot, entries, hardState }: Pick<Ready, 'snapshot' | 'entries' | 'hardState'>): void {
    if (snapshot !== undefined) {
      this.storage.applySnapshot(snapshot);
      this.#content = decodeUtf8(snapshot.data);
      this.#confState = snapshot.metadata.confState;
      this.#applied = snapshot.metadata.index;
    }
    this.storage.append(entries);
    if (hardState !== undefined) this.storage.setHardState(hardState);
  }

  #apply(entry: Entry): void {
    if (entry.index !== this.#applied + 1) throw new Error(`applied ${entry.index} after ${this.#applied}`);
    this.#applied = entry.index;
    if (entry.type === 'normal') this.#content += decodeUtf8(entry.data);
    else this.#confState = this.node.applyConfChange(decodeConfChangeV2(entry.data));
  }

  /** Makes a snapshot at the applied index and drops the log up to `upTo`. */
  compact(upTo: number): void {
    this.storage.createSnapshot(this.#applied, this.#confState, encodeUtf8(this.#content));
    this.storage.compact(index(upTo));
  }

  /** A snapshot at the applied index, made now. */
  snapshot(): Snapshot {
    const stored = this.storage.term(this.#applied);
    if (!stored.ok) throw new Error(stored.error);
    const metadata = { index: this.#applied, term: stored.value, confState: this.#confState };
    return { metadata, data: encodeUtf8(this.#content) };
  }
}
