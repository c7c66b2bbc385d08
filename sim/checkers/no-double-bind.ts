import type { Pod } from '../../src/api/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** A pod is bound once: its spec.nodeName never changes after it was set. */
export class NoDoubleBind implements Checker {
  readonly name = 'no-double-bind';
  readonly sees: readonly FactType[] = ['object-changed'];
  readonly #nodes = new Map<string, string>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'object-changed' || seen.object.kind !== 'Pod') return undefined;
    const { metadata, spec } = seen.object as Pod;
    if (seen.change === 'DELETED') {
      this.#nodes.delete(metadata.uid);
      return undefined;
    }
    const bound = this.#nodes.get(metadata.uid);
    if (spec.nodeName !== undefined && spec.nodeName !== '') this.#nodes.set(metadata.uid, spec.nodeName);
    if (bound === undefined || bound === spec.nodeName) return undefined;
    const message = `pod ${metadata.namespace}/${metadata.name} was bound to ${bound} and is now on ${spec.nodeName ?? 'no node'}`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }
}
