import { expect, it } from 'vitest';

import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { recordSimulation, simulate } from '../../sim/simulation.ts';
import { engine } from './engine.ts';

const text = `
name: recorded
cluster: {store: 3, snapshot-entries: 50, catch-up-entries: 5}
workload: {kv: {clients: 3, keys: 2, watchers: 1, pause: 20ms}}
timeline:
  - {when: {leader: present}, crash: leader, as: lost}
  - {at: +2s, restart: lost}
  - {at: +1s, cut: 'follower[0]'}
expect: {always: [linearizable], liveness: 20s, finally: [{converged: true}]}
duration: 6s
`;

it('writes a run down without changing it', async () => {
  const parsed = parseScenario(text, 'recorded.yaml', () => '');
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  const options = { seed: 5, engine };
  const recording = await recordSimulation(parsed.value, text, options);
  expect(await simulate(parsed.value, options)).toEqual(recording.report);
  expect(recording.left).toEqual([]);
  expect(recording.hosts.filter(({ kind }) => kind === 'server')).toHaveLength(3);
  expect(recording.steps.map(({ action }) => action)).toEqual(['crash', 'restart', 'cut']);
  expect(recording.roles.some(({ role }) => role === 'leader')).toBe(true);
  const kinds = recording.messages.map(({ kind }) => recording.kinds[kind]);
  for (const kind of ['MsgApp', 'MsgAppResp', 'MsgVote', 'put', 'result']) expect(kinds).toContain(kind);
  // What was cut off never came; nearly all the rest did, and nothing before it was sent.
  const lost = recording.messages.filter(({ arrived }) => arrived < 0);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(recording.messages.length / 4);
  for (const { at, arrived } of recording.messages)
    if (arrived >= 0) expect(arrived).toBeGreaterThanOrEqual(at);
  for (const { called, returned } of recording.calls)
    if (returned >= 0) expect(returned).toBeGreaterThan(called);
  const down = recording.power.find(({ up }) => !up)!;
  expect(recording.power.find(({ at, host, up }) => up && host === down.host && at > down.at)).toBeDefined();
  expect(JSON.parse(JSON.stringify(recording))).toEqual(recording);
}, 60_000);
