import type { SwarmFault } from './fault.ts';
import { clockFaults } from './faults/clock.ts';
import { diskFaults } from './faults/disk.ts';
import { networkFaults } from './faults/network.ts';
import { hostFaults } from './faults/host.ts';

/** Everything that the swarm may draw. Each has a stream of its own, so that a new one leaves the others as they were. */
export const swarmFaults: readonly SwarmFault[] = [
  ...hostFaults,
  ...networkFaults,
  ...diskFaults,
  ...clockFaults,
];
