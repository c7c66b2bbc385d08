import { Heap } from '../base/heap.ts';
import type { PodView } from './pod-view.ts';

const initialBackoffMillis = 1000;
const maxBackoffMillis = 10_000;
/** A pod nobody woke is tried again after this (kube: flushed from unschedulablePods after 5 min). */
const unschedulableMillisMax = 300_000;

export interface QueuedPod {
  readonly pod: PodView;
  /** When it entered the queue; orders pods of one priority. */
  readonly queuedAtMillis: number;
  /** Times it was taken. */
  readonly attempts: number;
}

interface Waiting extends QueuedPod {
  readonly sequence: number;
  readonly failedAtMillis: number;
  readonly readyAtMillis: number;
}

/**
 * Pods without a node (kube: PriorityQueue). *Active*: may be tried now, highest priority first, then oldest.
 * *Back-off*: failed lately, 1 s · 2^attempts up to 10 s. *Unschedulable*: waits for a change of the
 * cluster that might help. Pure: the caller says what time it is.
 */
export class SchedulingQueue {
  readonly #active = new Heap<QueuedPod & { sequence: number }>(
    (a, b) =>
      a.pod.priority > b.pod.priority ||
      (a.pod.priority === b.pod.priority &&
        (a.queuedAtMillis < b.queuedAtMillis ||
          (a.queuedAtMillis === b.queuedAtMillis && a.sequence < b.sequence))),
  );
  readonly #backoff = new Heap<Waiting>(
    (a, b) =>
      a.readyAtMillis < b.readyAtMillis || (a.readyAtMillis === b.readyAtMillis && a.sequence < b.sequence),
  );
  readonly #unschedulable = new Map<string, Waiting>();
  /** Where each pod's newest entry is; heap entries that are not it are stale and skipped. */
  readonly #current = new Map<string, QueuedPod>();
  #sequence = 0;

  /** Pods in the queue, wherever in it. */
  get size(): number {
    return this.#current.size;
  }

  /** A pod without a node appeared or changed: it may be tried at once. */
  add(pod: PodView, nowMillis: number): void {
    const known = this.#current.get(pod.uid);
    this.#activate({
      pod,
      queuedAtMillis: known?.queuedAtMillis ?? nowMillis,
      attempts: known?.attempts ?? 0,
    });
  }

  /** Whether this pod is in the queue, asking for the same as `pod`. */
  holds(pod: PodView): boolean {
    const known = this.#current.get(pod.uid);
    return known !== undefined && JSON.stringify(known.pod) === JSON.stringify(pod);
  }

  /** The pod is gone or has a node. */
  remove(uid: string): void {
    this.#current.delete(uid);
    this.#unschedulable.delete(uid);
  }

  /** Takes the next pod to try, or undefined. The pod is out of the queue until it is added or returned. */
  pop(nowMillis: number): QueuedPod | undefined {
    this.#wakeDue(nowMillis);
    while (this.#active.size > 0) {
      const entry = this.#active.pop();
      if (this.#current.get(entry.pod.uid) !== entry) continue;
      this.#current.delete(entry.pod.uid);
      return { pod: entry.pod, queuedAtMillis: entry.queuedAtMillis, attempts: entry.attempts + 1 };
    }
    return undefined;
  }

  /** No node suits it: it waits for `moveAll`, and at least for its back-off. */
  returnUnschedulable(entry: QueuedPod, nowMillis: number): void {
    const waiting = this.#waiting(entry, nowMillis);
    this.#current.set(entry.pod.uid, waiting);
    this.#unschedulable.delete(entry.pod.uid);
    this.#unschedulable.set(entry.pod.uid, waiting);
  }

  /** Trying it failed for another reason (binding was refused): it comes again after its back-off. */
  returnFailed(entry: QueuedPod, nowMillis: number): void {
    const waiting = this.#waiting(entry, nowMillis);
    this.#current.set(entry.pod.uid, waiting);
    this.#backoff.push(waiting);
  }

  /** Something changed that may make room: a node came or changed, a pod left. */
  moveAll(nowMillis: number): void {
    for (const waiting of this.#unschedulable.values()) this.#leave(waiting, nowMillis);
    this.#unschedulable.clear();
  }

  /** When `pop` may next have something, if nothing else happens; undefined when there is nothing to wait for. */
  nextWakeMillis(): number | undefined {
    let next: number | undefined;
    while (this.#backoff.size > 0) {
      const first = this.#backoff.peek()!;
      if (this.#current.get(first.pod.uid) === first) {
        next = first.readyAtMillis;
        break;
      }
      this.#backoff.pop();
    }
    // In the order in which they failed.
    for (const { failedAtMillis } of this.#unschedulable.values()) {
      return Math.min(next ?? Infinity, failedAtMillis + unschedulableMillisMax);
    }
    return next;
  }

  #wakeDue(nowMillis: number): void {
    while (this.#backoff.size > 0 && this.#backoff.peek()!.readyAtMillis <= nowMillis) {
      const entry = this.#backoff.pop();
      if (this.#current.get(entry.pod.uid) === entry) this.#activate(entry);
    }
    for (const [uid, waiting] of this.#unschedulable) {
      if (waiting.failedAtMillis + unschedulableMillisMax > nowMillis) break;
      this.#unschedulable.delete(uid);
      this.#activate(waiting);
    }
  }

  #leave(waiting: Waiting, nowMillis: number): void {
    if (waiting.readyAtMillis <= nowMillis) this.#activate(waiting);
    else this.#backoff.push(waiting);
  }

  #activate({ pod, queuedAtMillis, attempts }: QueuedPod): void {
    const entry = { pod, queuedAtMillis, attempts, sequence: this.#sequence++ };
    this.#unschedulable.delete(pod.uid);
    this.#current.set(pod.uid, entry);
    this.#active.push(entry);
  }

  #waiting(entry: QueuedPod, nowMillis: number): Waiting {
    const backoffMillis = Math.min(maxBackoffMillis, initialBackoffMillis * 2 ** (entry.attempts - 1));
    return {
      ...entry,
      sequence: this.#sequence++,
      failedAtMillis: nowMillis,
      readyAtMillis: nowMillis + backoffMillis,
    };
  }
}
