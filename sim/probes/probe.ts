import type { FactType, Observation } from '../observations.ts';

/**
 * Something that a sweep must come to see sometimes, or it proves little (FoundationDB's CODE_PROBE, Antithesis'
 * Sometimes). One entry in registry.ts.
 */
export interface Probe {
  readonly name: string;
  /** What must have happened, as a sentence for the one whose sweep never saw it. */
  readonly about: string;
  /** The facts that it looks at. */
  readonly sees: readonly FactType[];
  /** A new eye for one run. It says true each time it sees what it is after. */
  begin(): (seen: Observation) => boolean;
}
