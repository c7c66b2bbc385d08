import type { Pod } from '../../src/api/types.ts';
import { compareStrings } from '../../src/base/order.ts';
import { isPodReady } from '../../src/controllers/pod-state.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

export interface PodsRunningOptions {
  /** How many pods must run, and no more. Absent: any number, but all of them. */
  readonly count?: number;
  /** Counts pods with these labels alone. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** At the end, the pods that exist and are not going away run and are ready. */
export class PodsRunning implements Checker {
  readonly name = 'pods-running';
  readonly sees: readonly FactType[] = ['object-changed'];
  readonly #options: PodsRunningOptions;
  readonly #pods = new Map<string, Pod>();

  constructor(options: PodsRunningOptions = {}) {
    this.#options = options;
  }

  /** Whether it would be content now. */
  get holds(): boolean {
    return this.#problem() === undefined;
  }

  observe(seen: Observation): undefined {
    if (seen.type !== 'object-changed' || seen.object.kind !== 'Pod') return undefined;
    const pod = seen.object as Pod;
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (seen.change === 'DELETED') this.#pods.delete(name);
    else this.#pods.set(name, pod);
    return undefined;
  }

  finish(atMillis: number): Violation | undefined {
    const message = this.#problem();
    return message === undefined ? undefined : { checker: this.name, atMillis, message };
  }

  #problem(): string | undefined {
    const { count, labels = {} } = this.#options;
    const wanted = Object.entries(labels);
    let running = 0;
    const others: string[] = [];
    for (const [name, pod] of this.#pods) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      if (wanted.some(([label, value]) => pod.metadata.labels?.[label] !== value)) continue;
      const ready = isPodReady(pod);
      if (pod.status?.phase === 'Running' && ready) running++;
      else others.push(`${name} is ${pod.status?.phase ?? 'new'}${ready ? '' : ', not ready'}`);
    }
    if (others.length === 0 && (count === undefined || running === count)) return undefined;
    const found = others.length === 0 ? '' : `: ${others.toSorted(compareStrings).slice(0, 5).join('; ')}`;
    return `${running} pods run${count === undefined ? '' : ` of ${count} wanted`}${found}`;
  }
}
