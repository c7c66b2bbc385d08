import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';
import { compareStrings } from '../base/order.ts';
import type { Backend } from '../mvcc/backend.ts';
import { compareMembers, memberId, type MemberId, noMember } from '../raft/types.ts';

export type AlarmType = 'nospace' | 'corrupt';

export interface Alarm {
  /** noMember if whoever raised it by hand named nobody. */
  readonly memberId: MemberId;
  readonly alarm: AlarmType;
}

const prefix = 'alarm/';

/** The alarms raised by members through the log (etcd's AlarmStore). Part of the replicated state. */
export class Alarms {
  readonly #backend: Backend;
  #raised: readonly Alarm[];

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#raised = backend.values(prefix).map(([name, value]) => ({
      memberId: memberOf(name.slice(prefix.length).split('/')[1]!),
      alarm: decodeUtf8(value) as AlarmType,
    }));
  }

  /** By type, then by member. */
  list(): readonly Alarm[] {
    return this.#raised;
  }

  raised(alarm: AlarmType): boolean {
    return this.#raised.some((raised) => raised.alarm === alarm);
  }

  activate(alarm: AlarmType, member: MemberId): void {
    if (this.#find(alarm, member) !== undefined) return;
    this.#raised = [...this.#raised, { alarm, memberId: member }].toSorted(
      (a, b) => compareStrings(a.alarm, b.alarm) || compareMembers(a.memberId, b.memberId),
    );
    this.#backend.setValue(`${prefix}${alarm}/${member}`, encodeUtf8(alarm));
  }

  deactivate(alarm: AlarmType, member: MemberId): void {
    this.#raised = this.#raised.filter((raised) => raised.alarm !== alarm || raised.memberId !== member);
    this.#backend.setValue(`${prefix}${alarm}/${member}`, undefined);
  }

  #find(alarm: AlarmType, member: MemberId): Alarm | undefined {
    return this.#raised.find((raised) => raised.alarm === alarm && raised.memberId === member);
  }
}

function memberOf(text: string): MemberId {
  return text === noMember ? noMember : memberId(text);
}
