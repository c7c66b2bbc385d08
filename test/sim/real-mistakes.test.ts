import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';

const story = `name: real
modes: [sim, real]
cluster: {store: 3}
workload: {kv: {clients: 1, keys: 1}}
timeline:
  - {at: 1s, kill: leader, as: dead}
  - {at: +1s, restart: dead}
  - {at: +1s, network: {host: leader, latency: 5ms..20ms, loss: 5%}}
expect: {always: [linearizable]}
duration: 5s
`;

function mistakes(text: string): readonly string[] {
  const parsed = parseScenario(text, 's.yaml', () => '');
  return parsed.ok ? [] : parsed.error;
}

/** [a part of the story, what stands there instead, what is said] */
const rows: readonly (readonly [string, string, string])[] = [
  [
    'kill: leader',
    'disk: {host: leader, full: true}',
    's.yaml:6: disk is done in a simulated world only; remove it, or take `real` out of `modes`',
  ],
  [
    'kill: leader',
    'crash: {host: leader, after-events: 1..20}',
    's.yaml:6: crash waits for events, which real processes do not have; write `kill`, or take `real` out of `modes`',
  ],
  [
    'kill: leader',
    'crash: {host: leader, silently: true}',
    's.yaml:6: crash is silent, and the kernel of a killed process tells its peers; leave silently out, or take `real` out of `modes`',
  ],
  [
    'store: 3',
    'servers: 3, agents: 0',
    's.yaml:3: cluster has API servers, and real processes play members of the store alone; write `store: 3`, or take `real` out of `modes`',
  ],
  [
    'store: 3',
    'store: 3, spares: 1',
    's.yaml:3: cluster.spares are hosts for new members, which real processes do not get; remove it, or take `real` out of `modes`',
  ],
  ['[sim, real]', '[sim, reel]', 's.yaml:2: modes[1] is "reel"; allowed are sim, real; did you mean real?'],
];

describe('a scenario for real processes', () => {
  it('is told nothing where it is right, and nothing of this where it is for the simulator', () => {
    expect(mistakes(story)).toEqual([]);
    const forSim = story.replace('modes: [sim, real]\n', '');
    expect(mistakes(forSim.replace('kill: leader', 'disk: {host: leader, full: true}'))).toEqual([]);
  });

  for (const [from, to, sentence] of rows) {
    it(`${from} → ${to}`, () => expect(mistakes(story.replace(from, to))).toEqual([sentence]));
  }

  it('that is shipped can be played', () => {
    const files = readdirSync('scenarios').filter((name) => name.endsWith('.yaml'));
    const real = files.filter((name) =>
      readFileSync(`scenarios/${name}`, 'utf8').includes('modes: [sim, real]'),
    );
    expect(real).toContain('brief-outages.yaml');
    for (const name of real) expect(mistakes(readFileSync(`scenarios/${name}`, 'utf8'))).toEqual([]);
  });
});
