import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  Etcd3,
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdLockFailedError,
  EtcdPermissionDeniedError,
  EtcdRoleExistsError,
  EtcdRoleNotFoundError,
  EtcdUserExistsError,
  EtcdUserNotFoundError,
  GRPCInvalidArgumentError,
  STMConflictError,
  type IKeyValue,
  type IOptions,
  type Watcher,
} from 'etcd3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { createAuthority, issueCertificate } from '../../src/platform/os/pki.ts';
import { drydockServes, EtcdProcess, findTool, missingTool, type Flavour } from './etcd-process.ts';
import { eventually } from './etcd-tools.ts';

/** The npm client `etcd3` with all that it offers. The same expectations hold for a real etcd, which is asked too if it is here. */

const real = findTool('etcd') !== undefined;
if (!real) missingTool('etcd', 'what is expected of the npm client etcd3 is not held against a real etcd.');
const flavours: readonly Flavour[] = real ? ['drydock', 'etcd'] : ['drydock'];
/** Elections in a fifth of the time, so that a lease may live a second. */
const quick = ['--heartbeat-interval', '20', '--election-timeout', '200', '--bcrypt-cost=4'];

describe.skipIf(!drydockServes()).each(flavours)(
  'the npm client etcd3 with %s',
  { timeout: 120_000 },
  (flavour) => {
    let member: EtcdProcess;
    let client: Etcd3;

    const clients: Etcd3[] = [];
    const connect = (options: Partial<IOptions> = {}): Etcd3 => {
      const made = new Etcd3({ hosts: member.clientUrl, ...options });
      clients.push(made);
      return made;
    };

    beforeAll(async () => {
      member = await EtcdProcess.start({ flavour, flags: quick });
    });

    beforeEach(async () => {
      client = connect();
      await client.delete().all();
    });

    afterEach(() => {
      for (const one of clients.splice(0)) one.close();
    });

    afterAll(() => member?.close());

    describe('keys', () => {
      it('puts, gets and deletes, one and many', async () => {
        await client.put('a').value('1');
        await client.put('b').value(Buffer.from([0xff, 0]));
        await client.put('c').value(3);
        await client.put('json').value('{"x":[1]}');
        expect(await client.get('a').string()).toBe('1');
        expect(await client.get('b').buffer()).toEqual(Buffer.from([0xff, 0]));
        expect(await client.get('c').number()).toBe(3);
        expect(await client.get('json').json()).toEqual({ x: [1] });
        expect(await client.get('nothing')).toBeNull();
        expect(await client.get('nothing').exists()).toBe(false);
        expect(await client.getAll().keys()).toEqual(['a', 'b', 'c', 'json']);
        expect(await client.getAll().count()).toBe(4);
        expect(await client.getAll().inRange({ start: 'a', end: 'c' }).keys()).toEqual(['a', 'b']);
        expect(await client.getAll().prefix('js').strings()).toEqual({ json: '{"x":[1]}' });
        expect(await client.getAll().sort('Value', 'Descend').limit(2).keys()).toEqual(['b', 'json']);
        expect(await client.getAll().sort('Create', 'Descend').limit(1).keys()).toEqual(['json']);
        expect((await client.put('a').value('2').getPrevious()).value.toString()).toBe('1');
        const [deleted] = await client.delete().key('a').getPrevious();
        expect(must(deleted).value.toString()).toBe('2');
        expect((await client.delete().prefix('js')).deleted).toBe('1');
        expect((await client.delete().range(client.range({ prefix: 'nothing' }))).deleted).toBe('0');
      });

      it('reads the past, and what was made or changed when', async () => {
        const first = await client.put('k').value('1');
        await client.put('k').value('2');
        const second = await client.put('l').value('3');
        expect(await client.get('k').revision(first.header.revision).string()).toBe('1');
        expect(await client.getAll().minCreateRevision(second.header.revision).keys()).toEqual(['l']);
        expect(await client.getAll().maxModRevision(second.header.revision).count()).toBe(2);
        expect(await client.get('k').serializable(true).string()).toBe('2');
        await client.put('k').touch();
        const { kvs } = await client.get('k').exec();
        expect(kvs[0]).toMatchObject({ version: '3', create_revision: first.header.revision });
        await expect(client.put('absent').touch()).rejects.toThrow('key not found');
        await expect(client.get('k').revision('999999').exec()).rejects.toThrow(
          'required revision is a future revision',
        );
        await client.kv.compact({ revision: second.header.revision, physical: true });
        await expect(client.get('k').revision(first.header.revision).exec()).rejects.toThrow(
          'required revision has been compacted',
        );
        await expect(client.kv.compact({ revision: first.header.revision })).rejects.toThrow(
          'required revision has been compacted',
        );
      });

      it('keeps a namespace’s keys apart', async () => {
        const [one, two] = [client.namespace('one/'), client.namespace('two/')];
        const inner = one.namespace('inner/');
        await Promise.all([one.put('k').value('1'), two.put('k').value('2'), inner.put('k').value('3')]);
        expect(await one.getAll().strings()).toEqual({ k: '1', 'inner/k': '3' });
        expect(await client.getAll().strings()).toEqual({ 'one/k': '1', 'one/inner/k': '3', 'two/k': '2' });
        expect((await one.delete().all()).deleted).toBe('2');
        expect(await client.getAll().keys()).toEqual(['two/k']);
      });

      it('compares and swaps', async () => {
        await client.put('k').value('1');
        const swap = (from: string, to: string) =>
          client
            .if('k', 'Value', '==', from)
            .and('absent', 'Version', '==', 0)
            .and('k', 'Version', '>', 0)
            .and('k', 'Create', '!=', 1)
            .and('k', 'Lease', '===', 0)
            .then(client.put('k').value(to), client.get('k'))
            .else(client.get('k'))
            .commit();
        const done = await swap('1', '2');
        expect(done.succeeded).toBe(true);
        expect(must(done.responses[1]).response_range.kvs[0]!.value.toString()).toBe('2');
        const refused = await swap('1', '3');
        expect(refused.succeeded).toBe(false);
        expect(must(refused.responses[0]).response_range.kvs[0]!.value.toString()).toBe('2');
        const twice = client
          .if('k', 'Version', '>', 0)
          .then(client.put('k').value('a'), client.put('k').value('b'));
        await expect(twice.commit()).rejects.toThrow('duplicate key given in txn request');
      });

      it('refuses what etcd refuses, as the client’s own errors', async () => {
        await expect(client.put('').value('x')).rejects.toThrow(GRPCInvalidArgumentError);
        await expect(client.put('').value('x')).rejects.toThrow('key is not provided');
        await expect(client.put('k').value('x'.repeat(1_600_000))).rejects.toThrow('request is too large');
        await expect(client.put('k').value('x').lease('12345')).rejects.toThrow(EtcdLeaseInvalidError);
      });
    });

    describe('leases', () => {
      it('are kept alive while their client lives, and take their keys along', async () => {
        const lease = client.lease(1);
        const kept: string[] = [];
        lease.on('keepaliveSucceeded', ({ TTL }) => kept.push(TTL));
        await lease.put('leased').value('x');
        const once = await lease.keepaliveOnce();
        expect(once).toMatchObject({ TTL: '1' });
        await sleep(1500);
        expect(await client.get('leased').string()).toBe('x');
        expect(kept.length).toBeGreaterThan(0);
        await lease.revoke();
        expect(lease.revoked()).toBe(true);
        expect(await client.get('leased')).toBeNull();
        await expect(lease.put('late').value('x')).rejects.toThrow(EtcdLeaseInvalidError);
      });

      it('end by themselves when nobody keeps them, and say that they are lost', async () => {
        const left = client.lease(1, { autoKeepAlive: false });
        await left.put('left').value('x');
        await eventually('the lease to end', async () => expect(await client.get('left')).toBeNull(), 5000);
        const lost = client.lease(3);
        const id = await lost.grant();
        const told = new Promise<Error>((resolve) => lost.on('lost', resolve));
        await client.leaseClient.leaseRevoke({ ID: id });
        expect(await told).toBeInstanceOf(EtcdLeaseInvalidError);
      });
    });

    describe('watches', () => {
      const collect = (watcher: Watcher): string[] => {
        const seen: string[] = [];
        const text = ({ key, value }: IKeyValue): string => `${key.toString()}=${value.toString()}`;
        watcher.on('put', (kv, previous) =>
          seen.push(`${text(kv)}${previous ? ` was ${previous.value.toString()}` : ''}`),
        );
        watcher.on('delete', (kv, previous) =>
          seen.push(`-${text(kv)}${previous ? ` was ${previous.value.toString()}` : ''}`),
        );
        return seen;
      };
      const until = (seen: readonly string[], last: string): Promise<void> =>
        eventually(last, async () => expect(seen.at(-1)).toBe(last), 10_000);

      it('see each change once and in order, many of them on one stream', async () => {
        const one = collect(await client.watch().key('k').withPreviousKV().create());
        const all = collect(await client.watch().prefix('').create());
        const puts = collect(await client.watch().prefix('k').only('put').create());
        const deletes = collect(
          await client.watch().inRange({ start: 'k', end: 'm' }).only('delete').create(),
        );
        await client.put('k').value('1');
        await client.put('k').value('2');
        await client.put('l').value('3');
        await client.delete().all();
        await client.put('z').value('end');
        await until(all, 'z=end');
        expect(all).toEqual(['k=1', 'k=2', 'l=3', '-k=', '-l=', 'z=end']);
        await until(one, '-k= was 2');
        expect(one).toEqual(['k=1', 'k=2 was 1', '-k= was 2']);
        await until(deletes, '-l=');
        expect(deletes).toEqual(['-k=', '-l=']);
        expect(puts).toEqual(['k=1', 'k=2']);
      });

      it('start in the past, and end when they are cancelled', async () => {
        const { header } = await client.put('k').value('1');
        await client.put('k').value('2');
        const watcher = await client.watch().key('k').startRevision(header.revision).create();
        const seen = collect(watcher);
        await until(seen, 'k=2');
        await watcher.cancel();
        await client.put('k').value('3');
        await client.get('k');
        await sleep(50);
        expect(seen).toEqual(['k=1', 'k=2']);
      });

      it('go on where they were when the server was killed and is there again', async () => {
        const watcher = await client.watch().prefix('k').create();
        const seen = collect(watcher);
        let cuts = 0;
        watcher.on('disconnected', () => cuts++);
        await client.put('k').value('before');
        await until(seen, 'k=before');
        await member.stop('SIGKILL');
        await member.start();
        // By another connection, which may write before the watch is there again.
        const other = connect();
        await eventually('a write', () => other.put('k').value('meanwhile').exec());
        await until(seen, 'k=meanwhile');
        await other.put('k').value('after');
        await until(seen, 'k=after');
        expect(new Set(seen).size).toBe(seen.length);
        expect(cuts).toBeGreaterThan(0);
      });

      it('are told when what they ask for is compacted', async () => {
        const { header } = await client.put('k').value('1');
        const last = await client.put('k').value('2');
        await client.kv.compact({ revision: last.header.revision });
        const watcher = client.watch().key('k').startRevision(header.revision).watcher();
        const told = await new Promise<Error>((resolve) => watcher.on('error', resolve));
        expect(told.message).toMatch(/^Watcher canceled/);
      });
    });

    describe('locks, elections and transactions in memory', () => {
      it('let one in at a time', async () => {
        const lock = client.lock('mutex').ttl(5);
        await lock.acquire();
        await expect(connect().lock('mutex').acquire()).rejects.toThrow(EtcdLockFailedError);
        await lock.release();
        expect(await client.lock('mutex').do(() => 'done')).toBe('done');
        await client.lock('mutex').acquire();
      });

      it('elect one, tell who it is, and let the next one follow', async () => {
        const [first, second] = [connect().election('post', 5), connect().election('post', 5)];
        const leader = first.campaign('a');
        await leader.wait();
        // It tells of changes from the one on that it finds.
        const observer = await client.election('post').observe();
        const seen: (string | undefined)[] = [];
        observer.on('change', (value) => seen.push(value));
        await eventually('the leader to be seen', async () => expect(observer.leader()).toBe('a'));
        const heir = second.campaign('b');
        await heir.getCampaignKey();
        expect(await client.election('post').leader()).toBe('a');
        await leader.proclaim('a2');
        await eventually('the new word', async () => expect(seen.at(-1)).toBe('a2'));
        await leader.resign();
        await heir.wait();
        await eventually('the heir', async () => expect(seen.at(-1)).toBe('b'));
        expect(await client.election('post').leader()).toBe('b');
        await heir.resign();
        await observer.cancel();
      });

      it('count to forty by ten who do it at once', async () => {
        await client.put('n').value(0);
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            for (let i = 0; i < 4; i++) {
              await client.stm({ retries: 1000 }).transact(async (tx) => {
                await tx.put('n').value(must(await tx.get('n').number()) + 1);
              });
            }
          }),
        );
        expect(await client.get('n').number()).toBe(40);
        const conflicting = client.stm({ retries: 0 }).transact(async (tx) => {
          const value = await tx.get('n').string();
          await client.put('n').value('other');
          await tx.put('n').value(`${value}!`);
        });
        await expect(conflicting).rejects.toThrow(STMConflictError);
      });
    });

    describe('maintenance', () => {
      it('tells its status, members and hash, and gives a snapshot', async () => {
        await client.put('k').value('v');
        expect(await client.maintenance.status()).toMatchObject({ version: expect.stringMatching(/^3\./) });
        const { members } = await client.cluster.memberList({ linearizable: true });
        expect(members).toMatchObject([{ name: 'default', clientURLs: [member.clientUrl] }]);
        expect((await client.maintenance.hash()).hash).toBeGreaterThan(0);
        await client.maintenance.defragment();
        const stream = await client.maintenance.snapshot();
        const blobs: Buffer[] = [];
        await new Promise<void>((resolve, reject) => {
          stream
            .on('data', ({ blob }) => blobs.push(blob))
            .on('end', resolve)
            .on('error', reject);
        });
        const file = Buffer.concat(blobs);
        const hash = createHash('sha256').update(file.subarray(0, -32)).digest();
        expect(file.subarray(-32)).toEqual(hash);
      });
    });

    describe('users', () => {
      it('may do what their roles say, and nothing without a password', async () => {
        const root = await client.user('root').create('secret');
        await expect(client.user('root').create('secret')).rejects.toThrow(EtcdUserExistsError);
        const role = await client.role('reader').create();
        await expect(client.role('reader').create()).rejects.toThrow(EtcdRoleExistsError);
        await client.role('root').create();
        await role.grant({ permission: 'Read', range: client.range({ prefix: 'open/' }) });
        const alice = await client.user('alice').create('pass');
        await alice.addRole('reader');
        await root.addRole('root');
        await expect(client.user('ghost').roles()).rejects.toThrow(EtcdUserNotFoundError);
        await expect(client.role('ghost').permissions()).rejects.toThrow(EtcdRoleNotFoundError);
        await client.put('open/k').value('v');
        await client.auth.authEnable();
        try {
          const asAlice = connect({ auth: { username: 'alice', password: 'pass' } });
          expect(await asAlice.get('open/k').string()).toBe('v');
          await expect(asAlice.put('open/k').value('x')).rejects.toThrow(EtcdPermissionDeniedError);
          await expect(asAlice.getAll()).rejects.toThrow(EtcdPermissionDeniedError);
          const wrong = connect({ auth: { username: 'alice', password: 'wrong' } });
          await expect(wrong.get('open/k')).rejects.toThrow(EtcdAuthenticationFailedError);
          await expect(connect().get('open/k')).rejects.toThrow('user name is empty');
          const asRoot = connect({ auth: { username: 'root', password: 'secret' } });
          await asRoot.role('reader').grant({ permission: 'Readwrite', range: asRoot.range('open/k') });
          await asAlice.put('open/k').value('x');
          const permissions = await asRoot.role('reader').permissions();
          expect(permissions.map(({ permission }) => permission).toSorted()).toEqual(['Read', 'Readwrite']);
          // A lease, a watch and a lock of hers.
          await asRoot
            .role('reader')
            .grant({ permission: 'Readwrite', range: asRoot.range({ prefix: 'open/' }) });
          const lease = asAlice.lease(10);
          await lease.put('open/leased').value('x');
          const watcher = await asAlice.watch().prefix('open/').create();
          const seen = new Promise<string>((resolve) =>
            watcher.on('put', (kv) => resolve(kv.key.toString())),
          );
          await asAlice.lock('open/lock').do(() => undefined);
          expect(await seen).toBe('open/lock');
          await lease.revoke();
          await asRoot.auth.authDisable();
        } finally {
          const asRoot = connect({ auth: { username: 'root', password: 'secret' } });
          await asRoot.auth.authDisable().catch(() => undefined);
        }
        await client.user('alice').delete();
        await client.user('root').delete();
      });
    });
  },
);

describe.skipIf(!drydockServes()).each(flavours)(
  'the npm client etcd3 over TLS with %s',
  { timeout: 120_000 },
  (flavour) => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-etcd3-'));
    let member: EtcdProcess;
    let ca: Buffer;
    let certificate: { readonly cert: string; readonly key: string };

    beforeAll(async () => {
      const file = (name: string, text: string): string => {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
      };
      const authority = await createAuthority(folder);
      ca = Buffer.from(authority.certificatePem);
      const server = await issueCertificate(authority, {
        commonName: 's',
        organizations: [],
        hosts: ['127.0.0.1', 'localhost'],
      });
      certificate = await issueCertificate(authority, { commonName: 'alice', organizations: [], hosts: [] });
      member = await EtcdProcess.start({
        flavour,
        scheme: 'https',
        flags: [
          `--cert-file=${file('s.crt', server.cert)}`,
          `--key-file=${file('s.key', server.key)}`,
          `--trusted-ca-file=${file('ca.pem', authority.certificatePem)}`,
          '--client-cert-auth',
        ],
      });
    });

    afterAll(async () => {
      await member?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('serves who has a certificate, keys and watches, and nobody else', async () => {
      const credentials = {
        rootCertificate: ca,
        privateKey: Buffer.from(certificate.key),
        certChain: Buffer.from(certificate.cert),
      };
      const client = new Etcd3({ hosts: member.clientUrl, credentials });
      try {
        const watcher = await client.watch().key('k').create();
        const seen = new Promise<string>((resolve) =>
          watcher.on('put', (kv) => resolve(kv.value.toString())),
        );
        await client.put('k').value('v');
        expect(await seen).toBe('v');
        expect(await client.get('k').string()).toBe('v');
      } finally {
        client.close();
      }
      for (const options of [{ credentials: { rootCertificate: ca } }, {}]) {
        const stranger = new Etcd3({ hosts: member.clientUrl, dialTimeout: 1000, ...options });
        try {
          await expect(stranger.get('k').exec()).rejects.toThrow();
        } finally {
          stranger.close();
        }
      }
    });
  },
);
