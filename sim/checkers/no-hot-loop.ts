import type { ApiObject } from '../../src/api/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

const windowMillis = 5000;
/** Changes in one window: so many for a group, and so many more for each of its objects that exist. */
const changesPerGroupMax = 50;
const changesPerObjectMax = 10;
/** Heartbeats and reports, which never come to rest. */
const restless: ReadonlySet<string> = new Set(['Lease', 'Event', 'Node']);

interface Group {
  /** Of the changes in the window, oldest first. */
  readonly times: number[];
  readonly alive: Set<string>;
}

/**
 * Controllers come to rest: the objects of one kind and owner do not change again and again faster than any
 * convergence explains. A loop that undoes its own work passes every check of the final state.
 */
export class NoHotLoop implements Checker {
  readonly name = 'no-hot-loop';
  readonly sees: readonly FactType[] = ['object-changed'];
  readonly #groups = new Map<string, Group>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'object-changed' || restless.has(seen.object.kind)) return undefined;
    const group = this.#groupOf(seen.object);
    const { uid, name, ownerReferences = [] } = seen.object.metadata;
    if (seen.change === 'DELETED') group.alive.delete(uid);
    else group.alive.add(uid);
    group.times.push(seen.atMillis);
    while (group.times[0]! < seen.atMillis - windowMillis) group.times.shift();
    const max = changesPerGroupMax + changesPerObjectMax * group.alive.size;
    if (group.times.length <= max) return undefined;
    const [owner] = ownerReferences;
    const message =
      `${group.times.length} changes in ${windowMillis} ms to the ${seen.object.kind} objects of ` +
      `${owner === undefined ? name : `${owner.kind} ${owner.name}`}, of which ${group.alive.size} exist`;
    return { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #groupOf({ kind, metadata }: ApiObject): Group {
    const key = `${kind} ${metadata.ownerReferences?.[0]?.uid ?? metadata.uid}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { times: [], alive: new Set() };
      this.#groups.set(key, group);
    }
    return group;
  }
}
