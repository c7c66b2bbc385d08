import { emptyBytes, encodeUtf8 } from '../../src/base/bytes.ts';
import type { LeaseId } from '../../src/etcd/client.ts';
import { noLease, revision, type Event } from '../../src/mvcc/types.ts';
import { memberId } from '../../src/raft/types.ts';
import { ObservationBus, type Checker, type Fact } from '../../sim/observations.ts';

export const a = memberId('a');
export const b = memberId('b');

export function put(key: string, value: string, at: number, lease: LeaseId = noLease): Event {
  const kv = {
    key,
    value: encodeUtf8(value),
    createRevision: revision(at),
    modRevision: revision(at),
    version: 1,
    lease,
  };
  return { type: 'put', kv };
}

export function remove(key: string, at: number): Event {
  return { type: 'delete', kv: { ...put(key, '', at).kv, value: emptyBytes, version: 0 } };
}

export function applied(at: number, ...events: Event[]): Fact {
  return { type: 'revision-applied', member: a, revision: at, events };
}

/** What a checker says about a story. A number in it is a moment, in milliseconds. */
export function verdict(checker: Checker, facts: readonly (Fact | number)[]): string | undefined {
  let now = 0;
  const bus = new ObservationBus(() => now, [checker]);
  for (const fact of facts) {
    if (typeof fact === 'number') now = fact;
    else bus.emit(fact);
  }
  return bus.finish()[0]?.message;
}

export type { Fact };
