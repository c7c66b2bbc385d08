import type { StoreSettings } from '../../../../sim/store-hosts.ts';

const tickMillisDefault = 50;
const electionTicksDefault = 10;
/** `drydock etcd` asks for it, as etcd does. */
const electionTicksMin = 5;

/** What the dock makes quick: clients of the workloads ping often, and watches hear often that nothing happens. */
const quick = {
  'bcrypt-cost': '4',
  'grpc-keepalive-min-time': '500ms',
  'watch-progress-notify-interval': '3s',
};

/** A scenario's settings as flags of `drydock etcd`, and a note for each that has none. */
export function memberFlags(settings: StoreSettings): {
  readonly flags: readonly string[];
  readonly notes: readonly string[];
} {
  const notes: string[] = [];
  const {
    tickMillis = tickMillisDefault,
    electionTicks = electionTicksDefault,
    snapshotEntries,
    catchUpEntries,
    quotaBytes,
    corruptCheckMillis,
    segmentBytes,
    requestTimeoutMillis,
  } = settings;
  if (electionTicks < electionTicksMin) {
    notes.push(`election-ticks is ${electionTicks}, and ${electionTicksMin} for real: members refuse less`);
  }
  if (segmentBytes !== undefined) notes.push('segment-bytes is no flag of a member: its default holds');
  if (requestTimeoutMillis !== undefined) {
    notes.push('request-timeout is no flag of a member: it follows from the election timeout');
  }
  const flags: Readonly<Record<string, string | number | undefined>> = {
    'heartbeat-interval': tickMillis,
    'election-timeout': tickMillis * Math.max(electionTicks, electionTicksMin),
    'snapshot-count': snapshotEntries,
    'snapshot-catchup-entries': catchUpEntries,
    'quota-backend-bytes': quotaBytes === 0 ? -1 : quotaBytes,
    'corrupt-check-time': corruptCheckMillis === undefined ? undefined : `${corruptCheckMillis}ms`,
    ...quick,
  };
  return {
    flags: Object.entries(flags).flatMap(([flag, value]) =>
      value === undefined ? [] : [`--${flag}=${value}`],
    ),
    notes,
  };
}
