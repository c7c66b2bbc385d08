import { everywhere, type GroundAction } from './action.ts';
import {
  bandwidthRangeSchema,
  drawBytesPerSecond,
  drawNumber,
  drawsOf,
  drawShare,
  durationRangeSchema,
  millisBounds,
  rangeProblem,
  shareRangeSchema,
} from './ranges.ts';
import { wayProblem, wayProperties, wayRoles, waysOf, type Way } from './ways.ts';

interface NetworkFault extends Way {
  readonly loss?: string;
  readonly latency?: string;
  readonly bandwidth?: string;
  readonly slow?: number;
}

/**
 * `network: {from: leader, to: follower[0], loss: 10%, latency: 5ms..2s, bandwidth: 1Mbit, slow: 10}`: packets get lost and
 * come later, each takes a time out of the range, they queue where it is narrow, everything takes ten times as long.
 * Nothing is duplicated or reordered, for all of drydock's bytes travel in streams.
 */
export const network: GroundAction = {
  name: 'network',
  schema: {
    type: 'object',
    description: '{host: leader, loss: 10%}, or latency: 5ms..2s, bandwidth: 1Mbit, slow: 10',
    properties: {
      ...wayProperties,
      loss: shareRangeSchema,
      latency: durationRangeSchema,
      bandwidth: bandwidthRangeSchema,
      slow: { type: 'number', minimum: 1, maximum: 1000 },
    },
    additionalProperties: false,
  },
  roles: (value) => wayRoles(value as Way),
  check(value) {
    const fault = value as NetworkFault;
    const problem = wayProblem(fault) ?? rangeProblem(fault.latency, millisBounds);
    if (problem !== undefined) return problem;
    const { loss, latency, bandwidth, slow } = fault;
    return [loss, latency, bandwidth, slow].every((one) => one === undefined)
      ? 'does nothing; give it loss, latency, bandwidth or slow'
      : undefined;
  },
  real: everywhere,
  perform(value, stage) {
    const fault = value as NetworkFault;
    const random = drawsOf('network', value, stage);
    const { hosts, paths } = waysOf(fault, stage);
    for (const { faults } of paths) {
      if (fault.loss !== undefined) faults.lossProbability = drawShare(fault.loss, random);
      if (fault.latency !== undefined) faults.latencyMillis = millisBounds(fault.latency);
      if (fault.bandwidth !== undefined) faults.bytesPerSecond = drawBytesPerSecond(fault.bandwidth, random);
      if (fault.slow !== undefined) faults.slowness = drawNumber(fault.slow, random);
    }
    return hosts;
  },
};
