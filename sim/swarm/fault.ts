import type { RawStep } from '../scenario/read-timeline.ts';
import type { RandomStream } from '../random-streams.ts';

/** What a drawn fault may be done to. */
export interface SwarmStage {
  readonly random: RandomStream;
  /** `server-1`, `server-2`, … */
  readonly servers: readonly string[];
  /** Of the fault, in virtual milliseconds since the world began. */
  readonly atMillis: number;
}

/** A fault as the swarm draws it: steps of a timeline, the cure among them when it cures itself. */
export interface SwarmFault {
  readonly name: string;
  /** It may destroy what a disk was promised to keep. */
  readonly destroys?: true;
  draw(stage: SwarmStage): readonly RawStep[];
}

/** One server, or whoever leads: leaders have more to lose. */
export function drawHost({ random, servers }: SwarmStage): string {
  return random.chance(0.3) ? 'leader' : random.pick(servers);
}

export function drawPair({ random, servers }: SwarmStage): readonly [string, string] {
  const first = random.pick(servers);
  const others = servers.filter((name) => name !== first);
  return [first, others.length === 0 ? first : random.pick(others)];
}

/** A moment as the timeline writes it. */
export function moment(millis: number): string {
  return `${Math.round(millis)}ms`;
}

/** One step at `atMillis`, left out when it cannot be done then. */
export function step(atMillis: number, action: Readonly<Record<string, unknown>>): RawStep {
  return { at: moment(atMillis), ...action, else: 'skip' };
}
