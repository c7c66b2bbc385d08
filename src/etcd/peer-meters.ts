import type { LinkMeter } from '../platform/links.ts';
import type { MemberId } from '../raft/types.ts';
import { Counter, exponentialBounds, HistogramFamily, type Metrics } from './metrics.ts';

/** What goes between a member and one other. */
export class PeerMeter implements LinkMeter {
  readonly sentBytes = new Counter();
  readonly receivedBytes = new Counter();
  readonly sendFailures = new Counter();
  readonly disconnections = new Counter();
  readonly snapshotsSent = new Counter();
  readonly snapshotsNotSent = new Counter();
  readonly snapshotsReceived = new Counter();
  readonly #roundTrip: (millis: number) => void;

  constructor(roundTrip: (millis: number) => void) {
    this.#roundTrip = roundTrip;
  }

  sent(bytes: number): void {
    this.sentBytes.add(bytes);
  }

  received(bytes: number): void {
    this.receivedBytes.add(bytes);
  }

  roundTrip(millis: number): void {
    this.#roundTrip(millis);
  }
}

/** Of all other members that there have been in this life. */
export class PeerMeters {
  readonly #meters = new Map<MemberId, PeerMeter>();
  readonly #roundTripSeconds = new HistogramFamily(['To'], exponentialBounds(0.0001, 2, 16));

  of(member: MemberId): PeerMeter {
    let meter = this.#meters.get(member);
    if (meter === undefined) {
      const seconds = this.#roundTripSeconds.of(member);
      meter = new PeerMeter((millis) => seconds.observe(millis / 1000));
      this.#meters.set(member, meter);
    }
    return meter;
  }

  /** Tells of everything under etcd's names. `connected`: whether a link to that member stands. */
  addTo(metrics: Metrics, self: MemberId, connected: (member: MemberId) => boolean): void {
    const counters: readonly (readonly [name: string, help: string, 'To' | 'From', keyof PeerMeter])[] = [
      ['etcd_network_peer_sent_bytes_total', 'The total number of bytes sent to peers.', 'To', 'sentBytes'],
      [
        'etcd_network_peer_received_bytes_total',
        'The total number of bytes received from peers.',
        'From',
        'receivedBytes',
      ],
      [
        'etcd_network_peer_sent_failures_total',
        'The total number of send failures from peers.',
        'To',
        'sendFailures',
      ],
      [
        'etcd_network_snapshot_send_success',
        'Total number of successful snapshot sends',
        'To',
        'snapshotsSent',
      ],
      [
        'etcd_network_snapshot_send_failures',
        'Total number of snapshot send failures',
        'To',
        'snapshotsNotSent',
      ],
      [
        'etcd_network_snapshot_receive_success',
        'Total number of successful snapshot receives',
        'From',
        'snapshotsReceived',
      ],
    ];
    for (const [name, help, label, what] of counters) {
      metrics.labelled(name, help, 'counter', [label], () =>
        Array.from(this.#meters, ([member, meter]) => [[member], (meter[what] as Counter).value] as const),
      );
    }
    metrics.labelled(
      'etcd_network_active_peers',
      'The current number of active peer connections.',
      'gauge',
      ['Local', 'Remote'],
      () => Array.from(this.#meters.keys(), (member) => [[self, member], connected(member) ? 1 : 0] as const),
    );
    metrics.labelled(
      'etcd_network_disconnected_peers_total',
      'The total number of disconnected peers.',
      'counter',
      ['Local', 'Remote'],
      () =>
        Array.from(
          this.#meters,
          ([member, { disconnections }]) => [[self, member], disconnections.value] as const,
        ),
    );
    metrics.observed(
      'etcd_network_peer_round_trip_time_seconds',
      'Round-Trip-Time histogram between peers',
      this.#roundTripSeconds,
    );
  }
}
