import { mustParseQuantity } from '../../src/api/quantity.ts';
import type { Node, Pod } from '../../src/api/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

/** In nanos of their units: exact. */
type Amounts = ReadonlyMap<string, bigint>;

interface Bound {
  readonly name: string;
  readonly node: string;
  readonly requests: Amounts;
}

/**
 * What pods ask for never adds up to more than their node can give: asked whenever a pod is bound, of all pods on its node
 * that are not over. `pods` counts one each.
 */
export class NoOvercommit implements Checker {
  readonly name = 'no-overcommit';
  readonly sees: readonly FactType[] = ['object-changed'];
  readonly #allocatable = new Map<string, Amounts>();
  /** By uid. */
  readonly #bound = new Map<string, Bound>();

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'object-changed') return undefined;
    const { object, change } = seen;
    if (object.kind === 'Node') {
      const { metadata, status } = object as Node;
      if (change === 'DELETED') this.#allocatable.delete(metadata.name);
      else this.#allocatable.set(metadata.name, amountsOf(status?.allocatable));
      return undefined;
    }
    if (object.kind !== 'Pod') return undefined;
    const { metadata, spec, status } = object as Pod;
    const over = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    const node = spec.nodeName ?? '';
    if (change === 'DELETED' || over || node === '') {
      this.#bound.delete(metadata.uid);
      return undefined;
    }
    if (this.#bound.has(metadata.uid)) return undefined;
    this.#bound.set(metadata.uid, {
      name: `${metadata.namespace}/${metadata.name}`,
      node,
      requests: requestsOf(object as Pod),
    });
    const message = this.#problem(metadata.uid, node);
    return message === undefined ? undefined : { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #problem(uid: string, node: string): string | undefined {
    const allocatable = this.#allocatable.get(node);
    // Bound by whoever may name a node that is not there.
    if (allocatable === undefined) return undefined;
    const there = [...this.#bound.values()].filter((bound) => bound.node === node);
    const added = this.#bound.get(uid)!;
    for (const [resource, most] of allocatable) {
      if (added.requests.get(resource) === undefined) continue;
      const asked = there.reduce((sum, { requests }) => sum + (requests.get(resource) ?? 0n), 0n);
      if (asked <= most) continue;
      return `${added.name} was bound to ${node}, whose ${there.length} pods then ask for ${units(asked)} of ${resource}, but it has ${units(most)}`;
    }
    return undefined;
  }
}

const nanosPerUnit = 1_000_000_000n;

function amountsOf(list: Readonly<Record<string, string>> = {}): Amounts {
  return new Map(Object.entries(list).map(([name, text]) => [name, mustParseQuantity(text).nanos]));
}

/** Of all containers together; what one container asks for to begin with is no more than that in these clusters. */
function requestsOf({ spec }: Pod): Amounts {
  const sums = new Map<string, bigint>([['pods', nanosPerUnit]]);
  for (const { resources } of spec.containers) {
    for (const [name, nanos] of amountsOf(resources?.requests))
      sums.set(name, (sums.get(name) ?? 0n) + nanos);
  }
  return sums;
}

function units(nanos: bigint): string {
  return String(Number(nanos) / Number(nanosPerUnit));
}
