import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FaultHits } from '../../sim/fault-hits.ts';
import { RandomStream } from '../../sim/random-streams.ts';
import { recognizePeer } from '../../src/cli/sim/real/peer-greeting.ts';
import { Relay, type Ways } from '../../src/cli/sim/real/relay.ts';
import { RelayPath } from '../../src/cli/sim/real/relay-path.ts';

const shortMillis = 60;
/** Resolves when its end, good or bad, is there; `once` would reject. */
const over = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('end', () => resolve());
    socket.once('close', () => resolve());
  });
const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

let hits: FaultHits;
let there: RelayPath;
let back: RelayPath;
let server: Server;
let relay: Relay;
let near: Socket;
/** The other end. */
let far: Socket;
let heardNear: string;
let heardFar: string;

beforeEach(async () => {
  hits = new FaultHits();
  there = new RelayPath(new RandomStream('there'), hits);
  back = new RelayPath(new RandomStream('back'), hits);
  const ways: Ways = { there, back };
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  relay = await Relay.open({ host: '127.0.0.1', port }, () => () => ways);
  near = connect(relay.address);
  near.on('error', () => {});
  [far] = (await accepted) as [Socket];
  far.on('error', () => {});
  [heardNear, heardFar] = ['', ''];
  near.on('data', (bytes) => (heardNear += bytes.toString()));
  far.on('data', (bytes) => (heardFar += bytes.toString()));
});

afterEach(() => {
  near.destroy();
  far.destroy();
  relay.close();
  server.close();
});

describe('a relay', () => {
  it('hands on what is said, both ways, and its end', async () => {
    near.write('hello');
    far.write('world');
    await expect.poll(() => [heardNear, heardFar]).toEqual(['world', 'hello']);
    near.end('!');
    await once(far, 'end');
    expect(heardFar).toBe('hello!');
    far.end('?');
    await once(near, 'close');
    expect(heardNear).toBe('world?');
  });

  it('holds what goes a way that is cut, and nothing that comes back', async () => {
    there.cut();
    near.write('a');
    far.write('b');
    await expect.poll(() => heardNear).toBe('b');
    near.write('c');
    await sleep(shortMillis);
    expect(heardFar).toBe('');
    expect(hits.count('packet-cut')).toBeGreaterThan(0);
    there.heal();
    await expect.poll(() => heardFar).toBe('ac');
  });

  it('tells the other end of a loss only when the way is open', async () => {
    there.clog();
    near.write('last words');
    near.resetAndDestroy();
    let closed = false;
    void over(far).then(() => (closed = true));
    await sleep(shortMillis);
    expect([heardFar, closed]).toEqual(['', false]);
    there.unclog();
    await expect.poll(() => closed).toBe(true);
    expect(heardFar).toBe('last words');
  });

  it('takes its time where it is slow, and lets nothing overtake', async () => {
    there.faults.latencyMillis = [100, 101];
    const startedAt = performance.now();
    near.write('slow ');
    await sleep(20);
    there.faults.latencyMillis = undefined;
    near.write('quick');
    await expect.poll(() => heardFar).toBe('slow quick');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99);
  });

  it('queues where it is narrow', async () => {
    there.faults.bytesPerSecond = 100_000;
    const startedAt = performance.now();
    near.write('x'.repeat(20_000));
    await expect.poll(() => heardFar.length, { timeout: 3000 }).toBe(20_000);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190);
  });

  it('does not read on while too much waits', async () => {
    there.clog();
    const bytes = 8 * 1024 * 1024;
    near.write('x'.repeat(bytes));
    await sleep(shortMillis);
    // What did not fit into the relay and the kernels is still with the sender.
    expect(near.writableLength).toBeGreaterThan(0);
    there.unclog();
    await expect.poll(() => heardFar.length, { timeout: 5000 }).toBe(bytes);
  });

  it('breaks connections at both ends when it is told to', async () => {
    const closed = Promise.all([over(near), over(far)]);
    there.resetConnections();
    await closed;
    expect(hits.count('connection-reset')).toBe(1);
    // The way is gone with the connection.
    there.resetConnections();
    expect(hits.count('connection-reset')).toBe(1);
  });

  it('refuses whom nobody listens to', async () => {
    server.close();
    far.destroy();
    const late = connect(relay.address);
    late.on('error', () => {});
    await over(late);
  });

  it(
    'breaks a connection whose bytes nobody takes for five seconds, at their sender',
    { timeout: 10_000 },
    async () => {
      there.cut();
      near.write('anybody?');
      let farClosed = false;
      void over(far).then(() => (farClosed = true));
      await once(near, 'close');
      await sleep(shortMillis);
      expect(farClosed).toBe(false);
      there.mend();
      await expect.poll(() => farClosed).toBe(true);
    },
  );
});

describe('the greeting of a link', () => {
  const ways = {} as Ways;
  const other = {} as Ways;
  const members = new Map([
    ['3de1c807f6dad092', ways],
    ['3de1c607f6dacd2c', other],
  ]);
  const head = Buffer.from('GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n');

  function frame(text: string): Buffer {
    const mask = Buffer.from([1, 2, 3, 4]);
    const payload = Buffer.from(text).map((byte, i) => byte ^ mask[i % 4]!);
    const size =
      payload.length < 126
        ? Buffer.from([0x80 | payload.length])
        : Buffer.from([0xfe, payload.length >> 8, payload.length & 0xff]);
    return Buffer.concat([Buffer.from([0x82]), size, mask, payload]);
  }

  it('names its sender, in whatever pieces it comes', () => {
    for (const padding of ['', 'x'.repeat(200)]) {
      const bytes = Buffer.concat([head, frame(`hello ${padding} 3de1c607f6dacd2c`)]);
      expect(recognizePeer(members)(bytes)).toBe(other);
      const recognize = recognizePeer(members);
      const told = [...bytes].map((byte) => recognize(Buffer.from([byte])));
      expect(told.findIndex((one) => one !== undefined)).toBe(bytes.length - 1);
    }
  });

  it('may be somebody else’s', () => {
    expect(recognizePeer(members)(Buffer.concat([head, frame('hello 12345')]))).toBeUndefined();
    expect(recognizePeer(members)(Buffer.from('GET / HTTP/1.1\r\n'))).toBeUndefined();
  });
});
