import { drawHost, drawPair, moment, step, type SwarmFault } from '../fault.ts';

/** What is wrong with the ways between hosts. */
export const networkFaults: readonly SwarmFault[] = [
  {
    name: 'partition',
    draw(stage) {
      const kind = stage.random.pick(['halves', 'uniform', 'isolate', 'bridge', 'ring', 'random']);
      const oneWay = stage.random.chance(0.3) ? { 'one-way': true } : {};
      const heals = step(stage.atMillis + stage.random.between(100, 5000), { heal: 'all' });
      return [
        step(stage.atMillis, { partition: { kind, ...oneWay } }),
        ...(stage.random.chance(0.8) ? [heals] : []),
      ];
    },
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
    name: 'cut one way',
    draw(stage) {
      const [from, to] = drawPair(stage);
      return from === to ? [] : [step(stage.atMillis, { cut: { from, to } })];
    },
  },
  {
    name: 'flap',
    draw(stage) {
      const between = drawPair(stage);
      const every = moment(stage.random.between(50, 1000));
      const lasts = moment(stage.random.between(500, 5000));
      return between[0] === between[1]
        ? []
        : [step(stage.atMillis, { flap: { between: [...between], every, for: lasts } })];
    },
  },
  {
    name: 'clog',
    draw: (stage) => [
      step(stage.atMillis, {
        clog: { host: drawHost(stage), for: moment(stage.random.between(50, 4000)) },
      }),
    ],
  },
  {
    name: 'swizzle',
    draw: (stage) => [
      step(stage.atMillis, {
        swizzle: { host: 'servers', for: moment(stage.random.between(500, 6000)) },
      }),
    ],
  },
  {
    name: 'bad way',
    draw(stage) {
      const { random } = stage;
      const harm = random.pick([
        { loss: `${1 + random.integer(30)}%` },
        { latency: `1ms..${moment(random.between(20, 2000))}` },
        { bandwidth: `${64 + random.integer(2000)}kbit` },
        { slow: 2 + random.integer(20) },
      ]);
      const host = drawHost(stage);
      return [
        step(stage.atMillis, { network: { host, ...harm } }),
        step(stage.atMillis + random.between(200, 5000), { heal: host }),
      ];
    },
  },
  {
    name: 'reset',
    draw: (stage) => [step(stage.atMillis, { reset: { host: drawHost(stage) } })],
  },
  {
    name: 'half-open',
    draw(stage) {
      const [from, to] = drawPair(stage);
      return [step(stage.atMillis, { 'half-open': from === to ? { host: from } : { from, to } })];
    },
  },
  { name: 'heal', draw: (stage) => [step(stage.atMillis, { heal: 'all' })] },
];
