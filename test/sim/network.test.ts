import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AssertionError } from '../../src/base/assert.ts';
import type { Link } from '../../src/platform/links.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

/** A server that collects what it gets on port 1, and a client with a link to it. */
async function linked(seed: number, network: object = {}) {
  const world = new World({ seed, engine, network });
  const server = world.addHost('server');
  const client = world.addHost('client');
  const got: unknown[] = [];
  const closed: string[] = [];
  let link: Link | undefined;
  server.boot(async (platform) => {
    await platform.network.links.listen({ host: 'server', port: 1 }, () => ({
      message: (message) => void got.push(message),
      closed: (reason) => void closed.push(`server ${reason}`),
    }));
  });
  client.boot(async (platform) => {
    await platform.clock.sleep(5);
    link = await platform.network.links.connect(
      { host: 'server', port: 1 },
      { message: () => {}, closed: (reason) => void closed.push(`client ${reason}`) },
    );
  });
  await world.run({ until: () => link !== undefined, forMillis: 10_000 });
  return { world, server, client, link: link!, got, closed };
}

describe('links', () => {
  it('deliver in order and without gaps, whatever is lost, clogged or cut for a while (P4)', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.array(fc.record({ at: fc.integer({ min: 0, max: 500 }), fault: fc.integer({ min: 0, max: 4 }) }), {
          maxLength: 8,
        }),
        async (seed, faults) => {
          const { world, server, client, link, got, closed } = await linked(seed, {
            lossProbability: 0.1,
            retransmitsMax: 50,
          });
          const sent: number[] = [];
          const send = (): void => {
            sent.push(sent.length);
            link.send(sent.length - 1);
            if (sent.length < 100) client.platform.clock.setTimer(5, send);
          };
          world.schedule(0, 'start', send);
          for (const { at, fault } of faults) {
            world.schedule(at, 'fault', () => {
              if (fault === 0) world.cut(client, server);
              else if (fault === 1) world.path(client, server).cut(world.now);
              else if (fault === 2) world.path(server, client).cut(world.now);
              else if (fault === 3) world.path(client, server).clog();
              else server.pause(40);
            });
          }
          world.schedule(600, 'heal', () => world.healAll());
          await world.run({ forMillis: 120_000 });
          expect(closed).toEqual([]);
          expect(got).toEqual(sent);
        },
      ),
      { numRuns: 40 },
    ));

  it('break at the sender when a cut lasts, and at the other end once a packet gets through again', async () => {
    const { world, server, client, link, got, closed } = await linked(1);
    world.cut(client, server);
    link.send('lost');
    await world.run({ forMillis: 20_000 });
    expect(closed).toEqual([expect.stringContaining('client ETIMEDOUT')]);
    world.heal(client, server);
    await world.run({ forMillis: 2_000 });
    expect(closed[1]).toContain('server ECONNRESET');
    expect(got).toEqual([]);
  });

  it('break at a sender whose acknowledgements are cut, though its data arrives', async () => {
    const { world, server, client, link, got, closed } = await linked(1);
    world.path(server, client).cut(world.now);
    link.send('arrives');
    await world.run({ forMillis: 20_000 });
    expect(got).toEqual(['arrives']);
    expect(closed[0]).toContain('client ETIMEDOUT');
  });

  it('assert that messages are plain data and stay unchanged, when asked to', async () => {
    const { link } = await linked(1, { checkMessages: true });
    expect(() => link.send({ when: new Date(0) })).toThrow(AssertionError);
    expect(() => link.send({ call: () => {} })).toThrow('message.call is a function');
    const message = { entries: [{ index: 1 }] };
    link.send(message);
    expect(() => (message.entries[0]!.index = 2)).toThrow(TypeError);
  });

  it('count what has not arrived as buffered', async () => {
    const { world, link } = await linked(1);
    expect(link.bufferedBytes()).toBe(0);
    link.send({ data: new Uint8Array(1000) });
    expect(link.bufferedBytes()).toBeGreaterThan(1000);
    await world.run({ forMillis: 100 });
    expect(link.bufferedBytes()).toBe(0);
  });
});

describe('addresses', () => {
  it('lead to the host that owns them, and loopback to the caller', async () => {
    const world = new World({ seed: 1, engine });
    const a = world.addHost('a', { addresses: ['10.0.0.1'], identity: { user: 'a', groups: [] } });
    const b = world.addHost('b', { addresses: ['10.0.0.2'] });
    world.addAddress(b, '10.1.0.7');
    const answers: Record<string, string> = {};
    const serve = async (host: typeof a, address: string, text: string): Promise<void> => {
      await host.platform.network.http.serve(
        { host: address, port: 80 },
        ({ remoteHost }) =>
          Promise.resolve({
            status: 200,
            headers: { from: remoteHost },
            body: new TextEncoder().encode(text),
          }),
        { tls: 'none' },
      );
    };
    a.boot(() => serve(a, '127.0.0.1', 'a itself'));
    b.boot(async () => {
      await serve(b, '10.0.0.2', 'b');
      await serve(b, '10.1.0.7', 'pod on b');
    });
    await world.run({ forMillis: 10 });
    world.schedule(0, 'ask', () => {
      for (const host of ['127.0.0.1', 'localhost', 'a', '10.0.0.2', '10.1.0.7', 'b', 'c']) {
        a.platform.network.http
          .request(
            { host, port: 80 },
            { method: 'GET', path: '/', headers: {}, body: new Uint8Array() },
            { tls: 'none' },
          )
          .then(
            ({ body, headers }) =>
              (answers[host] = `${new TextDecoder().decode(body as Uint8Array)} from ${headers['from']}`),
            (error: NetworkError) => (answers[host] = error.code),
          );
      }
    });
    await world.run({ forMillis: 60_000 });
    expect(answers).toEqual({
      '127.0.0.1': 'a itself from 127.0.0.1',
      localhost: 'a itself from 127.0.0.1',
      a: 'ECONNREFUSED',
      '10.0.0.2': 'b from a',
      '10.1.0.7': 'pod on b from a',
      b: 'ECONNREFUSED',
      c: 'EHOSTUNREACH',
    });
  });

  it('without power answer nothing, and with a dead process refuse', async () => {
    const world = new World({ seed: 1, engine });
    const a = world.addHost('a');
    const b = world.addHost('b');
    a.boot();
    b.boot();
    const codes: string[] = [];
    const dial = (): void => {
      a.platform.network.streams
        .connect(
          { host: 'b', port: 1 },
          { data() {}, drained() {}, ended() {}, closed() {} },
          { timeoutMillis: 3000 },
        )
        .catch((error: NetworkError) => codes.push(error.code));
    };
    world.schedule(10, 'dial', () => {
      b.kill();
      dial();
    });
    world.schedule(1000, 'dial', () => {
      b.crash();
      dial();
    });
    await world.run({ forMillis: 10_000 });
    expect(codes).toEqual(['ECONNREFUSED', 'ETIMEDOUT']);
  });
});
