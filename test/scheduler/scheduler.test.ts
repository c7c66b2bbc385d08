import { describe, expect, it } from 'vitest';

import { decodeUtf8 } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import type { Binding, CoreEvent, Node, Pod } from '../../src/api/types.ts';
import { createApiClient } from '../../src/client/http-api-client.ts';
import type { HttpResponse, HttpServerRequest } from '../../src/platform/http.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { FakeApiServer, failure } from '../client/fake-api-server.ts';
import { createFakePlatform } from '../client/fake-platform.ts';
import { node, pod, type NodeWords, type PodWords } from './objects.ts';

const path = (name: string): string => `/api/v1/namespaces/default/pods/${name}`;

/** A scheduler on a naive API server that has the binding subresource. */
function setup() {
  const platform = createFakePlatform();
  const server = new FakeApiServer();
  /** `pod → node` of every binding that took effect, in order. */
  const bound: string[] = [];
  /** Binding requests that reached the server. */
  let asked = 0;
  /** What the next bindings answer instead of taking effect; 'lost' takes effect and answers an error. */
  const answers: (HttpResponse | 'lost')[] = [];
  let gate = Promise.resolve();
  /** How long answers to bindings are on their way. */
  let answerMillis = 0;

  const bind = (request: HttpServerRequest): HttpResponse => {
    asked++;
    const answer = answers.shift();
    if (answer !== undefined && answer !== 'lost') return answer;
    const { metadata, target } = JSON.parse(decodeUtf8(request.body)) as Binding;
    const before = server.get<Pod>(path(metadata.name));
    if (before === undefined) return failure(404, 'NotFound', 'no such pod');
    if (before.metadata.uid !== metadata.uid || before.spec.nodeName !== undefined) {
      return failure(409, 'Conflict', 'the pod has a node, or is another one');
    }
    server.put('/api/v1/pods', { ...before, spec: { ...before.spec, nodeName: target.name } });
    bound.push(`${metadata.name} → ${target.name}`);
    if (answer === 'lost') return failure(500, 'InternalError', 'the answer was lost');
    return {
      status: 201,
      headers: {},
      body: new TextEncoder().encode('{"kind":"Status","status":"Success"}'),
    };
  };
  platform.network.http.handlers.set(1, async (request) => {
    if (!request.path.endsWith('/binding')) return server.handle(request);
    await gate;
    const response = bind(request);
    await platform.clock.sleep(answerMillis);
    return response;
  });

  const client = createApiClient(platform, {
    servers: [{ host: 's', port: 1 }],
    tls: 'none',
    userAgent: 'test',
  });
  const stop = new AbortController();
  const running = new Scheduler(platform, { client, identity: 'one' }).run(stop.signal);

  return {
    platform,
    server,
    bound,
    answers,
    asked: () => asked,
    putNode: (name: string, words: NodeWords = {}) => server.put<Node>('/api/v1/nodes', node(name, words)),
    putPod: (name: string, words: PodWords = {}) => server.put<Pod>('/api/v1/pods', pod(name, words)),
    events: () =>
      server
        .objects<CoreEvent>('/api/v1/events')
        .map(({ count, reason, message }) => `${count} × ${reason}: ${message}`),
    /** Bindings wait from now on; the function that is returned lets them go on. */
    holdBindings: (): (() => void) => {
      const opened = deferred<void>();
      gate = opened.promise;
      return opened.resolve;
    },
    delayAnswers: (millis: number): void => {
      answerMillis = millis;
    },
    pass: (millis: number) => platform.clock.advance(millis),
    end: async (): Promise<void> => {
      stop.abort();
      await platform.clock.advance(60_000);
      await running;
    },
  };
}

const oneCpu: PodWords = { requests: { cpu: '1', memory: '1Gi' } };

describe('the scheduler', () => {
  it('binds every pod exactly once, spreading them, and tells so', async () => {
    const world = setup();
    for (const name of ['a', 'b']) world.putNode(name);
    for (const name of ['p', 'q', 'r', 's']) world.putPod(name, oneCpu);
    await world.pass(10_000);
    for (const name of ['t', 'u']) world.putPod(name, oneCpu);
    await world.pass(10_000);
    expect(world.bound).toEqual(['p → a', 'q → b', 'r → a', 's → b', 't → a', 'u → b']);
    expect(world.asked()).toBe(6);
    expect(world.events()).toContain('1 × Scheduled: Successfully assigned default/p to a');
    await world.end();
  });

  it('leaves alone what has a node, another scheduler, or is going or gone', async () => {
    const world = setup();
    world.putNode('a');
    world.putPod('bound', { ...oneCpu, nodeName: 'a' });
    world.putPod('foreign', { ...oneCpu, schedulerName: 'mine' });
    const going = pod('going');
    world.server.put('/api/v1/pods', {
      ...going,
      metadata: { ...going.metadata, deletionTimestamp: '2026-11-23T00:00:00Z' },
    });
    world.server.put('/api/v1/pods', { ...pod('ended'), status: { phase: 'Failed' } });
    await world.pass(30_000);
    expect(world.asked()).toBe(0);
    await world.end();
  });

  it('says why a pod waits, once, and binds it when a node comes that suits', async () => {
    const world = setup();
    world.putNode('small', { allocatable: { cpu: '500m' } });
    world.putPod('p', oneCpu);
    await world.pass(20_000);
    const message = '0/1 nodes are available: 1 Insufficient cpu.';
    const conditionWrites = () => world.server.writes.filter((write) => write.includes('/p/status')).length;
    expect(world.server.get<Pod>(path('p'))?.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    ]);
    expect(world.events()).toEqual([`1 × FailedScheduling: ${message}`]);
    world.putNode('small', { allocatable: { cpu: '600m' } });
    await world.pass(20_000);
    expect(conditionWrites()).toBe(1);
    world.putNode('large');
    await world.pass(20_000);
    expect(world.bound).toEqual(['p → large']);
    await world.end();
  });

  it('binds a waiting pod when another one leaves, ends, or its node is uncordoned', async () => {
    const world = setup();
    world.putNode('a', { allocatable: { cpu: '2' } });
    world.putNode('b', { allocatable: { cpu: '1' }, unschedulable: true });
    world.putPod('first', { ...oneCpu, nodeName: 'a' });
    world.putPod('second', { ...oneCpu, nodeName: 'a' });
    for (const name of ['p', 'q', 'r']) world.putPod(name, oneCpu);
    await world.pass(15_000);
    expect(world.bound).toEqual([]);
    world.server.remove(path('first'));
    await world.pass(15_000);
    expect(world.bound).toHaveLength(1);
    const second = world.server.get<Pod>(path('second'));
    world.server.put('/api/v1/pods', { ...second!, status: { phase: 'Succeeded' } });
    await world.pass(15_000);
    expect(world.bound).toHaveLength(2);
    world.putNode('b', { allocatable: { cpu: '1' } });
    await world.pass(15_000);
    expect(world.bound.map((line) => line.slice(-1))).toEqual(['a', 'a', 'b']);
    await world.end();
  });

  it('tries again after a refused binding, and gives the room back meanwhile', async () => {
    const world = setup();
    world.putNode('a', { allocatable: { cpu: '1' } });
    world.answers.push(failure(500, 'InternalError', 'not now'));
    world.putPod('p', oneCpu);
    // Until its back-off ends the room is free for who comes.
    await world.pass(300);
    expect([world.asked(), world.bound]).toEqual([1, []]);
    world.putPod('q', oneCpu);
    await world.pass(30_000);
    expect(world.bound).toEqual(['q → a']);
    world.server.remove(path('q'));
    await world.pass(30_000);
    expect(world.bound).toEqual(['q → a', 'p → a']);
    await world.end();
  });

  it('wakes who waited for the room that a failed binding held', async () => {
    const world = setup();
    world.putNode('a', { allocatable: { cpu: '1' } });
    await world.pass(5000);
    const goOn = world.holdBindings();
    world.putPod('p', oneCpu);
    world.putPod('q', oneCpu);
    await world.pass(20_000);
    world.answers.push(failure(404, 'NotFound', 'the pod is gone'));
    world.server.remove(path('p'));
    goOn();
    await world.pass(20_000);
    expect(world.bound).toEqual(['q → a']);
    await world.end();
  });

  it.each([0, 1000])(
    'does not bind twice when the answer to a binding is lost after %i ms',
    async (millis) => {
      const world = setup();
      world.delayAnswers(millis);
      for (const name of ['a', 'b']) world.putNode(name);
      world.answers.push('lost');
      world.putPod('p', oneCpu);
      await world.pass(60_000);
      expect([world.asked(), world.bound]).toEqual([1, ['p → a']]);
      world.putPod('q', oneCpu);
      await world.pass(10_000);
      expect(world.bound).toEqual(['p → a', 'q → b']);
      await world.end();
    },
  );

  it('forgets a pod that was deleted and made anew while its binding failed', async () => {
    const world = setup();
    world.putNode('a');
    await world.pass(5000);
    const goOn = world.holdBindings();
    world.putPod('p', oneCpu);
    await world.pass(100);
    world.server.remove(path('p'));
    const again = pod('p', oneCpu);
    world.server.put('/api/v1/pods', { ...again, metadata: { ...again.metadata, uid: 'uid-of-the-next' } });
    await world.pass(100);
    world.answers.push(failure(500, 'InternalError', 'not now'));
    goOn();
    await world.pass(60_000);
    expect(world.bound).toEqual(['p → a']);
    // The lost one, and the next one: nobody goes on asking for a pod that is gone.
    expect(world.asked()).toBe(2);
    await world.end();
  });

  it('has at most 64 requests on their way, and does not spin while it waits', async () => {
    const world = setup();
    world.putNode('a', { allocatable: { cpu: '1000', memory: '1000Gi', pods: '1000' } });
    await world.pass(5000);
    const goOn = world.holdBindings();
    world.putPod('huge', { requests: { cpu: '2000' } });
    for (let i = 0; i < 100; i++) world.putPod(`p${i}`, oneCpu);
    const bindings = () =>
      world.platform.network.http.requests.filter((each) => each.endsWith('/binding')).length;
    // The huge pod's back-off ends long before the bindings do.
    await world.pass(100);
    world.putNode('b', { allocatable: { cpu: '1' } });
    await world.pass(5000);
    expect(bindings()).toBe(64);
    goOn();
    await world.pass(1000);
    expect(world.bound).toHaveLength(100);
    await world.end();
  });

  it('sends nothing more when it has been stopped', async () => {
    const world = setup();
    world.putNode('a');
    await world.pass(5000);
    await world.end();
    const before = world.platform.network.http.requests.length;
    world.putPod('p', oneCpu);
    await world.pass(60_000);
    expect(world.platform.network.http.requests).toHaveLength(before);
  });
});
