import { setTimeout as sleep } from 'node:timers/promises';

import { Client, credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { methodOf } from '../etcd/differential/schema.ts';
import { deadly } from '../etcd/differential/scripts/bad-input.ts';
import { Side, type Answer } from '../etcd/differential/side.ts';
import type { UnaryStep } from '../etcd/differential/step.ts';
import { decode, encode, type Fields } from '../etcd/differential/wire.ts';
import { data, headers, hello, message } from '../grpc/wire.ts';
import { drydockServes, EtcdProcess, findTool, missingTool, type Flavour } from './etcd-process.ts';
import { base64, call, eventually, gateway } from './etcd-tools.ts';
import { RawConnection } from './raw-connection.ts';

/**
 * Requests that are too big, too many or make no sense, and clients that do not read, against real processes: the answer is etcd's, memory
 * has a bound, and everybody else is served. The same is expected of a real etcd where there is one.
 */

const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'what is answered to bad input is not held against a real etcd.');
const flavours: readonly Flavour[] = real ? ['drydock', 'etcd'] : ['drydock'];
const mebibyte = 1024 * 1024;

const x = (length: number): string => 'x'.repeat(length);
const invalidUtf8 = Uint8Array.from([0xff, 0xfe, 0x80]);
const putOp = (i: number): Fields => ({ request_put: { key: `many/${i}`, value: 'v' } });
const ranged = (count: number): Fields => (count === 0 ? {} : { count });

/** What is asked, and what of the answer must be so: `CODE MESSAGE`, or fields; `none` of these may be there. */
const requests: Readonly<Record<string, readonly [UnaryStep, string | RegExp | Fields]>> = {
  'a request above 1.5 MiB': [
    { call: 'KV.Put', request: { key: 'k', value: x(1.5 * mebibyte) } },
    '3 etcdserver: request is too large',
  ],
  'one just below': [{ call: 'KV.Put', request: { key: 'big', value: x(1.5 * mebibyte - 100) } }, {}],
  'a message above 2 MiB': [
    { call: 'KV.Put', request: { key: 'k', value: x(2_200_000) } },
    '8 grpc: received message larger than max (2200008 vs. 2097152)',
  ],
  '129 operations': [
    { call: 'KV.Txn', request: { success: Array.from({ length: 129 }, (_, i) => putOp(i)) } },
    '3 etcdserver: too many operations in txn request',
  ],
  '129 comparisons': [
    { call: 'KV.Txn', request: { compare: Array.from({ length: 129 }, () => ({ key: 'k', target: 0 })) } },
    '3 etcdserver: too many operations in txn request',
  ],
  '128 operations': [
    { call: 'KV.Txn', request: { success: Array.from({ length: 128 }, (_, i) => putOp(i)) } },
    { succeeded: true },
  ],
  'unknown fields': [
    { call: 'KV.Put', request: { key: 'k', value: 'v' }, raw: '\xf8\x07\x05\xfa\x07\x03abc' },
    {},
  ],
  'a field cut short': [{ call: 'KV.Put', raw: '\x0a\x05a' }, /^13 grpc: error unmarshalling request: .*EOF/],
  'no key': [{ call: 'KV.Range', request: {} }, '3 etcdserver: key is not provided'],
  'a limit of -1': [
    { call: 'KV.Range', request: { key: 'many/', range_end: 'many0', limit: -1 } },
    ranged(128),
  ],
  'an end before the key': [
    { call: 'KV.Range', request: { key: 'z', range_end: 'a' } },
    { none: ['kvs', 'count'] },
  ],
  'an end at the key': [
    { call: 'KV.Range', request: { key: 'k', range_end: 'k' } },
    { none: ['kvs', 'count'] },
  ],
  'an end before what is to be deleted': [
    { call: 'KV.DeleteRange', request: { key: 'z', range_end: 'a' } },
    { none: ['deleted'] },
  ],
  'a revision that will be': [
    { call: 'KV.Range', request: { key: 'k', revision: 2n ** 63n - 1n } },
    '11 etcdserver: mvcc: required revision is a future revision',
  ],
  'a time to live above the greatest': [
    { call: 'Lease.LeaseGrant', request: { TTL: 9_000_000_001 } },
    '11 etcdserver: too large lease TTL',
  ],
  'the greatest time to live': [
    { call: 'Lease.LeaseGrant', request: { TTL: 9_000_000_000, ID: 77 } },
    { TTL: 9_000_000_000 },
  ],
  'a time to live of -5': [
    { call: 'Lease.LeaseGrant', request: { TTL: -5, ID: 78 } },
    { ID: 78, TTL: 2 },
  ],
  'the least time to live': [
    { call: 'Lease.LeaseGrant', request: { TTL: -(2n ** 63n), ID: 79 } },
    { ID: 79, TTL: 2 },
  ],
  'a lease of -1': [
    { call: 'KV.Put', request: { key: 'k', value: 'v', lease: -1 } },
    '5 etcdserver: requested lease not found',
  ],
  'a name that is no text': [{ call: 'Auth.UserAdd', request: { name: invalidUtf8, password: 'x' } }, {}],
  'a URL that is no text': [
    { call: 'Cluster.MemberAdd', request: { peerURLs: [invalidUtf8] } },
    '3 etcdserver: given member URLs are invalid',
  ],
  'a compaction of the future': [
    { call: 'KV.Compact', request: { revision: 2n ** 63n - 1n } },
    '11 etcdserver: mvcc: required revision is a future revision',
  ],
  'a method that is none': [{ call: '/etcdserverpb.KV/Nothing' }, /^12 unknown method Nothing/],
  'a service that is none': [{ call: '/nothing.Nothing/Nothing' }, /^12 unknown service nothing.Nothing/],
};

const said = (answer: Answer): string | Fields =>
  'ok' in answer ? answer.ok : 'code' in answer ? `${answer.code} ${answer.message}` : '';

describe.skipIf(!drydockServes()).each(flavours)('bad requests to %s', { timeout: 120_000 }, (flavour) => {
  let side: Side;

  beforeAll(async () => {
    side = await Side.start({ flavour });
  });

  afterAll(() => side?.close());

  it('are answered as etcd answers them', async () => {
    for (const [name, [step, expected]] of Object.entries(requests)) {
      const answer = said(await side.unary(step));
      if (typeof expected === 'string') expect.soft(answer, name).toBe(expected);
      else if (expected instanceof RegExp) expect.soft(answer, name).toMatch(expected);
      else {
        const { none = [], ...fields } = expected;
        expect.soft(answer, name).toMatchObject(fields);
        for (const field of none as readonly string[]) expect.soft(answer, name).not.toHaveProperty(field);
      }
    }
    expect(side.process.running).toBe(true);
  });

  it('that ask for watches that cannot be are told so on the stream, which goes on', async () => {
    side.open('w', 'Watch.Watch');
    for (const request of [
      { key: 'z', range_end: 'a' },
      { key: 'a', range_end: 'a' },
      { key: 'a', watch_id: 7 },
      { key: 'b', watch_id: 7 },
      { key: 'k', filters: [-1, 99] },
    ]) {
      side.send('w', { create_request: request });
    }
    side.send('w', { cancel_request: { watch_id: 2n ** 63n - 1n } });
    const messages = (): readonly Fields[] => side.streams.get('w')!.messages;
    await eventually('five answers', async () => expect(messages().length).toBe(5));
    expect(
      messages().map(({ watch_id: id, canceled, cancel_reason: reason }) => [
        id ?? 0,
        canceled ?? false,
        reason,
      ]),
    ).toEqual([
      [-1, true, 'mvcc: watcher range is empty'],
      [-1, true, 'mvcc: watcher range is empty'],
      [7, false, undefined],
      [-1, true, 'mvcc: duplicate watch ID provided on the WatchStream'],
      [0, false, undefined],
    ]);
    await side.unary({ call: 'KV.Put', request: { key: 'k', value: 'v' } });
    await eventually('an event', async () => expect(messages().length).toBe(6));
    side.cancel('w');
  });
});

describe.skipIf(!drydockServes())('what a real etcd dies of', { timeout: 120_000 }, () => {
  it('drydock answers', async () => {
    const side = await Side.start({ flavour: 'drydock' });
    try {
      for (const step of deadly) if ('call' in step) await side.unary(step);
      expect(side.process.running, side.process.output).toBe(true);
      expect(said(await side.unary({ call: 'KV.Put', request: { key: 'k', value: 'v' } }))).toMatchObject({});
    } finally {
      await side.close();
    }
  });
});

const identity = (bytes: Buffer): Buffer => bytes;

/** A connection of its own, whose streams are read when a test says so. */
function connect(member: EtcdProcess): Client {
  return new Client(member.endpoint, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
  });
}

function openWatch(client: Client): ClientDuplexStream<Buffer, Buffer> {
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(methodOf('Watch.Watch').path, identity, identity);
  call.on('error', () => {});
  return call;
}

const eventsOf = (bytes: Uint8Array): readonly { readonly kv: Fields }[] =>
  (decode('WatchResponse', bytes)['events'] ?? []) as unknown as readonly { readonly kv: Fields }[];
const create = (request: Fields): Buffer => encode('WatchRequest', { create_request: request });

describe.skipIf(!drydockServes()).each(flavours)(
  'clients that ask for much of %s and do not read',
  (flavour) => {
    let member: EtcdProcess;
    const clients: Client[] = [];
    const deafConnection = (): Promise<RawConnection> =>
      RawConnection.open(member.ports.client, { silent: true });
    const connected = (): Client => {
      const client = connect(member);
      clients.push(client);
      return client;
    };

    beforeAll(async () => {
      member = await EtcdProcess.start({ flavour });
    });

    afterAll(async () => {
      for (const client of clients) client.close();
      await member?.close();
    });

    const put = (key: string, value: string): Promise<unknown> =>
      gateway(member, '/v3/kv/put', { key: base64(key), value: base64(value) });

    it('ten thousand watches on one stream: every event comes to each, in bounded memory', async () => {
      const watches = 10_000;
      await put('k', 'warm');
      const before = member.residentBytes;
      const stream = openWatch(connected());
      let created = 0;
      let events = 0;
      const seen = new Uint8Array(watches);
      stream.on('data', (bytes: Buffer) => {
        const response = decode('WatchResponse', bytes);
        if (response['created'] === true) created++;
        for (const _ of (response['events'] ?? []) as readonly Fields[]) {
          events++;
          seen[Number(response['watch_id'] ?? 0)]!++;
        }
      });
      for (let i = 0; i < watches; i++) stream.write(create({ key: 'k' }));
      await eventually('all to be made', async () => expect(created).toBe(watches));
      for (let i = 0; i < 3; i++) await put('k', `${i}`);
      await eventually('all events', async () => expect(events).toBe(3 * watches));
      expect(seen.every((count) => count === 3)).toBe(true);
      const grown = (member.residentBytes - before) / mebibyte;
      expect(grown).toBeLessThan(100);
      stream.cancel();
      await put('k', 'after');
    });

    it('thirty watchers that do not read: others go on, memory has a bound, and what was missed comes later', async () => {
      const events = 200;
      const value = x(100_000);
      await put('s', 'warm');
      const before = member.residentBytes;
      const watch = message(create({ key: 's/', range_end: 's0' }));
      const slow = await Promise.all(Array.from({ length: 30 }, () => deafConnection()));
      for (const connection of slow)
        connection.write(hello, headers(1, methodOf('Watch.Watch').path), data(1, watch, false));
      const quick = openWatch(connected());
      let quickEvents = 0;
      quick.on('data', (bytes: Buffer) => (quickEvents += eventsOf(bytes).length));
      quick.write(create({ key: 's/', range_end: 's0' }));
      await eventually('all to watch', async () => {
        const { text } = await call(`${member.clientUrl}/metrics`);
        expect(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(text)?.[1]).toBe('31');
      });
      let worstMillis = 0;
      for (let i = 0; i < events; i++) {
        const at = performance.now();
        await put(`s/${i % 10}`, `${i}:${value}`);
        worstMillis = Math.max(worstMillis, performance.now() - at);
      }
      await eventually('the quick one to have seen all', async () => expect(quickEvents).toBe(events), 5000);
      const grown = (member.residentBytes - before) / mebibyte;
      // All that was put is in there once or twice, whatever it is that keeps it, and not thirty times.
      expect(grown).toBeLessThan(250);
      expect(worstMillis).toBeLessThan(2000);

      // Two of them read now: all comes, in order.
      for (const connection of slow.slice(0, 2)) {
        connection.read(1);
        await eventually('all that was missed', async () => {
          const seen = connection.messages(1).flatMap(eventsOf);
          expect(seen.map(({ kv }) => Number.parseInt(String(kv['value']), 10))).toEqual(
            Array.from({ length: events }, (_, i) => i),
          );
        });
      }
      // What the others missed is compacted: each of them is told, after what was on its way.
      const { header } = await gateway<{ header: { revision: string } }>(member, '/v3/kv/range', {
        key: base64('s'),
      });
      await gateway(member, '/v3/kv/compaction', header);
      await put('s/0', 'after');
      for (const connection of slow.slice(2, 4)) {
        connection.read(1);
        await eventually('the end of the watch', async () => {
          const responses = connection.messages(1).map((bytes) => decode('WatchResponse', bytes));
          expect(responses.at(-1)).toMatchObject({
            canceled: true,
            compact_revision: Number(header.revision),
          });
        });
      }
      for (const connection of slow) connection.socket.destroy();
      quick.cancel();
    });

    it('twenty lists of 10 MB that nobody reads: others are answered, and memory has a bound', async () => {
      for (let i = 0; i < 100; i++) await put(`list/${i}`, x(100_000));
      const before = member.residentBytes;
      const request = message(encode('RangeRequest', { key: 'list/', range_end: 'list0' }));
      const deaf = await Promise.all(Array.from({ length: 20 }, () => deafConnection()));
      for (const connection of deaf)
        connection.write(hello, headers(1, methodOf('KV.Range').path), data(1, request));
      let worstMillis = 0;
      for (let i = 0; i < 20; i++) {
        const at = performance.now();
        await put('other', 'v');
        worstMillis = Math.max(worstMillis, performance.now() - at);
        await sleep(25);
      }
      const grown = (member.residentBytes - before) / mebibyte;
      expect(worstMillis).toBeLessThan(2000);
      expect(grown).toBeLessThan(500);
      for (const connection of deaf) connection.socket.destroy();
    });
  },
);
