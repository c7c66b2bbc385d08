import { World } from '../../sim/world.ts';
import { engine } from './engine.ts';

/** A short run whose hash another process must reproduce. */
export async function hashOfSmallRun(seed: number): Promise<string> {
  const world = new World({ seed, engine });
  const server = world.addHost('server');
  const client = world.addHost('client');
  server.boot(async ({ network, clock, random }) => {
    await network.http.serve(
      { host: 'server', port: 80 },
      async (request) => {
        await clock.sleep(random.integer(10));
        return { status: 200, headers: {}, body: request.body };
      },
      { tls: 'none' },
    );
  });
  client.boot(async ({ network, clock, random }) => {
    for (;;) {
      await clock.sleep(random.integer(50));
      const request = { method: 'POST', path: '/', headers: {}, body: random.bytes(8) };
      const { body } = await network.http.request({ host: 'server', port: 80 }, request, { tls: 'none' });
      world.trace('echo', client, String(body));
    }
  });
  return (await world.run({ forMillis: 1000 })).traceHash;
}
