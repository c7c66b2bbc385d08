import { crashPoints } from '../../../src/platform/fault-points.ts';
import { drawHost, moment, step, type SwarmFault, type SwarmStage } from '../fault.ts';

/** A host that goes down comes back in its time, or only when all is healed. */
export function comesBack(
  { random, atMillis }: SwarmStage,
  host: string,
): readonly ReturnType<typeof step>[] {
  if (random.chance(0.2)) return [];
  // Mostly at once: what a quick restart finds in the page cache is not what a slow one finds on the platter.
  const after = random.chance(0.5) ? random.between(1, 50) : random.between(50, 4000);
  return [step(atMillis + after, { restart: host })];
}

/** What ends or stops the work of a host. */
export const hostFaults: readonly SwarmFault[] = [
  {
    name: 'power',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      return [step(stage.atMillis, { crash: host }), ...comesBack(stage, host)];
    },
  },
  { name: 'power of the leader', draw: (stage) => [step(stage.atMillis, { crash: 'leader' })] },
  {
    name: 'power of all',
    draw: (stage) => [
      step(stage.atMillis, { crash: 'servers' }),
      step(stage.atMillis + stage.random.between(1, 500), { restart: 'servers' }),
    ],
  },
  {
    name: 'power without a word',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      return [step(stage.atMillis, { crash: { host, silently: true } }), ...comesBack(stage, host)];
    },
  },
  {
    name: 'crash between two events',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const events = 1 + stage.random.integer(200);
      return [
        step(stage.atMillis, { crash: { host, 'after-events': events } }),
        step(stage.atMillis + stage.random.between(500, 3000), { restart: host }),
      ];
    },
  },
  {
    name: 'crash at a point',
    draw: (stage) => [
      step(stage.atMillis, {
        'crash-point': {
          host: stage.random.pick(stage.servers),
          point: stage.random.pick(crashPoints),
          nth: 1 + stage.random.integer(3),
          'restart-after': moment(stage.random.between(1, 2000)),
        },
      }),
    ],
  },
  {
    name: 'kill',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      return [step(stage.atMillis, { kill: host }), ...comesBack(stage, host)];
    },
  },
  {
    name: 'pause',
    draw: (stage) => [
      step(stage.atMillis, {
        pause: { host: drawHost(stage), for: moment(stage.random.between(100, 3500)) },
      }),
    ],
  },
  {
    name: 'rare branches',
    draw: (stage) => [
      step(stage.atMillis, { rare: { host: 'servers' } }),
      step(stage.atMillis + stage.random.between(500, 5000), { mend: 'servers' }),
    ],
  },
];
