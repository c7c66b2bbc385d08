import type { CrashPoint, RareBranch } from '../src/platform/fault-points.ts';

/** Everything that can go wrong in this world. A run counts what really did. */
export const faultKinds = [
  // The network.
  'packet-lost',
  'packet-slow',
  'packet-held',
  'packet-queued',
  'packet-overflow',
  'packet-cut',
  'connection-reset',
  'connection-timed-out',
  'connection-forgotten',
  'stream-split',
  // The disk.
  'write-lost',
  'write-torn',
  'write-misdirected',
  'write-error',
  'name-lost',
  'read-error',
  'read-rot',
  'rot',
  'sync-error',
  'sync-slow',
  'disk-slow',
  'disk-stalled',
  'disk-full',
  'disk-wiped',
  'disk-swapped',
  'disk-restored',
  // Clocks.
  'clock-jump',
  'clock-rate',
  'clock-strobe',
  // Processes.
  'crash',
  'crash-silent',
  'crash-at-event',
  'crash-at-point',
  'kill',
  'pause',
  // What was asked for and left out, lest no good copy stays; and who could not live with what was done to it.
  'spared',
  'died-of-harm',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** How often each fault of a run changed something: a packet was lost, a sector torn, a read failed. */
export class FaultHits {
  readonly #counts = new Map<FaultKind, number>();
  readonly #points = new Map<CrashPoint, number>();
  readonly #branches = new Map<RareBranch, number>();

  hit(kind: FaultKind, times = 1): void {
    if (times > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }

  count(kind: FaultKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** The kinds that changed something, with their counts. */
  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }

  /** Code came by a crash point. */
  reached(point: CrashPoint): void {
    this.#points.set(point, (this.#points.get(point) ?? 0) + 1);
  }

  /** A rare branch was taken. */
  taken(branch: RareBranch): void {
    this.#branches.set(branch, (this.#branches.get(branch) ?? 0) + 1);
  }

  /** The crash points that code came by, and how often. */
  get points(): ReadonlyMap<CrashPoint, number> {
    return this.#points;
  }

  /** The rare branches that were taken, and how often. */
  get branches(): ReadonlyMap<RareBranch, number> {
    return this.#branches;
  }
}
