import { setTimeout as sleep } from 'node:timers/promises';

import { Connection, type Method } from './connection.ts';
import { h2load } from './h2load.ts';
import type { Workplace } from './processes.ts';
import { keyCount, keyOf, putLoad, putRequests, value } from './put-load.ts';
import {
  compact,
  compactRequest,
  emptyRequest,
  put,
  putRequest,
  range,
  rangeFigures,
  rangeRequest,
  revisionOf,
  status,
} from './requests.ts';
import { Store, type Contestant } from './store.ts';
import { watchLoad } from './watch-load.ts';

/** What is aimed at: a ratio drydock ÷ etcd, or a figure of drydock's own. */
export interface Target {
  readonly of: 'ratio' | 'drydock';
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

/** One line of the table. A row without a target is there to be known. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly target?: Target;
}

/** Figures by the id of their row. */
export type Figures = Readonly<Record<string, number>>;

export interface CaseContext {
  readonly contestant: Contestant;
  readonly workplace: Workplace;
  readonly h2loadProgram: string;
  /** How long a load lasts. */
  readonly seconds: number;
  /** A tenth of the work where it is counted, not timed. */
  readonly quick: boolean;
}

/** Which store a case works on: one preloaded member or three of them, kept for all rounds, or none. */
export type Fixture = 'one' | 'three' | 'none';

export interface BenchCase {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly fixture: Fixture;
  /** Cases that take long are measured once. */
  readonly once?: boolean;
  readonly measure: (context: CaseContext, store: Store | undefined) => Promise<Figures>;
}

/** Where the keys of the `one` fixture are. */
const listPrefix = 'list/';
const inFlight = 256;
const connections = 8;

const atLeast = (ratio: number): Target => ({ of: 'ratio', bound: 'at least', value: ratio });
const atMost = (ratio: number): Target => ({ of: 'ratio', bound: 'at most', value: ratio });

/** Starts a store with 10,000 keys of 256 bytes in it. */
export async function preloadedStore(
  contestant: Contestant,
  workplace: Workplace,
  memberCount: number,
): Promise<Store> {
  const store = await Store.start(contestant, workplace, memberCount);
  const port = await store.leaderPort();
  await putLoad({ port, requests: putRequests(listPrefix), connections, inFlight: 32, count: keyCount });
  return store;
}

function must(store: Store | undefined): Store {
  if (store === undefined) throw new Error('this case needs a store');
  return store;
}

/** One answered request, by a connection of its own. */
async function ask(port: number, method: Method, body: Buffer): Promise<Buffer> {
  const connection = await Connection.open(port);
  try {
    return await connection.unary(method, body);
  } finally {
    connection.close();
  }
}

/** Server CPU per operation, in microseconds, of what happens in `work`. */
async function withCpu<T>(
  store: Store,
  operations: (result: T) => number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpu: number }> {
  const before = store.cpuMillis();
  const result = await work();
  store.assertAlive();
  return { result, cpu: ((store.cpuMillis() - before) * 1000) / operations(result) };
}

interface ReadOptions {
  readonly name: string;
  readonly title: string;
  readonly target: Target;
  readonly cpuTarget?: Target;
  readonly body: Buffer;
  readonly connections: number;
  readonly inFlight: number;
  /** What the response must hold. */
  readonly kvs: number;
  readonly count: number;
}

/** One range request, sent by h2load. Each response must have as many bytes as the one whose content was checked. */
function readCase(options: ReadOptions): BenchCase {
  const { name, body } = options;
  return {
    name,
    fixture: 'one',
    rows: [
      { id: name, title: options.title, unit: 'req/s', target: options.target },
      {
        id: `${name}-cpu`,
        title: '  server CPU per request',
        unit: 'µs',
        ...(options.cpuTarget !== undefined && { target: options.cpuTarget }),
      },
    ],
    async measure({ workplace, h2loadProgram, seconds }, fixture) {
      const store = must(fixture);
      const port = await store.leaderPort();
      const sample = await ask(port, range, body);
      const { kvs, count } = rangeFigures(sample);
      if (kvs !== options.kvs || count !== options.count) {
        throw new Error(
          `${name}: ${kvs} keys and count ${count} instead of ${options.kvs} and ${options.count}`,
        );
      }
      const { result, cpu } = await withCpu(
        store,
        ({ done }) => done,
        () => h2load(workplace, { ...options, program: h2loadProgram, port, method: range, seconds }),
      );
      const whole = (sample.length + 5) * result.done;
      const cutOff = (sample.length + 5) * options.connections * options.inFlight;
      if (result.dataBytes < whole || result.dataBytes > whole + cutOff) {
        throw new Error(
          `${name}: ${result.dataBytes} bytes of responses instead of ${whole}: not all were OK`,
        );
      }
      return { [name]: result.perSecond, [`${name}-cpu`]: cpu };
    },
  };
}

const firstKey = keyOf(listPrefix, 0);

const reads: readonly BenchCase[] = [
  readCase({
    name: 'range',
    title: 'range of one key, linearizable, 256 in flight over 8 connections',
    target: atLeast(3),
    cpuTarget: atMost(0.3),
    body: rangeRequest(firstKey),
    connections,
    inFlight: inFlight / connections,
    kvs: 1,
    count: 1,
  }),
  readCase({
    name: 'range-serializable',
    title: 'range of one key, serializable, 256 in flight over 8 connections',
    target: atLeast(3),
    cpuTarget: atMost(0.3),
    body: rangeRequest(firstKey, { serializable: true }),
    connections,
    inFlight: inFlight / connections,
    kvs: 1,
    count: 1,
  }),
  readCase({
    name: 'list',
    title: 'list of 10,000 keys of 256 B, 4 clients',
    target: atLeast(5),
    body: rangeRequest(listPrefix, { prefix: true }),
    connections: 4,
    inFlight: 1,
    kvs: keyCount,
    count: keyCount,
  }),
  readCase({
    name: 'page',
    title: 'page of 500 out of 10,000 keys of 256 B, 16 clients',
    target: atLeast(10),
    body: rangeRequest(listPrefix, { prefix: true, limit: 500 }),
    connections: 16,
    inFlight: 1,
    kvs: 500,
    count: keyCount,
  }),
];

const start: BenchCase = {
  name: 'start',
  fixture: 'none',
  rows: [
    {
      id: 'start',
      title: 'process start to ready, empty',
      unit: 'ms',
      target: { of: 'drydock', bound: 'at most', value: 500 },
    },
    {
      id: 'restart',
      title: 'process start to ready, after 100,000 puts',
      unit: 'ms',
      target: { of: 'drydock', bound: 'at most', value: 500 },
    },
  ],
  async measure({ contestant, workplace, quick }) {
    const store = await preloadedStore(contestant, workplace, 1);
    const port = await store.leaderPort();
    const count = quick ? 10_000 : 90_000;
    await putLoad({ port, requests: putRequests(listPrefix), connections, inFlight: 32, count });
    const again = await store.restart();
    const { kvs } = rangeFigures(
      await ask(await again.leaderPort(), range, rangeRequest(listPrefix, { prefix: true })),
    );
    await again.remove();
    if (kvs !== keyCount) throw new Error(`start: ${kvs} keys after a restart instead of ${keyCount}`);
    return { start: store.startMillis, restart: again.startMillis };
  },
};

const putMany: BenchCase = {
  name: 'put',
  fixture: 'one',
  rows: [
    {
      id: 'put',
      title: 'put of 256 B to 10,000 keys, 256 in flight over 8 connections',
      unit: 'req/s',
      target: atLeast(2),
    },
    { id: 'put-cpu', title: '  server CPU per put', unit: 'µs', target: atMost(0.4) },
  ],
  async measure({ seconds }, fixture) {
    const store = must(fixture);
    const port = await store.leaderPort();
    const requests = putRequests('put/');
    const { result, cpu } = await withCpu(
      store,
      ({ done }) => done,
      () => putLoad({ port, requests, connections, inFlight: inFlight / connections, seconds }),
    );
    return { put: result.done / result.seconds, 'put-cpu': cpu };
  },
};

/** The same with the load generator that everybody has. */
const putOneKey: BenchCase = {
  name: 'put-h2load',
  fixture: 'one',
  rows: [
    {
      id: 'put-h2load',
      title: 'the same to one key, by h2load',
      unit: 'req/s',
      target: atLeast(2),
    },
    { id: 'put-h2load-cpu', title: '  server CPU per put', unit: 'µs', target: atMost(0.4) },
  ],
  async measure({ workplace, h2loadProgram, seconds }, fixture) {
    const store = must(fixture);
    const port = await store.leaderPort();
    const { result, cpu } = await withCpu(
      store,
      ({ done }) => done,
      () => puts(workplace, { program: h2loadProgram, port, seconds, connections, inFlight: 32 }),
    );
    return { 'put-h2load': result.perSecond, 'put-h2load-cpu': cpu };
  },
};

const putOne: BenchCase = {
  name: 'put-one',
  fixture: 'one',
  rows: [
    { id: 'put-one', title: 'put of 256 B, 1 client: p50 latency', unit: 'ms', target: atMost(1) },
    { id: 'put-one-p99', title: '  p99 latency', unit: 'ms' },
  ],
  async measure({ workplace, h2loadProgram, seconds }, fixture) {
    const port = await must(fixture).leaderPort();
    const { latencies } = await puts(workplace, {
      program: h2loadProgram,
      port,
      seconds,
      connections: 1,
      inFlight: 1,
      latencies: true,
    });
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)]!;
    return { 'put-one': at(0.5), 'put-one-p99': at(0.99) };
  },
};

/** h2load does not look at grpc-status: that every put was made is seen by the revision. */
async function puts(
  workplace: Workplace,
  options: Omit<Parameters<typeof h2load>[1], 'method' | 'body'>,
): ReturnType<typeof h2load> {
  const revision = async (): Promise<number> => revisionOf(await ask(options.port, status, emptyRequest));
  const before = await revision();
  const figures = await h2load(workplace, { ...options, method: put, body: putRequest('put/one', value) });
  const made = (await revision()) - before;
  const cutOff = options.connections * options.inFlight;
  if (made < figures.done || made > figures.done + cutOff) {
    throw new Error(`${made} puts were made, and ${figures.done} answered`);
  }
  return figures;
}

const watches: BenchCase = {
  name: 'watch',
  fixture: 'one',
  rows: [
    {
      id: 'watch',
      title: '100 watchers of one prefix on 10 streams, 256 puts in flight',
      unit: 'events/s',
      target: atLeast(3),
    },
    { id: 'watch-cpu', title: '  server CPU per event', unit: 'µs' },
  ],
  async measure({ quick }, fixture) {
    const store = must(fixture);
    const port = await store.leaderPort();
    const { result, cpu } = await withCpu(
      store,
      ({ events }) => events,
      () =>
        watchLoad({
          port,
          prefix: 'watch/',
          streams: 10,
          watchersPerStream: 10,
          puts: quick ? 5_000 : 20_000,
          putsInFlight: inFlight,
        }),
    );
    return { watch: result.events / result.seconds, 'watch-cpu': cpu };
  },
};

const three: BenchCase = {
  name: 'three',
  fixture: 'three',
  rows: [
    {
      id: 'three',
      title: '3 members on this machine: put of 256 B to the leader, 256 in flight',
      unit: 'req/s',
      target: atLeast(1.5),
    },
    { id: 'three-cpu', title: '  CPU of all members per put', unit: 'µs' },
  ],
  async measure({ seconds }, fixture) {
    const store = must(fixture);
    const port = await store.leaderPort();
    const requests = putRequests('put/');
    const { result, cpu } = await withCpu(
      store,
      ({ done }) => done,
      () => putLoad({ port, requests, connections, inFlight: inFlight / connections, seconds }),
    );
    return { three: result.done / result.seconds, 'three-cpu': cpu };
  },
};

const settleMillis = 3_000;
const mebibyte = 1024 ** 2;

const memory: BenchCase = {
  name: 'memory',
  fixture: 'none',
  once: true,
  rows: [
    {
      id: 'memory',
      title: 'resident memory after 500,000 puts of 256 B to 10,000 keys',
      unit: 'MiB',
      target: atMost(1.5),
    },
    { id: 'memory-anonymous', title: '  without mapped files', unit: 'MiB' },
    { id: 'memory-compacted', title: '  after compaction', unit: 'MiB', target: atMost(1.5) },
    { id: 'memory-compacted-anonymous', title: '  after compaction, without mapped files', unit: 'MiB' },
  ],
  async measure({ contestant, workplace, quick }) {
    const store = await Store.start(contestant, workplace);
    const port = await store.leaderPort();
    const count = quick ? 50_000 : 500_000;
    await putLoad({
      port,
      requests: putRequests('put/'),
      connections,
      inFlight: inFlight / connections,
      count,
    });
    await sleep(settleMillis);
    const before = store.residentBytes();
    await ask(port, compact, compactRequest(count));
    await sleep(settleMillis);
    const after = store.residentBytes();
    store.assertAlive();
    await store.remove();
    return {
      memory: before.total / mebibyte,
      'memory-anonymous': before.anonymous / mebibyte,
      'memory-compacted': after.total / mebibyte,
      'memory-compacted-anonymous': after.anonymous / mebibyte,
    };
  },
};

/** In the order in which they are run: reads first, while there is little history. */
export const cases: readonly BenchCase[] = [
  start,
  ...reads,
  putMany,
  putOneKey,
  putOne,
  watches,
  three,
  memory,
];
