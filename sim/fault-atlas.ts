import type { FaultHits } from './fault-hits.ts';
import type { Host } from './host.ts';

/**
 * Where faults may destroy what was promised to be kept (TigerBeetle's ClusterFaultAtlas).
 *
 * The promise of a replicated store: what was acknowledged is not lost as long as a majority of its members kept what they
 * wrote. So of each group of replicas the disks of a minority may rot and misdirect, and no more, whatever a
 * scenario or the swarm asks for. A voter must never forget what it acknowledged and still go by its old name (Raft §5.2,
 * §5.4): a disk that is wiped, swapped or taken back to an old state is beyond the promise even on a single member.
 *
 * `allowAll` goes beyond: then nothing may be lied about, but everything may be refused.
 */
export class FaultAtlas {
  readonly #hits: FaultHits;
  readonly #groups: (readonly Host[])[] = [];
  readonly #harmed = new Set<Host>();
  #unlimited = false;

  constructor(hits: FaultHits) {
    this.#hits = hits;
  }

  /** These hosts hold copies of the same. */
  protect(replicas: readonly Host[]): void {
    this.#groups.push(replicas);
  }

  /** Whether a scenario went beyond the promise: what was destroyed may be gone. */
  get isUnlimited(): boolean {
    return this.#unlimited;
  }

  allowAll(): void {
    this.#unlimited = true;
  }

  /** Hosts whose disks were harmed so far. */
  get harmed(): ReadonlySet<Host> {
    return this.#harmed;
  }

  /** Asks whether single sectors of a host's disk may be destroyed, and remembers it as harmed then. */
  mayDamage(host: Host): boolean {
    return this.#may(host, (size) => Math.floor((size - 1) / 2));
  }

  /** Asks whether all that a host's disk holds may be lost or replaced. */
  mayForget(host: Host): boolean {
    return this.#may(host, () => 0);
  }

  #may(host: Host, most: (groupSize: number) => number): boolean {
    const spared = this.#groups.some((group) => {
      if (!group.includes(host)) return false;
      const harmed = group.filter((one) => one === host || this.#harmed.has(one)).length;
      return harmed > most(group.length);
    });
    if (spared && !this.#unlimited) {
      this.#hits.hit('spared');
      return false;
    }
    this.#harmed.add(host);
    return true;
  }
}
