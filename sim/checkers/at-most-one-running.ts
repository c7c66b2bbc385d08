import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Place {
  readonly node: string;
  readonly since: number;
}

/**
 * A pod's name is its identity, as a StatefulSet's pods have one: processes of pods with one name never run on two nodes at a
 * time, whatever the API says of them. Judged of the processes that hosts have, not of what kubelets report.
 */
export class AtMostOneRunning implements Checker {
  readonly name = 'at-most-one-running';
  readonly sees: readonly FactType[] = ['process-changed'];
  /** By pod and then by pid on its node. */
  readonly #running = new Map<string, Map<string, Place>>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'process-changed') return undefined;
    const { pod, node, pid, atMillis } = seen;
    const running = this.#running.get(pod) ?? new Map<string, Place>();
    this.#running.set(pod, running);
    if (seen.change === 'ended') {
      running.delete(`${node} ${pid}`);
      return undefined;
    }
    const elsewhere = [...running.values()].find((place) => place.node !== node);
    running.set(`${node} ${pid}`, { node, since: atMillis });
    if (elsewhere === undefined) return undefined;
    const message = `${pod} began to run on ${node} at ${atMillis.toFixed(0)} ms, but it runs on ${elsewhere.node} since ${elsewhere.since.toFixed(0)} ms, too: there are two of one identity`;
    return { checker: this.name, atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
