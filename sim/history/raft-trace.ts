import type { MemberObserver } from '../../src/etcd/observer.ts';
import { traceLine } from '../../src/raft/trace-lines.ts';

/**
 * An observer that, besides what `observer` does, writes every step of every member as etcd-raft's trace validation reads it
 * (tla/Traceetcdraft.tla). One event of the world runs at a time, so the lines of all members are in causal order as
 * they come.
 */
export function withRaftTrace(observer: MemberObserver, write: (line: string) => void): MemberObserver {
  return {
    ...observer,
    traced: (state, event) => {
      const line = traceLine(state, event);
      if (line !== undefined) write(line);
    },
  };
}
