import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { drydockServes } from './etcd-process.ts';
import { canCompare, CtlPair } from './etcdctl-pair.ts';

/** Users, roles and permissions as one types them, held to a real etcd; certificates and JWT are in etcd-auth.test.ts. */

const here = canCompare('what etcdctl prints of users and roles is not compared.') && drydockServes();

describe.skipIf(!here)(
  'etcdctl prints of drydock’s users what it prints of etcd’s',
  { timeout: 120_000 },
  () => {
    let pair: CtlPair;

    beforeAll(async () => {
      pair = await CtlPair.start({ flags: ['--bcrypt-cost=4'] });
    });

    afterAll(async () => {
      await pair.close();
      expect(pair.comparisons).toBeGreaterThan(120);
    });

    it('users and roles, before anybody has to be one', async () => {
      await pair.same(
        'auth status',
        'auth status -w json',
        'auth enable',
        'auth disable',
        'user list',
        { run: 'user add root --interactive=false', input: 'secret\n' },
        { run: 'user add root --interactive=false', input: 'secret\n' },
        'user add alice:pass',
        'user add bob --new-user-password=pass',
        'user add carol --no-password',
        'user add dave:pass -w json',
        { run: 'user add nobody --interactive=false', input: '' },
        'user add :pass',
        'user add',
        'user list',
        'user list -w json',
        { run: 'user list -w protobuf', message: 'AuthUserListResponse' },
        { run: 'user passwd bob --interactive=false', input: 'other\n' },
        { run: 'user passwd ghost --interactive=false', input: 'other\n' },
        'user delete dave',
        'user delete dave',
        'user get alice',
        'user get ghost',
        'role list',
        'role add root',
        'role add reader',
        'role add reader',
        "role add ''",
        'role add writer -w json',
        'role add',
        'role list',
        'role list -w json',
        'role get reader',
        'role get ghost',
        'role delete writer',
        'role delete writer',
        'role add writer',
        'role grant-permission reader read k',
        'role grant-permission reader read a c',
        'role grant-permission reader read p/ --prefix',
        'role grant-permission reader read z --from-key',
        'role grant-permission reader write a c',
        'role grant-permission reader readwrite a c',
        'role grant-permission reader nonsense k',
        'role grant-permission ghost read k',
        'role grant-permission reader read a c --prefix',
        'role grant-permission reader read c a',
        'role grant-permission reader',
        'role get reader',
        'role get reader -w json',
        'role get reader -w fields',
        'role revoke-permission reader a c',
        'role revoke-permission reader a c',
        'role revoke-permission reader k',
        'role revoke-permission reader c a',
        'role revoke-permission reader z --from-key',
        'role revoke-permission reader p/ --prefix',
        'role revoke-permission ghost k',
        'role get reader',
        'role grant-permission reader read p/ --prefix',
        'role grant-permission writer readwrite p/ --prefix',
        'role grant-permission writer write only',
        'user grant-role alice reader',
        'user grant-role alice reader',
        'user grant-role bob writer',
        'user grant-role bob reader',
        'user grant-role ghost reader',
        'user grant-role alice ghost',
        'user grant-role alice',
        'user get bob',
        'user get bob --detail',
        'user get bob -w json',
        'user get bob -w fields',
        'user revoke-role bob reader',
        'user revoke-role bob reader',
        'user revoke-role ghost reader',
        'auth status -w fields',
      );
      await pair.well('user get bob', 'role get reader', 'user grant-role root root');
    });

    it('who may do what, when everybody has to be somebody', async () => {
      const all = ['', '--user=root:secret', '--user=alice:pass', '--user=bob:other'];
      const commands = [
        'put p/k v',
        'put only v',
        'put only v --prev-kv',
        'put k v',
        'get p/k',
        'get only',
        'get p/ --prefix --count-only',
        'get p/ --from-key --count-only',
        'get p/k --consistency=s',
        'del p/nothing',
        'del p/nothing --prev-kv',
        'del only',
        'user list',
        'role list',
        'auth status',
      ];
      await pair.well('auth enable', '--user=root:secret auth enable');
      for (const user of all) {
        for (const command of commands) {
          await pair.same(`${user} ${command}`);
        }
      }
      await pair.same(
        'get p/k --user=alice:wrong',
        'get p/k --user=ghost:x',
        'get p/k --user=carol:x',
        'get p/k --user=carol --password=x',
        'get p/k --user=alice --password=pass',
        'get p/k --user=:x',
        { run: '--user=alice:pass txn', input: '\nget p/k\n\n\n' },
        { run: '--user=alice:pass txn', input: '\nput p/k 1\n\n\n' },
        { run: '--user=alice:pass txn', input: 'mod("k") > "0"\n\nget p/k\n\n\n' },
        { run: '--user=alice:pass txn', input: 'mod("p/k") > "0"\n\nget p/k\n\nput k 1\n\n' },
        { run: '--user=bob:other txn', input: '\nput p/k 1 --prev-kv\nput only 2\ndel only\n\n\n' },
        '--user=alice:pass user get alice',
        '--user=alice:pass user get bob',
        '--user=alice:pass role get reader',
        '--user=alice:pass role get writer',
        { run: '--user=alice:pass user passwd alice --interactive=false', input: 'new\n' },
        '--user=alice:pass auth disable',
        '--user=root:secret user delete root',
        '--user=root:secret user revoke-role root root',
        '--user=root:secret role delete root',
        '--user=alice:pass endpoint health',
        'endpoint health',
        '--user=root:secret endpoint health',
        '--user=root:secret endpoint status -w json',
        '--user=root:secret endpoint hashkv',
        '--user=root:secret defrag',
        '--user=root:secret alarm list',
        // What asks for nobody's keys, anybody who is somebody may ask.
        '--user=alice:pass endpoint status -w json',
        '--user=alice:pass member list -w json',
        '--user=alice:pass alarm list',
      );
    });

    it('what etcd 3.5 leaves open to everybody or keeps to itself, and its later releases and drydock do not', async () => {
      // What root may do.
      const root = await pair.drydock.run({ run: '--user=root:secret role get root' });
      expect(root.stdout.toString()).toContain('KV Write:\n\t[, <open ended>');
      const refusals = {
        '': 'etcdserver: user name is empty',
        '--user=alice:pass': 'etcdserver: permission denied',
      };
      for (const [user, refusal] of Object.entries(refusals)) {
        for (const command of ['compaction 1', 'defrag', 'endpoint hashkv']) {
          const { code, stderr } = await pair.drydock.run({ run: `${user} ${command}` });
          expect.soft(stderr, `${user} ${command}`).toContain(refusal);
          expect.soft(code, `${user} ${command}`).not.toBe(0);
        }
      }
      for (const command of [
        'alarm list',
        'member list',
        'endpoint status',
        'lease grant 9',
        'lease list',
        'lease timetolive 1',
        'lease keep-alive 1 --once',
      ]) {
        const { stderr } = await pair.drydock.run({ run: command });
        expect.soft(stderr, command).toContain(refusals['']);
      }
    });

    it('leases, watches, locks and elections of users', async () => {
      await pair.well(
        { run: '--user=root:secret lease grant 1000', bind: { lease: /lease (\w+) granted/ } },
        '--user=root:secret put k x --lease=$lease',
        {
          run: "--user=bob:other lock p/mutex -- sh -c 'echo $ETCD_LOCK_KEY'",
          bind: { mutex: /mutex\/(\w+)/ },
        },
      );
      await pair.same(
        '--user=bob:other put p/k x --lease=$lease',
        '--user=alice:pass lease timetolive $lease --keys',
        '--user=alice:pass lease timetolive $lease',
        '--user=alice:pass lease keep-alive $lease --once',
        '--user=alice:pass lease revoke $lease',
        '--user=root:secret lease revoke $lease',
        '--user=alice:pass watch k --rev=1',
        'watch k --rev=1',
        '--user=alice:pass lock k echo held',
        '--user=alice:pass elect p/post me',
      );
      const watch = pair.start('--user=alice:pass watch p/ --prefix --rev=1');
      await pair.same('--user=bob:other put p/end the-end');
      await watch.until(/the-end/);
      await watch.stop('SIGINT');
    });

    it('what was taken from them, they may not any more', async () => {
      await pair.same(
        '--user=root:secret role revoke-permission reader p/ --prefix',
        '--user=alice:pass get p/k',
        '--user=root:secret role grant-permission reader read p/k',
        '--user=alice:pass get p/k',
        '--user=root:secret user revoke-role alice reader',
        '--user=alice:pass get p/k',
        '--user=root:secret user grant-role alice reader',
        '--user=root:secret role delete reader',
        '--user=alice:pass get p/k',
        '--user=root:secret user get alice --detail',
        { run: '--user=root:secret user passwd alice --interactive=false', input: 'new\n' },
        '--user=alice:pass get p/k',
        '--user=alice:new get p/k',
        '--user=root:secret user delete alice',
        '--user=alice:new get p/k',
        '--user=root:secret auth status',
        '--user=root:secret auth disable',
        'get p/k',
        '--user=root:secret get p/k',
        'user list',
        'auth status -w json',
      );
    });
  },
);
