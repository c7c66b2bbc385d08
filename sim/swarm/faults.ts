import { drawHost, drawPair, moment, step, type SwarmFault, type SwarmStage } from './fault.ts';

/** A host that goes down comes back in its time, or only when all is healed. */
function comesBack({ random, atMillis }: SwarmStage, host: string): readonly ReturnType<typeof step>[] {
  if (random.chance(0.2)) return [];
  // Mostly at once: what a quick restart finds in the page cache is not what a slow one finds on the platter.
  const after = random.chance(0.5) ? random.between(1, 50) : random.between(50, 4000);
  return [step(atMillis + after, { restart: host })];
}

/** The vocabulary of the swarm: each is drawn from its own corner of the timeline's. */
export const swarmFaults: readonly SwarmFault[] = [
  {
    name: 'power',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      return [step(stage.atMillis, { crash: host }), ...comesBack(stage, host)];
    },
  },
  {
    name: 'power of the leader',
    draw: (stage) => [step(stage.atMillis, { crash: 'leader' })],
  },
  {
    name: 'power of all',
    draw: (stage) => [
      step(stage.atMillis, { crash: 'servers' }),
      step(stage.atMillis + stage.random.between(1, 500), { restart: 'servers' }),
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
    name: 'isolation',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const heals = step(stage.atMillis + stage.random.between(100, 5000), { heal: host });
      return [step(stage.atMillis, { cut: host }), ...(stage.random.chance(0.8) ? [heals] : [])];
    },
  },
  {
    name: 'cut between two',
    draw(stage) {
      const [a, b] = drawPair(stage);
      return a === b ? [] : [step(stage.atMillis, { cut: [a, b] })];
    },
  },
  {
    name: 'cut one way',
    draw(stage) {
      const [from, to] = drawPair(stage);
      return from === to ? [] : [step(stage.atMillis, { cut: { from, to } })];
    },
  },
  {
    name: 'heal',
    draw: (stage) => [
      step(stage.atMillis, { heal: 'all' }),
      step(stage.atMillis, { disk: { host: 'servers', 'slow-sync': '0ms', full: false } }),
    ],
  },
  {
    name: 'slow sync',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const slow = moment(stage.random.between(50, 3000));
      return [
        step(stage.atMillis, { disk: { host, 'slow-sync': slow } }),
        step(stage.atMillis + stage.random.between(500, 6000), { disk: { host, 'slow-sync': '0ms' } }),
      ];
    },
  },
  {
    name: 'full disk',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const at = stage.atMillis + stage.random.between(500, 4000);
      return [
        step(stage.atMillis, { disk: { host, full: true } }),
        step(at, { disk: { host, full: false } }),
        step(at + 1, { restart: host }),
      ];
    },
  },
  {
    name: 'clock jump',
    draw(stage) {
      const millis = stage.random.between(-60_000, 60_000);
      const jump = `${millis < 0 ? '-' : '+'}${moment(Math.abs(millis))}`;
      return [step(stage.atMillis, { clock: { host: drawHost(stage), jump } })];
    },
  },
  {
    name: 'clock rate',
    draw: (stage) => [
      step(stage.atMillis, {
        clock: { host: drawHost(stage), rate: Math.round(stage.random.between(900, 1100)) / 1000 },
      }),
    ],
  },
];
