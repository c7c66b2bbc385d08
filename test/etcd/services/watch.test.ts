import { describe, expect, test } from 'vitest';

import { encodeUtf8 } from '../../../src/base/bytes.ts';
import * as pb from '../../../src/etcd/proto/rpc.ts';
import { decodeWatchResponse } from '../../../src/etcd/wire/responses.ts';
import { encodeWatchRequest } from '../../../src/etcd/wire/requests.ts';
import type { WatchId } from '../../../src/etcd/wire/ids.ts';
import { Desk, settled, type TestCall } from './lone-member.ts';

const openWatch = (desk: Desk): TestCall => desk.open('/etcdserverpb.Watch/Watch', pb.WatchRequest, []);
const create = (watchId: WatchId, key: string, startRevision = 0): Uint8Array =>
  encodeWatchRequest({
    type: 'create',
    key,
    rangeEnd: '',
    startRevision,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId,
    fragment: false,
  });
const cancel = (watchId: WatchId): Uint8Array => encodeWatchRequest({ type: 'cancel', watchId });
const progress = encodeWatchRequest({ type: 'progress' });

/** What the stream has brought since the last look, each in a word or two. */
async function told(call: TestCall): Promise<string[]> {
  await settled();
  return call.messages.splice(0).map((bytes) => {
    const { watchId, created, canceled, compactRevision, cancelReason, events } = decodeWatchResponse(bytes);
    return [
      String(watchId),
      ...(created ? ['created'] : []),
      ...(canceled ? ['canceled'] : []),
      ...(compactRevision > 0 ? [`compacted ${compactRevision}`] : []),
      ...(cancelReason === '' ? [] : [cancelReason]),
      ...events.map(({ kv }) => `${kv.key}@${kv.modRevision}`),
    ].join(' ');
  });
}

async function put(desk: Desk, key: string): Promise<void> {
  await desk.member.propose({ type: 'put', request: { key, value: encodeUtf8('v'), lease: 0n as never } });
}

describe('Watch', () => {
  test('ids of any 64 bits, each told of its own', async () => {
    const desk = new Desk();
    const call = openWatch(desk);
    const ids = [-5, 7, 2n ** 63n - 1n, -(2n ** 63n), Number.MIN_SAFE_INTEGER];
    for (const id of ids) call.send(create(id, 'a'));
    call.send(create(2n ** 63n - 1n, 'a'));
    expect(await told(call)).toEqual([
      ...ids.map((id) => `${id} created`),
      '-1 created canceled mvcc: duplicate watch ID provided on the WatchStream',
    ]);
    await put(desk, 'a');
    expect((await told(call)).toSorted()).toEqual(ids.map((id) => `${id} a@2`).toSorted());
    for (const id of ids) call.send(cancel(id));
    expect(await told(call)).toEqual(ids.map((id) => `${id} canceled`));
  });

  test('one that a compaction has ended keeps its id, and its stream from progress, until it is cancelled', async () => {
    const desk = new Desk();
    for (let i = 0; i < 4; i++) await put(desk, 'a');
    await desk.member.propose({ type: 'compact', revision: 4 });
    const call = openWatch(desk);
    call.send(create(3, 'a', 2));
    call.send(create(4, 'a'));
    expect((await told(call)).toSorted()).toEqual(['3 canceled compacted 4', '3 created', '4 created']);
    call.send(progress);
    expect(await told(call)).toEqual([]);
    call.send(create(3, 'a'));
    expect(await told(call)).toEqual([
      '-1 created canceled mvcc: duplicate watch ID provided on the WatchStream',
    ]);
    call.send(cancel(3));
    expect(await told(call)).toEqual(['3 canceled']);
    call.send(progress);
    expect(await told(call)).toEqual(['-1']);
    call.send(cancel(3));
    expect(await told(call)).toEqual([]);
  });

  test('before the beginning of time is compacted, whoever asks, and whatever for', async () => {
    const desk = new Desk();
    const call = openWatch(desk);
    call.send(create(3, 'a', -1));
    call.send(create(3, 'a', -1));
    const refusal = '-1 created canceled etcdserver: mvcc: required revision has been compacted';
    expect(await told(call)).toEqual([refusal, refusal]);
  });
});
