import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Lease } from '../../src/api/types.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import { LeaderElector } from '../../src/client/leader-elector.ts';
import { FakeApiServer, failure } from './fake-api-server.ts';
import { createFakePlatform, FakeClock, FakeHttp, FakeRandom } from './fake-platform.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/scheduler';
const timing = { leaseDurationMillis: 15_000, renewDeadlineMillis: 10_000, retryPeriodMillis: 2_000 };

/** Candidates that share one clock and one server; each is connected by a port of its own. */
function setup(identities: readonly string[], seed = 1) {
  const clock = new FakeClock();
  const http = new FakeHttp();
  const server = new FakeApiServer();
  const history: string[] = [];
  const leaders = new Set<string>();
  const candidates = identities.map((identity, port) => {
    http.handlers.set(port, server.handle);
    const platform = createFakePlatform({ clock, http, seed: seed + port });
    const client = createApiClient(platform, {
      servers: [{ host: 's', port }],
      tls: 'none',
      userAgent: identity,
      requestTimeoutMillis: 5_000,
    });
    const elector = new LeaderElector(platform, client, {
      namespace: 'kube-system',
      name: 'scheduler',
      identity,
      timing,
    });
    const stop = new AbortController();
    const run = () =>
      elector.run(
        {
          async onStartedLeading(signal) {
            leaders.add(identity);
            expect(leaders.size).toBe(1);
            history.push(`${identity} leads`);
            await new Promise<void>((resolve) => {
              if (signal.aborted) resolve();
              else signal.addEventListener('abort', () => resolve());
            });
            leaders.delete(identity);
          },
          onStoppedLeading: () => history.push(`${identity} stopped`),
        },
        stop.signal,
      );
    return { elector, port, run, stop };
  });
  return { clock, http, server, history, leaders, candidates };
}

describe('LeaderElector', () => {
  it('makes one of two candidates the leader, and renews', async () => {
    const { clock, server, history, candidates } = setup(['a', 'b']);
    for (const candidate of candidates) void candidate.run();
    await clock.advance(60_000);
    expect(history).toEqual(['a leads']);
    const lease = server.get<Lease>(path)!;
    expect(lease.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(lease.spec.renewTime! > lease.spec.acquireTime!).toBe(true);
    for (const candidate of candidates) candidate.stop.abort();
    await clock.advance(1);
  });

  it('gives the lease up when stopped, so that the next need not wait', async () => {
    const { clock, server, history, candidates } = setup(['a', 'b']);
    for (const candidate of candidates) void candidate.run();
    await clock.advance(10_000);
    candidates[0]!.stop.abort();
    await clock.advance(5_000);
    expect(history).toEqual(['a leads', 'a stopped', 'b leads']);
    expect(server.get<Lease>(path)!.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    candidates[1]!.stop.abort();
    await clock.advance(1);
  });

  it('stops by itself at the renew deadline, before the other takes over', async () => {
    const { clock, http, history, candidates } = setup(['a', 'b']);
    for (const candidate of candidates) void candidate.run();
    await clock.advance(10_000);
    http.silent.add(0);
    await clock.advance(10_000);
    expect(history).toEqual(['a leads', 'a stopped']);
    await clock.advance(12_000);
    expect(history).toEqual(['a leads', 'a stopped', 'b leads']);
    candidates[1]!.stop.abort();
    await clock.advance(1);
  });

  it('judges a holder by its own clock: a renewTime from another world changes nothing', async () => {
    const { clock, server, history, candidates } = setup(['a']);
    for (const renewTime of ['1970-01-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z']) {
      server.put('/apis/coordination.k8s.io/v1/leases', {
        metadata: { namespace: 'kube-system', name: 'scheduler' },
        spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime },
      });
      if (history.length === 0 && renewTime.startsWith('1970')) void candidates[0]!.run();
      await clock.advance(14_000);
      expect(history).toEqual([]);
    }
    await clock.advance(10_000);
    expect(history).toEqual(['a leads']);
    candidates[0]!.stop.abort();
    await clock.advance(1);
  });

  it('survives a server that refuses for less than the deadline', async () => {
    const { clock, server, history, candidates } = setup(['a']);
    void candidates[0]!.run();
    await clock.advance(10_000);
    server.intercept = () => failure(503, 'ServiceUnavailable', 'no leader');
    await clock.advance(7_000);
    server.intercept = () => undefined;
    await clock.advance(20_000);
    expect(history).toEqual(['a leads']);
    candidates[0]!.stop.abort();
    await clock.advance(1);
  });

  it('stops at once when another holder is seen', async () => {
    const { clock, server, history, candidates } = setup(['a']);
    void candidates[0]!.run();
    await clock.advance(3_000);
    const lease = server.get<Lease>(path)!;
    server.put('/apis/coordination.k8s.io/v1/leases', {
      ...lease,
      spec: { ...lease.spec, holderIdentity: 'thief' },
    });
    await clock.advance(2_500);
    expect(history).toEqual(['a leads', 'a stopped']);
    expect(candidates[0]!.elector.isLeader).toBe(false);
  });

  it('never has two leaders, and has one again after the faults end', async () => {
    const fault = fc.record({
      port: fc.integer({ min: 0, max: 2 }),
      kind: fc.constantFrom('silent', 'dead', 'heal'),
      millis: fc.integer({ min: 0, max: 12_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 12 }),
        fc.integer({ max: 2 ** 20 }),
        async (faults, seed) => {
          const { clock, http, server, leaders, candidates } = setup(['a', 'b', 'c'], seed);
          const random = new FakeRandom(seed);
          const all = new AbortController();
          const campaigns = candidates.map(async ({ run }) => {
            while (!all.signal.aborted) {
              await run();
              await clock.sleep(random.integer(500) + 1, all.signal);
            }
          });
          for (const { port, kind, millis } of faults) {
            if (kind === 'silent') http.silent.add(port);
            if (kind === 'dead') http.kill(port);
            if (kind === 'heal') http.silent.delete(port);
            if (kind === 'heal') http.handlers.set(port, server.handle);
            // The `run` above expects at every start that nobody else leads.
            await clock.advance(millis);
          }
          for (const { port } of candidates) {
            http.silent.delete(port);
            http.handlers.set(port, server.handle);
          }
          await clock.advance(40_000);
          expect(leaders.size).toBe(1);
          all.abort();
          for (const { stop } of candidates) stop.abort();
          await clock.advance(10_000);
          await Promise.all(campaigns);
        },
      ),
      { numRuns: 25 },
    );
  });
});
