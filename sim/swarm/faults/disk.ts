import { moment, step, type SwarmFault, type SwarmStage } from '../fault.ts';

/** Sets one fault of a disk, and heals it in its time. */
function passing(stage: SwarmStage, harm: object, healed: object): readonly ReturnType<typeof step>[] {
  const host = stage.random.pick(stage.servers);
  return [
    step(stage.atMillis, { disk: { host, ...harm } }),
    step(stage.atMillis + stage.random.between(200, 6000), { disk: { host, ...healed } }),
  ];
}

/** What is wrong with disks. Where they may destroy what was kept, sim/fault-atlas.ts decides. */
export const diskFaults: readonly SwarmFault[] = [
  {
    name: 'slow sync',
    draw: (stage) =>
      passing(stage, { 'slow-sync': moment(stage.random.between(50, 3000)) }, { 'slow-sync': '0ms' }),
  },
  {
    name: 'slow disk',
    draw: (stage) =>
      passing(
        stage,
        {
          'slow-read': moment(stage.random.between(1, 100)),
          'slow-write': moment(stage.random.between(1, 100)),
        },
        { 'slow-read': '0ms', 'slow-write': '0ms' },
      ),
  },
  {
    name: 'stall',
    draw: (stage) => [
      step(stage.atMillis, {
        disk: {
          host: stage.random.pick(stage.servers),
          stall: moment(stage.random.between(100, 5000)),
        },
      }),
    ],
  },
  {
    name: 'full disk',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const at = stage.atMillis + stage.random.between(500, 4000);
      const harm = stage.random.chance(0.5) ? { full: true } : { room: `${1 + stage.random.integer(20)}KiB` };
      return [
        step(stage.atMillis, { disk: { host, ...harm } }),
        step(at, { disk: { host, full: false } }),
        step(at + 1, { restart: host }),
      ];
    },
  },
  {
    name: 'a sync that fails once',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      return [
        step(stage.atMillis, { disk: { host, 'sync-error': 'once' } }),
        step(stage.atMillis + stage.random.between(100, 3000), { restart: host }),
      ];
    },
  },
  {
    name: 'errors',
    draw(stage) {
      const host = stage.random.pick(stage.servers);
      const kind = stage.random.pick(['read-error', 'write-error', 'sync-error']);
      const at = stage.atMillis + stage.random.between(100, 3000);
      return [
        step(stage.atMillis, { disk: { host, [kind]: `${1 + stage.random.integer(50)}%` } }),
        step(at, { mend: host }),
        step(at + 1, { restart: host }),
      ];
    },
  },
  {
    name: 'rot',
    destroys: true,
    draw: (stage) => [
      step(stage.atMillis, {
        disk: { host: stage.random.pick(stage.servers), rot: stage.random.pick(['any', 'wal', 'db']) },
      }),
    ],
  },
  {
    name: 'rot on read',
    destroys: true,
    draw: (stage) => passing(stage, { 'read-rot': `${1 + stage.random.integer(20)}%` }, { 'read-rot': '0%' }),
  },
  {
    name: 'misdirected writes',
    destroys: true,
    draw: (stage) => passing(stage, { misdirect: `${1 + stage.random.integer(20)}%` }, { misdirect: '0%' }),
  },
];
