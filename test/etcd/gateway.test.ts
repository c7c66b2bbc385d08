import { describe, expect, it } from 'vitest';

import { decodeUtf8, encodeUtf8 } from '../../src/base/bytes.ts';
import { Gateway } from '../../src/etcd/gateway.ts';
import { services } from '../../src/etcd/proto/services.ts';
import {
  PutRequest,
  PutResponse,
  RangeRequest,
  WatchRequest,
  WatchResponse,
} from '../../src/etcd/proto/rpc.ts';
import type { CallEvents, GrpcMethod, ServerCall } from '../../src/grpc/service.ts';
import type { HttpResponse } from '../../src/platform/http.ts';
import { OsClock } from '../../src/platform/os/os-clock.ts';

function gateway(methods: Readonly<Record<string, GrpcMethod>>): Gateway {
  return new Gateway(new Map(Object.entries(methods)), new OsClock());
}

function post(
  to: Gateway,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<HttpResponse> {
  return to.handle({ method: 'POST', path, headers, body: encodeUtf8(body), remoteHost: '127.0.0.1' });
}

async function bodyOf({ body }: HttpResponse): Promise<string> {
  if (body instanceof Uint8Array) return decodeUtf8(body);
  let text = '';
  for await (const chunk of body) text += decodeUtf8(chunk);
  return text;
}

const put = (handle: (call: ServerCall, key: Uint8Array) => void): Gateway =>
  gateway({
    '/etcdserverpb.KV/Put': { handle: (bytes, call) => handle(call, PutRequest.decode(bytes).key) },
  });

/** A Watch method, and the call that was made last. */
function watch(open: (call: ServerCall) => Partial<CallEvents>): Gateway {
  const ignore = { message() {}, halfClosed() {}, cancelled() {}, drained() {} };
  return gateway({ '/etcdserverpb.Watch/Watch': { open: (call) => ({ ...ignore, ...open(call) }) } });
}

const notice = (watchId: number): Uint8Array => WatchResponse.encode({ watchId, created: true });

describe('the JSON gateway', () => {
  it('serves the 51 paths of etcd’s, and the range stream', () => {
    const paths = services.flatMap(({ methods }) => methods.flatMap(({ paths: own }) => own));
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.length).toBe(52);
  });

  it('calls a method and answers with its message', async () => {
    const to = put((call, key) => {
      expect(decodeUtf8(key)).toBe('foo');
      expect(call.metadata.get('authorization')).toBe('token');
      expect(call.metadata.get('hasleader')).toBe('true');
      expect(call.metadata.get('cookie')).toBeUndefined();
      call.reply(PutResponse.encode({ header: { clusterId: 1n, memberId: 2n, revision: 3, raftTerm: 0 } }));
    });
    const headers = { authorization: 'token', 'grpc-metadata-hasleader': 'true', cookie: 'x' };
    const response = await post(to, '/v3/kv/put', '{"key":"Zm9v"}', headers);
    expect(response.status).toBe(200);
    expect(response.headers).toEqual({
      'content-type': 'application/json',
      'grpc-metadata-content-type': 'application/grpc',
    });
    expect(await bodyOf(response)).toBe('{"header":{"cluster_id":"1","member_id":"2","revision":"3"}}');
  });

  it.each([
    [3, 400],
    [5, 404],
    [7, 403],
    [8, 429],
    [9, 400],
    [11, 400],
    [12, 501],
    [14, 503],
    [16, 401],
    [2, 500],
  ])('answers code %i as status %i', async (code, status) => {
    const to = put((call) => call.fail({ code, message: 'no' }));
    const response = await post(to, '/v3/kv/put', '');
    expect(response.status).toBe(status);
    expect(await bodyOf(response)).toBe(`{"code":${code},"message":"no"}`);
  });

  it('refuses other methods, other paths and what is no JSON, in etcd’s words', async () => {
    const to = put(() => expect.unreachable());
    const get = await to.handle({
      method: 'GET',
      path: '/v3/kv/put',
      headers: {},
      body: new Uint8Array(0),
      remoteHost: '',
    });
    expect([get.status, await bodyOf(get)]).toEqual([501, '{"code":12,"message":"Method Not Allowed"}']);
    const unknown = await post(to, '/v3/kv/nope', '{}');
    expect([unknown.status, await bodyOf(unknown)]).toEqual([404, '{"code":5,"message":"Not Found"}']);
    const broken = await post(to, '/v3/kv/put', '{"key":');
    expect([broken.status, await bodyOf(broken)]).toEqual([400, '{"code":3,"message":"unexpected EOF"}']);
  });

  it('takes several requests for a stream, and gives its messages as lines', async () => {
    const to = watch((call) => ({
      message: (bytes) => void call.send(notice(Number(WatchRequest.decode(bytes).cancelRequest?.watchId))),
      halfClosed: () => call.end(),
    }));
    const response = await post(
      to,
      '/v3/watch',
      '{"cancel_request":{"watch_id":1}}{"cancelRequest":{"watchId":"2"}}',
    );
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toBe(
      '{"result":{"watch_id":"1","created":true}}\n{"result":{"watch_id":"2","created":true}}\n',
    );
  });

  it('tells an error of a stream by the status before the first message, and as a line after it', async () => {
    const error = { code: 14, message: 'etcdserver: no leader' };
    const early = await post(
      watch((call) => {
        call.end(error);
        return {};
      }),
      '/v3/watch',
      '{}',
    );
    expect([early.status, await bodyOf(early)]).toEqual([
      503,
      '{"error":{"code":14,"message":"etcdserver: no leader"}}\n',
    ]);
    const late = await post(
      watch((call) => {
        call.send(notice(1));
        call.end(error);
        return {};
      }),
      '/v3/watch',
      '{}',
    );
    expect(late.status).toBe(200);
    expect(await bodyOf(late)).toMatch(/^\{"result".*\n\{"error":\{"code":14.*\n$/);
  });

  it('begins to answer a stream that has nothing to say yet', async () => {
    let call: ServerCall | undefined;
    const response = await post(
      watch((opened) => {
        call = opened;
        return {};
      }),
      '/v3/watch',
      '{}',
    );
    expect(response.status).toBe(200);
    const text = bodyOf(response);
    call!.send(notice(7));
    call!.end();
    expect(await text).toBe('{"result":{"watch_id":"7","created":true}}\n');
  });

  it('cancels the call of a client that leaves while it waits', async () => {
    let cancelled = '';
    const response = await post(
      watch((call) => {
        call.send(notice(1));
        return { cancelled: (reason) => (cancelled = reason) };
      }),
      '/v3/watch',
      '{}',
    );
    const lines = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await lines.next();
    const waiting = lines.next();
    await lines.return?.();
    expect(cancelled).toBe('the client left');
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('cancels the call of a client that leaves before its only answer', async () => {
    let call: ServerCall | undefined;
    const to = put((made) => (call = made));
    const leaving = new AbortController();
    const answer = to.handle({
      method: 'POST',
      path: '/v3/kv/put',
      headers: {},
      body: encodeUtf8('{}'),
      remoteHost: '127.0.0.1',
      left: leaving.signal,
    });
    const reasons: string[] = [];
    call!.onCancelled = (reason) => reasons.push(reason);
    expect(call!.cancelled).toBe(false);
    leaving.abort();
    expect([call!.cancelled, reasons]).toEqual([true, ['the client left']]);
    // Nobody is there to read it; that it comes lets the connection go.
    await answer;
    call!.reply(PutResponse.encode({}));
  });

  it('gives a call as much time as its Grpc-Timeout says', async () => {
    let call: ServerCall | undefined;
    const to = put((made) => (call = made));
    const response = await post(to, '/v3/kv/put', '{}', { 'grpc-timeout': '20m' });
    expect(response.status).toBe(504);
    expect(await bodyOf(response)).toBe('{"code":4,"message":"context deadline exceeded"}');
    expect(call!.cancelled).toBe(true);
    expect(call!.deadlineMillis).toBeGreaterThan(0);
    const quick = put((made) => made.reply(PutResponse.encode({})));
    expect((await post(quick, '/v3/kv/put', '{}', { 'grpc-timeout': '1S' })).status).toBe(200);
    for (const text of ['', '0S', '+1H', '2562047H'])
      expect((await post(quick, '/v3/kv/put', '{}', { 'grpc-timeout': text })).status).toBe(200);
    // Of the past already, or further away than Go can count.
    for (const text of ['-1S', '1n', '2562048H'])
      expect((await post(quick, '/v3/kv/put', '{}', { 'grpc-timeout': text })).status).toBe(504);
    for (const text of ['1', 'S', '1s', '1 S', '9223372036854775808n']) {
      const refused = await post(quick, '/v3/kv/put', '{}', { 'grpc-timeout': text });
      expect(refused.status).toBe(400);
      expect(await bodyOf(refused)).toBe(`{"code":3,"message":"invalid grpc-timeout: ${text}"}`);
    }
  });

  it('says in a header, too, that it does not know the caller', async () => {
    const to = put((call) => call.fail({ code: 16, message: 'etcdserver: invalid auth token' }));
    const { status, headers } = await post(to, '/v3/kv/put', '{}');
    expect([status, headers['www-authenticate']]).toEqual([401, 'etcdserver: invalid auth token']);
    const odd = put((call) => call.fail({ code: 16, message: 'no\r\nset-cookie: x' }));
    expect((await post(odd, '/v3/kv/put', '{}')).headers).toEqual({ 'content-type': 'application/json' });
  });

  it('ends a stream whose time is up with an error as its last line', async () => {
    const reasons: string[] = [];
    const to = watch((call) => {
      call.send(notice(1));
      return { cancelled: (reason) => void reasons.push(reason) };
    });
    const response = await post(to, '/v3/watch', '{"create_request":{}}', { 'grpc-timeout': '30m' });
    expect((await bodyOf(response)).split('\n')).toEqual([
      expect.stringContaining('"result"'),
      '{"error":{"code":4,"message":"context deadline exceeded"}}',
      '',
    ]);
    expect(reasons).toEqual(['context deadline exceeded']);
  });

  it('tells a method to wait when nobody takes its messages, and to go on when they are taken', async () => {
    let sent = 0;
    let drained = 0;
    const big = WatchResponse.encode({ cancelReason: 'x'.repeat(300_000) });
    const response = await post(
      watch((call) => {
        const fill = (): void => {
          do sent++;
          while (sent < 12 && call.send(big));
          if (sent >= 12) call.end();
        };
        return {
          halfClosed: fill,
          drained: () => {
            drained++;
            fill();
          },
        };
      }),
      '/v3/watch',
      '{}',
    );
    expect(sent).toBeLessThan(6);
    expect((await bodyOf(response)).split('\n')).toHaveLength(12);
    expect(drained).toBeGreaterThan(1);
  });

  it('gives a method an empty request when there is none, and only the first of several', async () => {
    const seen: number[] = [];
    const to = gateway({
      '/etcdserverpb.KV/Range': {
        handle: (bytes, call) => {
          seen.push(RangeRequest.decode(bytes).limit);
          call.fail({ code: 5, message: '' });
        },
      },
    });
    await post(to, '/v3/kv/range', '');
    await post(to, '/v3/kv/range', '{"limit":1} {"limit":2} nonsense');
    expect(seen).toEqual([0, 1]);
  });
});
