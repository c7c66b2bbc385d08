import { describe, expect, it } from 'vitest';

import { historyLines } from '../../sim/history/history-lines.ts';
import { HistoryRecorder } from '../../sim/history/history-recorder.ts';
import { jepsenEdn } from '../../sim/history/jepsen-edn.ts';
import { porcupineJson } from '../../sim/history/porcupine-json.ts';
import type { KvOperation, KvOutcome } from '../../sim/kv-history.ts';
import { parseScenario } from '../../sim/scenario/parse-scenario.ts';
import { simulate } from '../../sim/simulation.ts';
import { verdict, type Fact } from './checkers-stories.ts';
import { engine } from './engine.ts';

function calls(client: string, operation: KvOperation, node?: string): Fact {
  return { type: 'client-call', client, operation, ...(node === undefined ? {} : { node }) };
}
function returns(client: string, outcome: KvOutcome): Fact {
  return { type: 'client-return', client, outcome };
}

/** A write and a read that overlap, a swap that fails, a write that nobody knows of, a range, a transaction, and one open call. */
const story: readonly (Fact | number)[] = [
  1,
  calls('client-1.0', { type: 'put', key: 'k', value: 'a "b"' }, 'server-1'),
  1.5,
  calls('client-2.0', { type: 'get', key: 'k' }, 'server-2'),
  2.000001,
  returns('client-1.0', { type: 'put', revision: 2 }),
  returns('client-2.0', { type: 'got', value: undefined, modRevision: 0, revision: 1 }),
  3,
  calls('client-1.0', { type: 'cas', key: 'k', from: undefined, to: 'c' }),
  returns('client-1.0', { type: 'cas', succeeded: false, revision: 2 }),
  4,
  calls('client-1.0', { type: 'put', key: 'k', value: 'd' }),
  returns('client-1.0', { type: 'unknown' }),
  5,
  calls('client-1.1', { type: 'range', key: 'k', rangeEnd: 'l' }),
  returns('client-1.1', {
    type: 'ranged',
    revision: 2,
    pairs: [{ key: 'k', value: 'a "b"', modRevision: 2 }],
    count: 1,
    more: false,
  }),
  6,
  calls('client-2.0', {
    type: 'txn',
    compare: [{ key: 'k', value: 'x' }],
    success: [{ type: 'put', key: 'k', value: 'e' }],
    failure: [
      { type: 'delete', key: 'k' },
      { type: 'get', key: 'k' },
    ],
  }),
  returns('client-2.0', {
    type: 'txn',
    revision: 3,
    succeeded: false,
    results: [
      { type: 'deleted', count: 1 },
      { type: 'got', value: undefined, modRevision: 0 },
    ],
  }),
  7,
  calls('client-2.0', { type: 'delete', key: 'k' }),
  returns('client-2.0', { type: 'refused' }),
  8,
  calls('client-2.0', { type: 'get', key: 'k' }),
];

function record(): HistoryRecorder['events'] {
  const recorder = new HistoryRecorder();
  expect(verdict(recorder, story)).toBeUndefined();
  return recorder.events;
}

describe('the history, for others', () => {
  it('as lines of JSON', () => {
    expect(historyLines(record())).toBe(
      [
        '{"index":0,"time_ns":1000000,"process":0,"type":"invoke","f":"write","key":"k","value":"a \\"b\\"","revision":null,"node":"server-1"}',
        '{"index":1,"time_ns":1500000,"process":1,"type":"invoke","f":"read","key":"k","value":null,"revision":null,"node":"server-2"}',
        '{"index":2,"time_ns":2000001,"process":0,"type":"ok","f":"write","key":"k","value":"a \\"b\\"","revision":2,"node":"server-1"}',
        '{"index":3,"time_ns":2000001,"process":1,"type":"ok","f":"read","key":"k","value":null,"revision":1,"node":"server-2"}',
        '{"index":4,"time_ns":3000000,"process":0,"type":"invoke","f":"cas","key":"k","value":[null,"c"],"revision":null,"node":null}',
        '{"index":5,"time_ns":3000000,"process":0,"type":"fail","f":"cas","key":"k","value":[null,"c"],"revision":2,"node":null}',
        '{"index":6,"time_ns":4000000,"process":0,"type":"invoke","f":"write","key":"k","value":"d","revision":null,"node":null}',
        '{"index":7,"time_ns":4000000,"process":0,"type":"info","f":"write","key":"k","value":"d","revision":null,"node":null}',
        '{"index":8,"time_ns":5000000,"process":2,"type":"invoke","f":"range","key":["k","l"],"value":null,"revision":null,"node":null}',
        '{"index":9,"time_ns":5000000,"process":2,"type":"ok","f":"range","key":["k","l"],"value":[["k","a \\"b\\""]],"revision":2,"node":null}',
        '{"index":10,"time_ns":6000000,"process":1,"type":"invoke","f":"txn","key":null,"value":[["w","k","e"]],"revision":null,"node":null}',
        '{"index":11,"time_ns":6000000,"process":1,"type":"ok","f":"txn","key":null,"value":[["w","k",null],["r","k",null]],"revision":3,"node":null}',
        '{"index":12,"time_ns":7000000,"process":1,"type":"invoke","f":"delete","key":"k","value":null,"revision":null,"node":null}',
        '{"index":13,"time_ns":7000000,"process":1,"type":"fail","f":"delete","key":"k","value":null,"revision":null,"node":null}',
        '{"index":14,"time_ns":8000000,"process":1,"type":"invoke","f":"read","key":"k","value":null,"revision":null,"node":null}',
        '',
      ].join('\n'),
    );
  });

  it("as Jepsen's EDN", () => {
    expect(jepsenEdn(record())).toBe(
      [
        '{:process 0, :type :invoke, :f :write, :value ["k" "a \\"b\\""], :time 1000000, :index 0}',
        '{:process 1, :type :invoke, :f :read, :value ["k" nil], :time 1500000, :index 1}',
        '{:process 0, :type :ok, :f :write, :value ["k" "a \\"b\\""], :time 2000001, :index 2}',
        '{:process 1, :type :ok, :f :read, :value ["k" nil], :time 2000001, :index 3}',
        '{:process 0, :type :invoke, :f :cas, :value ["k" [nil "c"]], :time 3000000, :index 4}',
        '{:process 0, :type :fail, :f :cas, :value ["k" [nil "c"]], :time 3000000, :index 5}',
        '{:process 0, :type :invoke, :f :write, :value ["k" "d"], :time 4000000, :index 6}',
        '{:process 0, :type :info, :f :write, :value ["k" "d"], :time 4000000, :index 7}',
        '{:process 2, :type :invoke, :f :range, :value [["k" "l"] nil], :time 5000000, :index 8}',
        '{:process 2, :type :ok, :f :range, :value [["k" "l"] [["k" "a \\"b\\""]]], :time 5000000, :index 9}',
        '{:process 1, :type :invoke, :f :txn, :value [[:w "k" "e"]], :time 6000000, :index 10}',
        '{:process 1, :type :ok, :f :txn, :value [[:w "k" nil] [:r "k" nil]], :time 6000000, :index 11}',
        '{:process 1, :type :invoke, :f :delete, :value ["k" nil], :time 7000000, :index 12}',
        '{:process 1, :type :fail, :f :delete, :value ["k" nil], :time 7000000, :index 13}',
        '{:process 1, :type :invoke, :f :read, :value ["k" nil], :time 8000000, :index 14}',
        '',
      ].join('\n'),
    );
  });

  it("as porcupine's operations", () => {
    const never = Number.MAX_SAFE_INTEGER;
    expect(porcupineJson(record())).toBe(
      [
        '[',
        '{"ClientId":0,"Input":{"Op":"write","Key":"k","Value":"a \\"b\\""},"Call":0,"Output":{"Value":"a \\"b\\"","Revision":2},"Return":2},',
        '{"ClientId":1,"Input":{"Op":"read","Key":"k","Value":null},"Call":1,"Output":{"Value":null,"Revision":1},"Return":3},',
        '{"ClientId":0,"Input":{"Op":"cas","Key":"k","Value":[null,"c"]},"Call":4,"Output":{"Value":[null,"c"],"Succeeded":false,"Revision":2},"Return":5},',
        `{"ClientId":0,"Input":{"Op":"write","Key":"k","Value":"d"},"Call":6,"Output":{"Value":"d","Unknown":true},"Return":${never}},`,
        '{"ClientId":2,"Input":{"Op":"range","Key":["k","l"],"Value":null},"Call":8,"Output":{"Value":[["k","a \\"b\\""]],"Revision":2},"Return":9},',
        '{"ClientId":1,"Input":{"Op":"txn","Key":null,"Value":[["w","k","e"]]},"Call":10,"Output":{"Value":[["w","k",null],["r","k",null]],"Succeeded":false,"Revision":3},"Return":11},',
        `{"ClientId":1,"Input":{"Op":"read","Key":"k","Value":null},"Call":14,"Output":{"Value":null,"Unknown":true},"Return":${never}}`,
        ']',
        '',
      ].join('\n'),
    );
  });
});

/** Some seconds of a store whose leader loses power. */
const scenario = `
name: store
cluster: {store: 3}
workload: {kv: {clients: 2, keys: 2, mix: {txn: 1, range: 1}}}
timeline:
  - {at: 1s, crash: leader, as: lost}
  - {at: 2s, restart: lost}
expect: {always: []}
duration: 4s
`;

async function play(): Promise<{ readonly recorder: HistoryRecorder; readonly lines: readonly string[] }> {
  const parsed = parseScenario(scenario, 'store.yaml', () => '');
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  const recorder = new HistoryRecorder();
  const lines: string[] = [];
  const raftTrace = (line: string): void => void lines.push(line);
  await simulate(parsed.value, { seed: 1, engine, recorders: [recorder], raftTrace });
  return { recorder, lines };
}

interface TraceLine {
  readonly tag: string;
  readonly event: { readonly name: string; readonly nid: string; readonly msg?: unknown };
}

describe('a run, written down', () => {
  it('is the same for the same seed, and keeps what processes and indexes promise', async () => {
    const { recorder, lines } = await play();
    const again = await play();
    expect(historyLines(again.recorder.events)).toBe(historyLines(recorder.events));
    expect(again.lines).toEqual(lines);
    const open = new Set<number>();
    const ended = new Set<number>();
    for (const [i, { index, process, type }] of recorder.events.entries()) {
      expect(index).toBe(i);
      expect(ended.has(process)).toBe(false);
      expect(open.has(process)).toBe(type !== 'invoke');
      if (type === 'invoke') open.add(process);
      else open.delete(process);
      if (type === 'info') ended.add(process);
    }
    expect(recorder.events.length).toBeGreaterThan(100);
    expect(new Set(recorder.events.map(({ node }) => node)).size).toBe(3);
  });

  it('tells the steps of Raft in causal order: what is received was sent before', async () => {
    const { lines } = await play();
    const events = lines.map((line) => (JSON.parse(line) as TraceLine).event);
    const sent = new Set<string>();
    let received = 0;
    for (const { name, msg } of events) {
      if (name.startsWith('Send')) sent.add(JSON.stringify(msg));
      if (!name.startsWith('Receive')) continue;
      received++;
      expect(sent).toContain(JSON.stringify(msg));
    }
    expect(received).toBeGreaterThan(100);
    expect(new Set(events.map(({ nid }) => nid)).size).toBe(3);
    expect(events.filter(({ name }) => name === 'BecomeLeader').length).toBeGreaterThanOrEqual(2);
    expect(events.filter(({ name }) => name === 'InitState').length).toBe(4);
  });
});
