import { emptyBytes } from '../base/bytes.ts';
import { isJoint } from './changer.ts';
import { decodeConfChangeV2, encodeConfChangeV2, leaveJointChange } from './conf-change.ts';
import type { MsgProp } from './messages.ts';
import type { RaftState } from './raft-state.ts';
import type { Entry, Index, Term } from './types.ts';

/** What a leader adds to its log (§5.3, thesis §4.1), within its limits. */
export class Proposals {
  readonly #state: RaftState;
  /**
   * No conf change is proposed before this index is applied: one in flight, and none before the leader's
   * first own commit (which closes the hole in single-server changes found after the thesis).
   */
  #pendingConfIndex: Index;
  /** Of entries that are not applied; entries of earlier leaders are not counted. */
  #uncommittedBytes = 0;

  constructor(state: RaftState) {
    this.#state = state;
    // An entry of its own term is what lets it commit the ones before (§5.4.2, §8).
    this.#append([{ type: 'normal', data: emptyBytes }]);
    this.#pendingConfIndex = state.log.lastIndex;
  }

  propose(entries: MsgProp['entries']): 'accepted' | 'dropped' {
    let changes = false;
    let bytes = 0;
    for (const entry of entries) {
      bytes += entry.data.length;
      if (entry.type === 'conf-change') changes = true;
    }
    if (changes && (entries.length > 1 || !this.#mayChange(entries[0]!.data))) return 'dropped';
    // One proposal always fits into an empty pipeline, however large it is.
    const { uncommittedBytesMax } = this.#state.config;
    if (this.#uncommittedBytes > 0 && this.#uncommittedBytes + bytes > uncommittedBytesMax) return 'dropped';
    this.#uncommittedBytes += bytes;
    this.#append(entries);
    if (changes) this.#pendingConfIndex = this.#state.log.lastIndex;
    return 'accepted';
  }

  /** One change at a time; while the membership is joint, only the one that leaves it; and no leaving otherwise. */
  #mayChange(data: Uint8Array): boolean {
    const { config, log, confState } = this.#state;
    if (config.disableConfChangeValidation === true) return true;
    if (this.#pendingConfIndex > log.applied) return false;
    return (decodeConfChangeV2(data).changes.length === 0) === isJoint(confState);
  }

  /** These were applied. True when that made the leader propose to leave a joint membership. */
  applied(entries: readonly Entry[]): boolean {
    let bytes = 0;
    for (const entry of entries) bytes += entry.data.length;
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - bytes);
    const { confState, log } = this.#state;
    if (confState.autoLeave !== true || log.applied < this.#pendingConfIndex) return false;
    // Past all limits: a cluster must not stay joint because its leader is busy.
    this.#append([{ type: 'conf-change', data: encodeConfChangeV2(leaveJointChange) }]);
    this.#pendingConfIndex = log.lastIndex;
    return true;
  }

  #append(proposals: MsgProp['entries']): void {
    const { log, term, config } = this.#state;
    let last = log.lastIndex;
    const entries: Entry[] = [];
    for (const { type, data } of proposals) {
      last = (last + 1) as Index;
      entries.push({ index: last, term, type, data });
    }
    if (config.traceSpec !== undefined) this.#traceAppending(entries);
    log.append(entries);
    if (config.traceSpec !== undefined) traceOwnAck(this.#state, 'send', last);
  }

  #traceAppending(entries: readonly Entry[]): void {
    for (const { type, data } of entries) {
      if (type === 'normal') this.#state.spec({ name: 'Replicate' });
      else this.#state.spec({ name: 'ChangeConf', change: decodeConfChangeV2(data) });
    }
  }
}

/** To the specification, as in etcd, a leader's own ack is a message to itself. */
export function traceOwnAck(state: RaftState, name: 'send' | 'receive', index: Index): void {
  const { id, term } = state;
  const answer = { reject: false, rejectHint: 0 as Index, logTerm: 0 as Term };
  state.spec({ name, message: { type: 'MsgAppResp', from: id, to: id, term, index, ...answer } });
}
