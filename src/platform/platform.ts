/**
 * platform/: the only way the world comes in. Interfaces, and nothing else: `platform/os` implements
 * them over Node.js, `sim/` over a virtual clock, network and disk.
 *
 * Boundary: above this folder no code touches `Date`, `Math.random`, timers, `process`, `crypto` or
 * `node:*`. A component is given one Platform and lives in that host's world.
 *
 * Invariants (held by both worlds, tested by test/platform/*.compliance.ts)
 *   P1  Callbacks and promise resolutions never run inside the call that asked for them.
 *   P2  Nothing is delivered to, or resolved for, a host that has crashed.
 *   P3  What `DiskFile.sync` acknowledged survives a power loss; what it did not may not.
 *   P4  Links and streams deliver in order and without gaps, or break.
 */

import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { FaultPoints } from './fault-points.ts';
import type { Logger } from './logger.ts';
import type { Network } from './network.ts';
import type { Processes } from './processes.ts';
import type { Random } from './random.ts';

export interface Platform {
  /** The name of this host; unique in its cluster. */
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly disk: Disk;
  readonly processes: Processes;
  readonly logger: Logger;
  /** Where a simulator may step in: at sea nothing does. */
  readonly faults: FaultPoints;
}
