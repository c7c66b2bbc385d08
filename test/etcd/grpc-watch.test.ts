import { afterEach, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/base/bytes.ts';
import { GrpcEtcdClient } from '../../src/etcd/grpc-client.ts';
import * as pb from '../../src/etcd/proto/rpc.ts';
import { decodeWatchRequest, type WatchCall } from '../../src/etcd/wire/requests.ts';
import { GrpcServer } from '../../src/grpc/server.ts';
import type { ServerCall } from '../../src/grpc/service.ts';
import { eventually, WatchLog } from './etcd-client.compliance.ts';
import { osPlatform } from './etcd-member.ts';

/** What servers may do to a watch, and do seldom: a server that does as it is told. */

const platform = osPlatform();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Response = Parameters<typeof pb.WatchResponse.encode>[0];

/** The client counts its watches in small numbers. */
type Asked<T> = WatchCall & { readonly type: T; readonly watchId: T extends 'progress' ? never : number };

/** A Watch service whose answers are the test's. */
class Puppet {
  readonly requests: WatchCall[] = [];
  #call: ServerCall | undefined;
  streams = 0;

  static async start(): Promise<{ puppet: Puppet; etcd: GrpcEtcdClient }> {
    const puppet = new Puppet();
    const server = new GrpcServer(platform, {
      methods: new Map([
        [
          '/etcdserverpb.Watch/Watch',
          {
            open: (call) => {
              puppet.#call = call;
              puppet.streams++;
              return {
                message: (bytes) => void puppet.requests.push(decodeWatchRequest(bytes)!),
                halfClosed: () => {},
                cancelled: () => {},
                drained: () => {},
              };
            },
          },
        ],
      ]),
    });
    const http = async () => ({ status: 404, headers: {}, body: new Uint8Array(0) });
    const listener = await platform.network.http.serve({ host: '127.0.0.1', port: 0 }, http, {
      tls: 'none',
      http2: server.accept,
    });
    const etcd = new GrpcEtcdClient(platform, { endpoints: [listener.address] });
    closing.push(
      () => listener.close(),
      () => server.close(),
      () => etcd.close(),
    );
    return { puppet, etcd };
  }

  /** Waits for a request that follows all that were waited for, and takes it. */
  async next<T extends WatchCall['type']>(type: T): Promise<Asked<T>> {
    await eventually(`a request: ${type}`, () => this.requests.some((each) => each.type === type));
    const at = this.requests.findIndex((each) => each.type === type);
    return this.requests.splice(at, 1)[0] as Asked<T>;
  }

  say(revision: number, response: Partial<Response>): void {
    const header = { clusterId: 1n, memberId: 2n, revision, raftTerm: 3 };
    this.#call!.send(pb.WatchResponse.encode({ header, ...response }));
  }

  /** A length that is none. */
  nonsense(): void {
    this.#call!.send(Uint8Array.of(0x0a, 0xff, 0xff));
  }

  /** Ends the stream as a member on its way down does. */
  break(): void {
    this.requests.length = 0;
    this.#call!.end({ code: 14, message: 'etcdserver: server stopped' });
  }
}

const events = (...all: readonly (readonly [key: string, revision: number])[]): Pick<Response, 'events'> => ({
  events: all.map(([key, modRevision]) => ({
    type: 0,
    prevKv: undefined,
    kv: {
      key: encodeUtf8(key),
      value: new Uint8Array(0),
      modRevision,
      createRevision: modRevision,
      version: 1,
      lease: 0n,
    },
  })),
});
const told = (log: WatchLog): string[] => log.events.map(({ kv }) => `${kv.key}@${kv.modRevision}`);
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

it('puts fragments together, tells of whole revisions, and begins a broken one anew', async () => {
  const { puppet, etcd } = await Puppet.start();
  const log = WatchLog.start(etcd, { key: 'a', rangeEnd: 'z', startRevision: 5 });
  const { watchId, fragment, startRevision } = await puppet.next('create');
  expect([fragment, startRevision]).toEqual([true, 5]);
  puppet.say(9, { watchId, created: true });
  puppet.say(9, { watchId, fragment: true, ...events(['a', 5], ['b', 6]) });
  await eventually('the first revision', () => log.events.length === 1);
  puppet.say(9, { watchId, fragment: true, ...events(['c', 6]) });
  puppet.say(9, { watchId, ...events(['d', 6], ['e', 7]) });
  await eventually('the others', () => log.events.length === 5);
  expect(log.batches).toEqual([[5], [6, 6, 6, 7]]);
  puppet.say(9, { watchId, fragment: true, ...events(['f', 8]) });
  await quiet();
  puppet.break();

  const again = await puppet.next('create');
  expect(again.startRevision).toBe(8);
  puppet.say(8, { watchId: again.watchId, created: true });
  puppet.say(8, { watchId: again.watchId, ...events(['f', 8], ['g', 8]) });
  await eventually('the revision, whole', () => log.events.length === 7);
  expect(told(log).slice(5)).toEqual(['f@8', 'g@8']);
  expect(log.calls.filter((call) => call !== 'events')).toEqual(['created']);
});

it('is not taken back in time by a member that is behind', async () => {
  const { puppet, etcd } = await Puppet.start();
  const log = WatchLog.start(etcd, { key: 'a', rangeEnd: 'z' });
  const first = await puppet.next('create');
  puppet.say(5, { watchId: first.watchId, created: true });
  puppet.say(7, { watchId: first.watchId, ...events(['a', 6], ['b', 7]) });
  await eventually('both', () => log.events.length === 2);
  puppet.break();

  const { watchId, startRevision } = await puppet.next('create');
  expect(startRevision).toBe(8);
  log.watch.requestProgress();
  puppet.say(3, { watchId, created: true });
  await puppet.next('progress');
  // etcd#20221.
  puppet.say(3, { watchId: -1 });
  puppet.say(6, { watchId });
  puppet.say(6, { watchId, ...events(['a', 6]) });
  puppet.say(8, { watchId, ...events(['b', 7], ['c', 8]) });
  await eventually('what is new', () => log.events.length === 3);
  expect(told(log)).toEqual(['a@6', 'b@7', 'c@8']);
  expect(log.progress).toEqual([]);
  // It was not told, so the member is asked until it was.
  await puppet.next('progress');
  puppet.say(9, { watchId: -1 });
  await eventually('progress', () => log.progress.length === 1);
  expect(log.progress).toEqual([9]);
});

it('tells no watch of progress that was asked for before it was made', async () => {
  const { puppet, etcd } = await Puppet.start();
  const older = WatchLog.start(etcd, { key: 'a' });
  const a = await puppet.next('create');
  puppet.say(10, { watchId: a.watchId, created: true });
  await eventually('the older stands', () => older.created !== undefined);
  older.watch.requestProgress();
  await puppet.next('progress');
  const younger = WatchLog.start(etcd, { key: 'b', startRevision: 5 });
  younger.watch.requestProgress();
  const b = await puppet.next('create');
  await puppet.next('progress');
  // The newer response overtakes the older, which knows nothing of the younger watch: it has to catch up.
  puppet.say(10, { watchId: b.watchId, created: true });
  puppet.say(10, { watchId: -1 });
  await eventually('progress of the older', () => older.progress.length === 1);
  await quiet();
  expect(younger.progress).toEqual([]);
  puppet.say(10, { watchId: b.watchId, ...events(['b', 9]) });
  puppet.say(10, { watchId: -1 });
  await eventually('progress of the younger', () => younger.progress.length === 1);
  expect(younger.calls).toEqual(['created', 'events', 'progress']);
});

it('cancels a watch that the server says is compacted: etcd gives its stream no progress else', async () => {
  const { puppet, etcd } = await Puppet.start();
  const log = WatchLog.start(etcd, { key: 'a', startRevision: 2 });
  const other = WatchLog.start(etcd, { key: 'b' });
  const { watchId } = await puppet.next('create');
  puppet.say(9, { watchId, created: true });
  puppet.say(0, { watchId, canceled: true, compactRevision: 7 });
  expect((await puppet.next('cancel')).watchId).toBe(watchId);
  expect(log.closed).toEqual({
    compactRevision: 7,
    reason: 'etcdserver: mvcc: required revision has been compacted',
  });
  puppet.say(9, { watchId, canceled: true });
  other.watch.cancel();
  await quiet();
  expect(log.calls).toEqual(['created', 'closed']);
  expect(other.calls).toEqual([]);
});

it('knows whom a refusal is for, with the id of the watch and without', async () => {
  const { puppet, etcd } = await Puppet.start();
  const logs = ['a', 'b', 'c', 'd'].map((key) => WatchLog.start(etcd, { key }));
  const ids: number[] = [];
  for (const _ of logs) ids.push((await puppet.next('create')).watchId);
  const refusal = { created: true, canceled: true };
  puppet.say(1, { watchId: ids[0]!, created: true });
  puppet.say(1, { watchId: -1, ...refusal, cancelReason: 'no b' });
  puppet.say(1, { watchId: ids[3]!, ...refusal, cancelReason: 'no d' });
  puppet.say(1, { watchId: ids[2]!, created: true });
  await eventually('c stands', () => logs[2]?.created !== undefined);
  expect(logs.map(({ closed, created }) => closed?.reason ?? created)).toEqual([1, 'no b', 1, 'no d']);
  expect(puppet.streams).toBe(1);
});

it('leaves a server that talks nonsense, and holds its watches', async () => {
  const { puppet, etcd } = await Puppet.start();
  const log = WatchLog.start(etcd, { key: 'a' });
  const { watchId } = await puppet.next('create');
  puppet.say(4, { watchId, created: true });
  puppet.say(5, { watchId, cancelReason: 'x', ...events(['a', 5]) });
  await eventually('the first', () => log.events.length === 1);
  puppet.requests.length = 0;
  puppet.nonsense();
  const again = await puppet.next('create');
  expect(again.startRevision).toBe(6);
  expect(puppet.streams).toBe(2);
});
