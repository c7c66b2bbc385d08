import type { Step } from './step.ts';

/**
 * Where drydock, which is as etcd 3.6 and 3.7 are, answers otherwise than the 3.5 that the tests can have. Nothing that is
 * not here is excused. `align` changes etcd's answer into the expected one, so that the rest of it is still compared.
 */
export interface KnownDifference {
  readonly reason: string;
  readonly align: (step: Step, etcd: unknown) => unknown;
}

export const knownDifferences: readonly KnownDifference[] = [];
