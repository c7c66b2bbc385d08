import { createHash } from 'node:crypto';

import { RunningTotal } from '../../src/scheduler/amounts.ts';
import { SchedulerCache } from '../../src/scheduler/cache.ts';
import { schedulePod } from '../../src/scheduler/cycle.ts';
import type { Profile } from '../../src/scheduler/framework.ts';
import { podView, type PodView } from '../../src/scheduler/pod-view.ts';
import { SchedulingQueue } from '../../src/scheduler/queue.ts';
import type { Workload, WorkloadEvent } from './workload.ts';

/** What one policy made of a workload. All but `decisionsPerSecond` is the same on every run. */
export interface ReplayReport {
  readonly policy: string;
  readonly cpu: Allocation;
  readonly memory: Allocation;
  /** Pods that ever got a node. */
  readonly podsPlaced: number;
  readonly pending: {
    /** How many pods waited for a node, on average over time. */
    readonly mean: number;
    readonly atEnd: number;
    /** They left, or the run ended, before there was room for them. */
    readonly neverPlaced: number;
  };
  /** Scheduling cycles, those that found no node included. */
  readonly decisions: number;
  /** By this host's clock: cycles alone, without queue, cache and bookkeeping. */
  readonly decisionsPerSecond: number;
  /** SHA-256 of every decision in order: which pod, when, and where. */
  readonly decisionHash: string;
}

/** What pods request, in per cent of what the nodes have. */
export interface Allocation {
  /** Over time, from the end of the warm-up to the end. */
  readonly meanPercent: number;
  readonly atEndPercent: number;
}

/** Told now and then how far a replay is: events done, of all. */
export type OnProgress = (done: number, total: number) => void;

const eventsPerProgress = 100;

/**
 * Replays a workload through the scheduler itself: its queue (with back-off in virtual time), its cache and its
 * scheduling cycle. Only the API is left out: a decision takes effect at once.
 */
export function replay(
  workload: Workload,
  profile: Profile,
  onProgress: OnProgress = () => {},
): ReplayReport {
  const run = new Replay(workload, profile);
  for (const [i, event] of workload.events.entries()) {
    if (i % eventsPerProgress === 0) onProgress(i, workload.events.length);
    run.advanceTo(event.atMillis);
    run.apply(event);
  }
  run.advanceTo(workload.endMillis);
  onProgress(workload.events.length, workload.events.length);
  return run.report();
}

class Replay {
  readonly #workload: Workload;
  readonly #profile: Profile;
  readonly #queue = new SchedulingQueue();
  readonly #cache = new SchedulerCache();
  readonly #onNode = new Map<string, PodView>();
  readonly #hash = createHash('sha256');
  readonly #cpu: Usage;
  readonly #memory: Usage;
  readonly #pending: TimeWeighted;
  #nowMillis = 0;
  #podsPlaced = 0;
  #podsArrived = 0;
  #decisions = 0;
  #cyclesMillis = 0;

  constructor(workload: Workload, profile: Profile) {
    this.#workload = workload;
    this.#profile = profile;
    for (const node of workload.nodes) this.#cache.setNode(node);
    const capacity = new RunningTotal();
    for (const { allocatable } of this.#cache.snapshot().nodes) capacity.add(allocatable);
    this.#cpu = new Usage(capacity.milliCpu, workload.warmUpMillis);
    this.#memory = new Usage(capacity.memoryBytes, workload.warmUpMillis);
    this.#pending = new TimeWeighted(workload.warmUpMillis);
  }

  /** Lets back-offs that end before `atMillis` end, and tries their pods, each at its own time. */
  advanceTo(atMillis: number): void {
    for (
      let wake = this.#queue.nextWakeMillis();
      wake !== undefined && wake < atMillis;
      wake = this.#queue.nextWakeMillis()
    ) {
      this.#nowMillis = wake;
      this.#scheduleAll();
    }
    this.#nowMillis = atMillis;
  }

  apply(event: WorkloadEvent): void {
    if (event.type === 'arrival') {
      this.#podsArrived++;
      this.#queue.add(podView(event.pod), this.#nowMillis);
    } else {
      this.#leave(event.pod.metadata.uid);
    }
    this.#scheduleAll();
  }

  report(): ReplayReport {
    const { endMillis } = this.#workload;
    return {
      policy: this.#profile.name,
      cpu: this.#cpu.allocation(endMillis),
      memory: this.#memory.allocation(endMillis),
      podsPlaced: this.#podsPlaced,
      pending: {
        mean: this.#pending.mean(endMillis),
        atEnd: this.#queue.size,
        neverPlaced: this.#podsArrived - this.#podsPlaced,
      },
      decisions: this.#decisions,
      decisionsPerSecond: (this.#decisions * 1000) / this.#cyclesMillis,
      decisionHash: this.#hash.digest('hex'),
    };
  }

  #leave(uid: string): void {
    this.#queue.remove(uid);
    const pod = this.#onNode.get(uid);
    if (pod === undefined) return;
    this.#onNode.delete(uid);
    this.#cache.remove(uid);
    this.#count(pod, -1);
    this.#queue.moveAll(this.#nowMillis);
  }

  #scheduleAll(): void {
    for (
      let entry = this.#queue.pop(this.#nowMillis);
      entry !== undefined;
      entry = this.#queue.pop(this.#nowMillis)
    ) {
      const snapshot = this.#cache.snapshot();
      const startedMillis = performance.now();
      // Every built-in profile breaks ties by name; one that does not takes the first as well, to stay replayable.
      const decision = schedulePod(entry.pod, snapshot, this.#profile, () => 0);
      this.#cyclesMillis += performance.now() - startedMillis;
      this.#decisions++;
      const node = decision.type === 'scheduled' ? decision.node : '-';
      this.#hash.update(`${this.#nowMillis} ${entry.pod.key} ${node}\n`);
      if (decision.type === 'unschedulable') {
        this.#queue.returnUnschedulable(entry, this.#nowMillis);
      } else {
        this.#podsPlaced++;
        this.#cache.assume(entry.pod, decision.node);
        this.#onNode.set(entry.pod.uid, entry.pod);
        this.#count(entry.pod, 1);
      }
    }
    this.#pending.set(this.#queue.size, this.#nowMillis);
  }

  #count(pod: PodView, sign: 1 | -1): void {
    this.#cpu.add(sign * pod.requests.milliCpu, this.#nowMillis);
    this.#memory.add(sign * pod.requests.memoryBytes, this.#nowMillis);
  }
}

/** How much of one resource is requested, now and over time. */
class Usage {
  readonly #capacity: number;
  readonly #requested: TimeWeighted;

  constructor(capacity: number, fromMillis: number) {
    this.#capacity = capacity;
    this.#requested = new TimeWeighted(fromMillis);
  }

  add(amount: number, atMillis: number): void {
    this.#requested.set(this.#requested.value + amount, atMillis);
  }

  allocation(atMillis: number): Allocation {
    const percent = (amount: number): number => (100 * amount) / this.#capacity;
    return {
      meanPercent: percent(this.#requested.mean(atMillis)),
      atEndPercent: percent(this.#requested.value),
    };
  }
}

/** The mean of a step function of time, from `fromMillis` on. */
class TimeWeighted {
  #value = 0;
  #area = 0;
  #sinceMillis: number;
  readonly #fromMillis: number;

  constructor(fromMillis: number) {
    this.#fromMillis = fromMillis;
    this.#sinceMillis = fromMillis;
  }

  get value(): number {
    return this.#value;
  }

  set(value: number, atMillis: number): void {
    this.#cover(atMillis);
    this.#value = value;
  }

  mean(atMillis: number): number {
    this.#cover(atMillis);
    const elapsed = atMillis - this.#fromMillis;
    return elapsed > 0 ? this.#area / elapsed : this.#value;
  }

  #cover(atMillis: number): void {
    if (atMillis <= this.#sinceMillis) return;
    this.#area += this.#value * (atMillis - this.#sinceMillis);
    this.#sinceMillis = atMillis;
  }
}
