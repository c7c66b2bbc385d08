import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { encodeUtf8 } from '../../src/base/bytes.ts';
import { prefixEnd, type EtcdClient } from '../../src/etcd/client.ts';
import { GrpcEtcdClient, type GrpcEtcdClientOptions } from '../../src/etcd/grpc-client.ts';
import { LinkEtcdClient } from '../../src/etcd/link-client.ts';
import { serveEtcdLink } from '../../src/etcd/link-server.ts';
import { LocalEtcdClient } from '../../src/etcd/local-client.ts';
import type { Link, LinkEvents } from '../../src/platform/links.ts';
import { findTool, freePorts, missingTool, type Flavour } from '../e2e/etcd-process.ts';
import { describeEtcdClient, eventually, WatchLog } from './etcd-client.compliance.ts';
import { DrydockMember, osPlatform, serveMember, type ServedMember } from './etcd-member.ts';
import { enableAuth } from './served-cluster.ts';

const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'the gRPC client is not tried on a real etcd.');
const flavours: readonly Flavour[] = real ? ['drydock', 'etcd'] : ['drydock'];

const platform = osPlatform();
const bytes = encodeUtf8;

/** The two ends of a link within this thread. */
function linkTo(served: EtcdClient): LinkEtcdClient {
  let server: LinkEvents | undefined;
  const link = (other: () => LinkEvents | undefined): Link => ({
    send: (message) => setImmediate(() => other()?.message(message)),
    bufferedBytes: () => 0,
    close: () => {},
  });
  return new LinkEtcdClient((events) => {
    server = serveEtcdLink(
      served,
      link(() => events),
    );
    return link(() => server);
  });
}

describe('EtcdClient', () => {
  let member: DrydockMember;
  let overGrpc: GrpcEtcdClient;

  beforeAll(async () => {
    member = await DrydockMember.start();
    overGrpc = new GrpcEtcdClient(platform, { endpoints: [member.address] });
  });
  afterAll(async () => {
    overGrpc.close();
    await member.close();
  });

  describeEtcdClient('in the same thread', () => new LocalEtcdClient(member.member));
  let overLink: LinkEtcdClient | undefined;
  describeEtcdClient('over a link', () => (overLink ??= linkTo(new LocalEtcdClient(member.member))));
  describeEtcdClient('over gRPC', () => overGrpc);
});

describe.skipIf(!real)('EtcdClient of a real etcd', () => {
  let member: ServedMember;
  let client: GrpcEtcdClient;

  beforeAll(async () => {
    member = await serveMember('etcd');
    client = new GrpcEtcdClient(platform, { endpoints: [member.address] });
  });
  afterAll(async () => {
    client.close();
    await member.close();
  });

  describeEtcdClient('over gRPC', () => client);
});

describe.each(flavours)('a gRPC client of %s', (flavour) => {
  let member: ServedMember;
  const clients: GrpcEtcdClient[] = [];
  const connect = (options: Partial<GrpcEtcdClientOptions> = {}): GrpcEtcdClient => {
    const client = new GrpcEtcdClient(platform, { endpoints: [member.address], ...options });
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    member = await serveMember(flavour);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await member.close();
  });

  it('finds the endpoint that works, whichever it tries first', async () => {
    const dead = await Promise.all([freePorts(), freePorts()]);
    const endpoints = [...dead.map(({ client: port }) => ({ host: '127.0.0.1', port })), member.address];
    for (let i = 0; i < 8; i++) {
      const etcd = connect({ endpoints });
      const log = WatchLog.start(etcd, { key: `fail-over ${i}` });
      await etcd.put({ key: `fail-over ${i - 1}`, value: bytes('1') });
      await eventually('the watch stands', () => log.created !== undefined);
      await etcd.put({ key: `fail-over ${i}`, value: bytes('1') });
      await eventually('the event', () => log.events.length === 1);
      expect(await etcd.leaseKeepAlive((await etcd.leaseGrant(60)).id)).toBe(60);
      etcd.close();
    }
  });

  it('tells which of several watches was refused', async () => {
    const etcd = connect();
    const good = WatchLog.start(etcd, { key: 'refused/a' });
    const bad = WatchLog.start(etcd, { key: 'refused/b', rangeEnd: 'refused/a' });
    const cancelled = WatchLog.start(etcd, { key: 'refused/c' });
    cancelled.watch.cancel();
    const alsoGood = WatchLog.start(etcd, { key: 'refused/d' });
    await eventually('all are answered', () => bad.closed !== undefined && alsoGood.created !== undefined);
    expect(bad.calls).toEqual(['closed']);
    expect(bad.closed).toEqual({ reason: 'mvcc: watcher range is empty' });
    for (const key of ['refused/a', 'refused/c', 'refused/d']) await etcd.put({ key, value: bytes('1') });
    await eventually('both hear', () => good.events.length + alsoGood.events.length === 2);
    expect(good.changes).toEqual(['put refused/a=1']);
    expect(cancelled.calls).toEqual([]);
  });

  it('goes on when its member comes back: watches without gap or repetition, renewals, calls', async () => {
    const etcd = connect();
    const all = { key: 'back/', rangeEnd: prefixEnd('back/') };
    const log = await WatchLog.stand(etcd, all);
    const late = await WatchLog.stand(etcd, { key: 'back/b' });
    const { id } = await etcd.leaseGrant(600);
    for (let i = 0; i < 5; i++) await etcd.put({ key: 'back/a', value: bytes(String(i)) });
    for (let i = 5; i < 15; i += 5) {
      await member.stop();
      const refused = await etcd
        .put({ key: 'back/a', value: bytes('lost') })
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'EtcdError', code: 'unavailable' });
      const renewal = etcd.leaseKeepAlive(id).catch((error: unknown) => error);
      await member.start();
      expect([600, 'unavailable']).toContain(
        await renewal.then((value) => (value as { code?: string }).code ?? value),
      );
      // Written by another client, before this one has found its way back.
      const other = connect();
      for (let j = i; j < i + 5; j++) await other.put({ key: 'back/a', value: bytes(String(j)) });
      await eventually('all of them', () => log.events.length >= i + 5);
    }
    await etcd.put({ key: 'back/b', value: bytes('end') });
    await eventually('the end', () => late.events.length === 1 && log.events.length > 15);
    expect(log.changes).toEqual([
      ...Array.from({ length: 15 }, (_, i) => `put back/a=${i}`),
      'put back/b=end',
    ]);
    expect(log.calls.filter((call) => call !== 'events')).toEqual(['created']);
    log.watch.requestProgress();
    await eventually('progress', () => log.progress.length > 0);
    expect(await etcd.leaseKeepAlive(id)).toBe(600);
  });

  it('ends everything when it is closed', async () => {
    const etcd = connect();
    const log = await WatchLog.stand(etcd, { key: 'closed' });
    etcd.close();
    expect(log.closed).toBeUndefined();
    await eventually('closed', () => log.closed !== undefined);
    const code = 'canceled';
    await expect(etcd.range({ key: 'a' })).rejects.toMatchObject({ code });
    await expect(etcd.leaseKeepAlive(1n as never)).rejects.toMatchObject({ code });
    const after = WatchLog.start(etcd, { key: 'closed' });
    await eventually('closed', () => after.closed !== undefined);
    expect(after.calls).toEqual(['closed']);
  });

  // Last: from here on the member knows users.
  it('calls as a user, with another token when one is no good any more', async () => {
    const credentials = { username: 'root', password: 'secret' };
    const before = connect({ credentials });
    // Not needed yet, and not refused.
    await before.put({ key: 'user/a', value: bytes('1') });
    const early = await WatchLog.stand(before, { key: 'user/a' });
    await enableAuth(platform, member.address, credentials);

    await before.put({ key: 'user/a', value: bytes('2') });
    await eventually('the watch goes on', () => early.events.length === 1);
    const nobody = connect();
    await expect(nobody.range({ key: 'user/a' })).rejects.toMatchObject({
      message: 'etcdserver: user name is empty',
    });
    const wrong = connect({ credentials: { ...credentials, password: 'guess' } });
    await expect(wrong.range({ key: 'user/a' })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'etcdserver: authentication failed, invalid user ID or password',
    });
    const refused = [WatchLog.start(nobody, { key: 'user/a' }), WatchLog.start(wrong, { key: 'user/a' })];
    await eventually('both are closed', () => refused.every(({ closed }) => closed !== undefined));
    expect(refused[0]?.closed?.reason).toContain('etcdserver: user name is empty');
    await expect(wrong.leaseKeepAlive(1n as never)).rejects.toMatchObject({ code: 'invalid-argument' });

    const etcd = connect({ credentials });
    const log = await WatchLog.stand(etcd, { key: 'user/a' });
    const { id } = await etcd.leaseGrant(60);
    // Simple tokens live in memory.
    await member.stop();
    await member.start();
    const calls = await Promise.all([
      etcd.put({ key: 'user/a', value: bytes('3') }),
      etcd.put({ key: 'user/b', value: bytes('3') }),
      etcd.range({ key: 'user/a' }),
    ]);
    expect(calls).toHaveLength(3);
    expect(await etcd.leaseKeepAlive(id)).toBe(60);
    await eventually('the watches go on', () => log.events.length === 1 && early.events.length === 2);
    expect(early.changes).toEqual(['put user/a=2', 'put user/a=3']);
    expect(must(early.calls[0])).toBe('created');
  });
});
