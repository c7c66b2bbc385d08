import { describe, expect, it } from 'vitest';

import { decodeUtf8 } from '../../src/base/bytes.ts';
import { countCalls } from '../../src/etcd/call-metrics.ts';
import { timeoutError } from '../../src/etcd/errors.ts';
import { HttpEndpoints } from '../../src/etcd/http-endpoints.ts';
import { addProcessMetrics } from '../../src/etcd/member-metrics.ts';
import type { EtcdServer } from '../../src/etcd/etcd-server.ts';
import { exponentialBounds, Metrics } from '../../src/etcd/metrics.ts';
import type { CallEvents, ServerCall, StreamingMethod, UnaryMethod } from '../../src/grpc/service.ts';
import type { HttpHandler } from '../../src/platform/http.ts';
import { processFacts } from '../../src/platform/os/process-facts.ts';
import { memberId, noMember } from '../../src/raft/types.ts';

/** As much of a member as health is about. */
function endpoints(state: Partial<EtcdServer> = {}, byCertificate = false): HttpEndpoints {
  const member = {
    platform: { clock: {} },
    leader: memberId('1'),
    learner: false,
    clusterVersion: '3.6.0',
    alarms: () => [],
    linearizableRead: () => Promise.resolve(),
    ...state,
  } as unknown as EtcdServer;
  return new HttpEndpoints(member, new Map(), new Metrics(), byCertificate);
}

async function ask(handle: HttpHandler, path: string, method = 'GET') {
  const { status, headers, body } = await handle({
    method,
    path,
    headers: {},
    body: new Uint8Array(0),
    remoteHost: '127.0.0.1',
  });
  return { status, headers, body: decodeUtf8(body as Uint8Array) };
}

const nospace = { alarms: () => [{ memberId: memberId('1'), alarm: 'nospace' as const }] };
const corrupt = { alarms: () => [{ memberId: memberId('1'), alarm: 'corrupt' as const }] };
const noLeader = { leader: noMember, linearizableRead: () => Promise.reject(timeoutError()) };
const noQuorum = { linearizableRead: () => Promise.reject(timeoutError()) };

describe('the gateway', () => {
  it.each([
    [true, true, 'alice', 400],
    [true, true, '', 404],
    [true, true, undefined, 404],
    [true, false, 'alice', 404],
    [false, true, 'alice', 404],
  ])(
    'refuses a certificate with a name while names count: auth %s, by certificate %s, name %s → %i',
    async (enabled, byCertificate, user, status) => {
      const state = { auth: { enabled } as EtcdServer['auth'] };
      const answer = await endpoints(state, byCertificate).handle({
        method: 'POST',
        path: '/v3/no/such/thing',
        headers: {},
        body: new Uint8Array(0),
        remoteHost: '127.0.0.1',
        ...(user !== undefined && { identity: { user, groups: [] } }),
      });
      expect(answer.status).toBe(status);
      if (status === 400) {
        expect(decodeUtf8(answer.body as Uint8Array)).toBe(
          'CommonName of client sending a request against gateway will be ignored and not used as expected\n',
        );
      }
    },
  );
});

describe('the paths around the gateway', () => {
  it('send on to its tree, as Go does', async () => {
    const { handle } = endpoints();
    expect(await ask(handle, '/v3')).toEqual({
      status: 301,
      headers: { location: '/v3/', 'content-type': 'text/html; charset=utf-8' },
      body: '<a href="/v3/">Moved Permanently</a>.\n\n',
    });
    const moved = await ask(handle, '/v3?a=1&b="<2>"');
    expect(moved.headers['location']).toBe('/v3/?a=1&b="<2>"');
    expect(moved.body).toBe('<a href="/v3/?a=1&amp;b=&#34;&lt;2&gt;&#34;">Moved Permanently</a>.\n\n');
    expect(await ask(handle, '/v3', 'POST')).toEqual({
      status: 301,
      headers: { location: '/v3/' },
      body: '',
    });
    expect((await ask(handle, '/v3x')).status).toBe(404);
  });

  it('know its former name', async () => {
    const { handle } = endpoints();
    expect(await ask(handle, '/v3beta/kv/range')).toEqual(await ask(handle, '/v3/kv/range'));
    expect(await ask(handle, '/v3beta/kv/range', 'POST')).toEqual(await ask(handle, '/v3/kv/range', 'POST'));
    expect((await ask(handle, '/v3beta')).body).toBe('404 page not found\n');
  });
});

describe('/health', () => {
  it.each([
    ['/health', {}, 200, '{"health":"true","reason":""}'],
    ['/health', nospace, 503, '{"health":"false","reason":"ALARM NOSPACE"}\n'],
    ['/health?exclude=NOSPACE', nospace, 200, '{"health":"true","reason":""}'],
    ['/health?exclude=NOSPACE', corrupt, 503, '{"health":"false","reason":"ALARM CORRUPT"}\n'],
    ['/health', noLeader, 503, '{"health":"false","reason":"RAFT NO LEADER"}\n'],
    ['/health?serializable=true', noLeader, 200, '{"health":"true","reason":""}'],
    ['/health', noQuorum, 503, '{"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n'],
  ])('%s', async (path, state, status, body) => {
    const answer = await ask(endpoints(state).handle, path);
    expect([answer.status, answer.body]).toEqual([status, body]);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('takes GET alone', async () => {
    const answer = await ask(endpoints().handle, '/health', 'POST');
    expect(answer).toMatchObject({ status: 405, body: 'Method Not Allowed\n', headers: { allow: 'GET' } });
  });
});

describe('/livez and /readyz', () => {
  const failed = '[-]linearizable_read failed: etcdserver: request timed out\n';
  it.each([
    ['/livez', {}, 200, 'ok\n'],
    ['/livez?verbose', noLeader, 200, '[+]serializable_read ok\nok\n'],
    ['/readyz', {}, 200, 'ok\n'],
    [
      '/readyz?verbose',
      {},
      200,
      '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
    ],
    [
      '/readyz',
      noLeader,
      503,
      `[+]data_corruption ok\n[+]serializable_read ok\n${failed}[+]non_learner ok\n\n`,
    ],
    ['/readyz?exclude=linearizable_read', noLeader, 200, 'ok\n'],
    ['/readyz/linearizable_read', noLeader, 503, `${failed}\n`],
    ['/readyz/data_corruption', corrupt, 503, '[-]data_corruption failed: alarm activated: CORRUPT\n\n'],
    ['/readyz/non_learner', { learner: true }, 503, '[-]non_learner failed: the member is a learner\n\n'],
    ['/readyz/nope', {}, 404, '404 page not found\n'],
    ['/livez/linearizable_read', {}, 404, '404 page not found\n'],
    ['/readyz/', {}, 404, '404 page not found\n'],
  ])('%s', async (path, state, status, body) => {
    const answer = await ask(endpoints(state).handle, path);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });
});

describe('/version', () => {
  it.each([
    ['3.6.0', '{"etcdserver":"3.6.0","etcdcluster":"3.6.0","storage":"3.6.0"}'],
    [undefined, '{"etcdserver":"3.6.0","etcdcluster":"not_decided","storage":"unknown"}'],
  ])('of a cluster of %s', async (clusterVersion, body) => {
    expect((await ask(endpoints({ clusterVersion }).handle, '/version')).body).toBe(body);
  });

  it('is not served where metrics are', async () => {
    expect((await ask(endpoints().handleMetrics, '/version')).status).toBe(404);
    expect((await ask(endpoints().handleMetrics, '/v3/kv/range', 'POST')).status).toBe(404);
    expect((await ask(endpoints().handleMetrics, '/health')).status).toBe(200);
  });
});

describe('metrics', () => {
  it('are written in the format of Prometheus', () => {
    const metrics = new Metrics();
    metrics.counter('b_total', 'Counts.').add(2);
    metrics.gauge(
      'a',
      'Says.',
      () => 1.5,
      () => ({ name: 'x"y\\z\n' }),
    );
    metrics.gauge('nothing', 'Not now.', () => undefined);
    const histogram = metrics.histogram('c_seconds', 'Lasts.', exponentialBounds(0.001, 2, 2));
    for (const seconds of [0.001, 0.0015, 5]) histogram.observe(seconds);
    const calls = metrics.counters('d_total', 'Calls.', ['code', 'method']);
    calls.of('OK', 'Put').add();
    calls.of('OK', 'Put').add();
    calls.of('Canceled', 'Put');
    expect(metrics.text()).toBe(`# HELP a Says.
# TYPE a gauge
a{name="x\\"y\\\\z\\n"} 1.5
# HELP b_total Counts.
# TYPE b_total counter
b_total 2
# HELP c_seconds Lasts.
# TYPE c_seconds histogram
c_seconds_bucket{le="0.001"} 1
c_seconds_bucket{le="0.002"} 2
c_seconds_bucket{le="+Inf"} 3
c_seconds_sum 5.0025
c_seconds_count 3
# HELP d_total Calls.
# TYPE d_total counter
d_total{code="Canceled",method="Put"} 0
d_total{code="OK",method="Put"} 2
# HELP nothing Not now.
# TYPE nothing gauge
`);
  });

  it('have the bounds of etcd’s histograms', () => {
    expect(exponentialBounds(0.001, 2, 14)).toEqual([
      0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
    ]);
  });

  it('say what the process takes', () => {
    const metrics = new Metrics();
    addProcessMetrics(metrics, processFacts);
    const value = (name: string): number =>
      Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics.text())?.[1]);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(Math.abs(value('process_start_time_seconds') - Date.now() / 1000)).toBeLessThan(3600);
  });

  it('count calls by how they ended', () => {
    const metrics = new Metrics();
    const counted = countCalls(
      new Map<string, UnaryMethod | StreamingMethod>([
        [
          '/etcdserverpb.KV/Put',
          {
            handle: (request, call) => {
              if (request.length > 0) call.reply(request);
              else call.fail({ code: 3, message: 'no' });
            },
          },
        ],
        [
          '/etcdserverpb.Watch/Watch',
          {
            open: (call): CallEvents => ({
              message: (bytes) => void call.send(bytes),
              halfClosed: () => call.end(),
              cancelled() {},
              drained() {},
            }),
          },
        ],
      ]),
      metrics,
    );
    const call = {
      cancelled: false,
      metadata: { get: () => undefined },
      reply() {},
      fail() {},
      send: () => true,
      end() {},
    } as unknown as ServerCall;
    const put = counted.get('/etcdserverpb.KV/Put') as UnaryMethod;
    put.handle(Uint8Array.of(1), call);
    put.handle(new Uint8Array(0), call);
    put.handle(Uint8Array.of(1), { ...call, cancelled: true });
    const watch = counted.get('/etcdserverpb.Watch/Watch') as StreamingMethod;
    const events = watch.open(call);
    events.message(new Uint8Array(0));
    events.message(new Uint8Array(0));
    events.halfClosed();
    watch.open(call).cancelled('gone');
    const text = metrics.text();
    const kv = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
    const stream = 'grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"';
    for (const line of [
      `grpc_server_handled_total{grpc_code="OK",${kv}} 1`,
      `grpc_server_handled_total{grpc_code="InvalidArgument",${kv}} 1`,
      `grpc_server_handled_total{grpc_code="Canceled",${kv}} 1`,
      `grpc_server_started_total{${kv}} 3`,
      `grpc_server_handled_total{grpc_code="OK",${stream}} 1`,
      `grpc_server_handled_total{grpc_code="Canceled",${stream}} 1`,
      `grpc_server_started_total{${stream}} 2`,
      `grpc_server_msg_received_total{${stream}} 2`,
      `grpc_server_msg_sent_total{${stream}} 2`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });
});
