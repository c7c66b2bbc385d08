import { drawHost, moment, step, type SwarmFault } from '../fault.ts';

/** What is wrong with clocks. */
export const clockFaults: readonly SwarmFault[] = [
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
  {
    name: 'clock strobe',
    draw: (stage) => [
      step(stage.atMillis, {
        clock: {
          host: drawHost(stage),
          strobe: {
            by: moment(stage.random.between(1, 5000)),
            every: moment(stage.random.between(10, 200)),
            for: moment(stage.random.between(200, 3000)),
          },
        },
      }),
    ],
  },
];
