import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { drydockServes } from './etcd-process.ts';
import { eventually } from './etcd-tools.ts';
import { canCompare, CtlPair } from './etcdctl-pair.ts';

/**
 * What one types at `etcdctl` about keys, transactions, watches, leases, locks and elections, held to a real etcd. Members,
 * users and snapshots are in the files beside this one.
 */

const here = canCompare('NOTHING of what etcdctl prints is compared with a real etcd.') && drydockServes();

describe.skipIf(!here)('etcdctl prints of drydock what it prints of etcd', { timeout: 120_000 }, () => {
  let pair: CtlPair;

  beforeAll(async () => {
    pair = await CtlPair.start();
  });

  afterAll(async () => {
    await pair.close();
    expect(pair.comparisons).toBeGreaterThan(200);
  });

  it('put', async () => {
    await pair.same(
      'put k v',
      'put k w --prev-kv',
      'put new x --prev-kv',
      'put k w2 -w json',
      'put k w3 -w json --prev-kv',
      'put k w4 -w fields --prev-kv',
      'put k w5 -w table',
      { run: 'put k w6 -w protobuf --prev-kv', message: 'PutResponse' },
      { run: 'put stdin', input: 'a value\nof two lines\n' },
      { run: 'put nothing', input: '' },
      'put -- -k -v',
      'put "a key" "with spaces"',
      'put ключ значение --prev-kv',
      "put '' v",
      'put k v --ignore-value',
      'put k --ignore-value --prev-kv',
      'put absent --ignore-value',
      'put absent v --ignore-lease',
      'put k v --ignore-lease',
      'put k v --lease=123456',
      'put k v --lease=0',
      'put k v --lease=nonsense',
      'put',
      'put a b c',
      'put k v --hex',
      'put k v --write-out=nonsense',
    );
  });

  it('get', async () => {
    await pair.same(
      'put g/a 3',
      'put g/b 1',
      'put g/c 2',
      'put g/b 1b',
      'put g/d 1b',
      'get g/a',
      'get g/nothing',
      'get g/ --prefix',
      'get g/a g/c',
      'get g/c g/a',
      'get g/c --from-key',
      'get "" --from-key --keys-only',
      'get "" --prefix --count-only',
      'get g/ --prefix --keys-only',
      'get g/ --prefix --count-only',
      'get g/ --prefix --count-only -w fields',
      'get g/ --prefix --count-only -w json',
      'get g/ --prefix --keys-only --count-only',
      'get g/ --prefix --limit=2',
      'get g/ --prefix --limit=2 -w json',
      'get g/ --prefix --limit=-1',
      'get g/ --prefix --limit=99',
      'get g/ --prefix --print-value-only',
      'get g/a --print-value-only --keys-only',
      'get g/ --prefix --hex',
      ...['CREATE', 'KEY', 'MODIFY', 'VERSION', 'VALUE', 'value', ''].flatMap((by) =>
        ['ASCEND', 'DESCEND', 'ascend', ''].map(
          (order) => `get g/ --prefix --sort-by='${by}' --order='${order}' --limit=2 --print-value-only`,
        ),
      ),
      'get g/ --prefix --sort-by=NONSENSE',
      'get g/ --prefix --order=NONSENSE',
      'get g/ --prefix --order=DESCEND --keys-only',
      'get g/b --rev=1',
      'get g/ --prefix --rev=12',
      'get g/ --prefix --rev=14 -w fields',
      'get g/a --rev=-5',
      'get g/a --rev=9999',
      'get g/a --consistency=s',
      'get g/a --consistency=l -w json',
      'get g/a --consistency=nonsense',
      'get g/ --prefix -w json',
      'get g/ --prefix -w json --hex',
      'get g/ --prefix -w fields',
      'get g/a -w table',
      { run: 'get g/ --prefix --limit=3 -w protobuf', message: 'RangeResponse' },
      'get g/ --prefix --from-key',
      'get',
      'get a b c',
      'get g/a g/b --prefix',
    );
  });

  it('del', async () => {
    await pair.same(
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `put d/${key} ${key}`),
      'del d/nothing',
      'del d/nothing --prev-kv',
      'del d/a',
      'del d/b --prev-kv',
      'del d/c d/d --prev-kv -w json',
      'del d/e d/f --range --prev-kv',
      'del d/ --prefix --prev-kv -w fields',
      'put zz/1 x',
      'put zz/2 y',
      'del zz/2 --from-key -w json',
      { run: 'del zz/ --prefix --prev-kv -w protobuf', message: 'DeleteRangeResponse' },
      'del zz/ --prefix -w table',
      'del d/b d/a',
      'del',
      'del a b c',
      'del a b --prefix',
      'del a --prefix --from-key',
    );
  });

  it('txn', async () => {
    const txn = (input: string, flags = ''): { run: string; input: string } => ({
      run: `txn ${flags}`,
      input,
    });
    await pair.same(
      'put t 1',
      txn('value("t") = "1"\n\nput t 2\nget t\n\nput t 3\n\n'),
      txn('value("t") = "1"\n\nput t 2\n\nget t\ndel t\n\n'),
      txn('\nput t 4\nput u 1\nget t u\nget "" --prefix --count-only\n\n\n'),
      txn('mod("t") > "0"\ncreate("t") < "999"\nver("t") != "7"\nlease("t") = "0"\n\nget t\n\n\n', '-w json'),
      txn('ver("t") = "1"\n\nget t\n\nget u\n\n', '-w fields'),
      txn('c("u") > "0"\n\ndel u\n\n\n', '-w simple'),
      { ...txn('\nput t 5\ndel nothing --prev-kv\nget t\n\n\n', '-w protobuf'), message: 'TxnResponse' },
      txn('\nput t 6\n\n\n', '-w table'),
      txn('\n\n\n'),
      txn('\nput t 6\nput t 7\n\n\n'),
      txn('\nput t 6\ndel t\n\n\n'),
      txn('\nput t 7 --lease=99\n\n\n'),
      txn('\nget t --rev=9999\n\n\n'),
      txn('\nput t 8 --ignore-value\n\n\n'),
      txn('\nput absent --ignore-value\n\n\n'),
      txn('\ndel t --prev-kv\nput v 1 --prev-kv\n\n\n'),
      txn(`\n${Array.from({ length: 128 }, (_, i) => `put many/${i} ${i}\n`).join('')}\n\n`),
      txn(`\n${Array.from({ length: 129 }, (_, i) => `put many/${i} ${i}\n`).join('')}\n\n`),
      txn('nonsense\n\n\n\n'),
      txn('value("t") ~ "1"\n\n\n\n'),
      txn('mod("t") = "x"\n\n\n\n'),
      txn('\nnonsense t\n\n\n'),
      txn('mod("v") > "0"\n\nput v 2\n\nget v\n\n', '--interactive'),
      txn('\nput w 1\nget w\n\n\n', '-i'),
      'txn argument',
    );
  });

  it('watch', async () => {
    await pair.same('put w/before 1');
    const whole = ['', '--prev-kv', '-w json --prev-kv', '-w fields --prev-kv', '--progress-notify'].map(
      (flags) => pair.start(`watch w/ --prefix ${flags}`),
    );
    const range = pair.start('watch w/a w/c');
    const one = pair.start('watch w/end -w fields');
    const past = pair.start('watch w/ --prefix --rev=2 --prev-kv');
    const says = 'echo $ETCD_WATCH_REVISION $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE';
    const executed = pair.start(`watch w/ --prefix -- sh -c '${says}'`);
    // What several watches print comes in no order.
    const typed = pair.start({ run: 'watch -i', unordered: true });
    // One of them has no key, one is no command.
    typed.type('watch w/a\nwatch\nnonsense\nwatch w/ --prefix --prev-kv\nwatch w/b w/end\n');
    const byEnvironment = pair.start({
      run: 'watch',
      env: { ETCDCTL_WATCH_KEY: 'w/a', ETCDCTL_WATCH_RANGE_END: 'w/z' },
    });
    await pair.watchersAre(whole.length + 8);
    await pair.same(
      'put w/a 1',
      'put w/b 2',
      'put w/a 3',
      'del w/ --prefix',
      'put w/b 4',
      'put w/end the-end',
    );
    await range.until(/w\/b\n4/);
    const all = [...whole, one, past, executed, typed, byEnvironment];
    for (const stream of all) await stream.until(/the-end|dGhlLWVuZA==/);
    for (const stream of [range, ...all]) await stream.stop('SIGINT');
    await pair.same('watch', 'watch w --rev=nonsense', 'watch w/a --prefix --from-key', 'watch w -- ');
  });

  it('compaction', async () => {
    await pair.same(
      'put c 1',
      'put c 2',
      'get c -w json',
      'compaction 5',
      'compaction 5',
      'compaction 20 --physical',
      'compaction 9999',
      'compaction 0',
      'compaction -- -1',
      'compaction',
      'compaction x',
      'get c --rev=19',
      'get "" --prefix --rev=20 --keys-only',
      'endpoint hashkv',
    );
    // Below what is compacted there is nothing to watch.
    const late = pair.start('watch c --rev=3');
    await late.stop();
    await pair.start('watch c --rev=3 -w json').stop();
  });

  it('alarm, defrag, endpoint, version, completion and help', async () => {
    await pair.same(
      'alarm list',
      'alarm list -w json',
      'alarm disarm',
      'alarm disarm -w fields',
      'alarm',
      'defrag',
      'defrag --cluster',
      'defrag --endpoints=127.0.0.1:1 --command-timeout=300ms',
      'endpoint health',
      'endpoint health --cluster',
      'endpoint health -w json',
      'endpoint health --endpoints=$endpoint0,127.0.0.1:1 --command-timeout=300ms',
      'endpoint health --endpoints=127.0.0.1:1 --command-timeout=300ms -w json',
      'endpoint status -w json',
      'endpoint status -w fields',
      'endpoint hashkv',
      'endpoint hashkv -w json',
      'endpoint hashkv --cluster -w fields',
      'endpoint hashkv --rev=25',
      'endpoint hashkv --rev=9999',
      'endpoint hashkv --rev=1',
      'member list -w json',
      'member list -w fields',
      'member list',
      'version',
      'get k --endpoints=127.0.0.1:1 --command-timeout=300ms',
      'get k --endpoints=$endpoint0 --user=root:x',
      'get k --endpoints=https://$endpoint0 --command-timeout=500ms --insecure-skip-tls-verify',
      'get k --command-timeout=0s',
      'get k --keepalive-time=1s --keepalive-timeout=1s --dial-timeout=1s',
      'get k --debug --command-timeout=nonsense',
      'nonsense',
      '--nonsense',
    );
  });

  it('lease', async () => {
    await pair.same(
      { run: 'lease grant 1000', bind: { lease: /lease (\w+) granted/ } },
      { run: 'lease grant 500 -w json', bind: { second: /"ID":(\d+)/ } },
      { run: 'lease grant 400 -w fields', bind: { third: /"ID" : (\d+)/ } },
      'put l/1 x --lease=$lease',
      'put l/2 y --lease=$second',
      'put l/2 z --ignore-lease',
      'get l/ --prefix -w fields',
      'lease timetolive $lease',
      'lease timetolive $lease --keys',
      'lease timetolive $second --keys',
      'lease timetolive $third --keys -w fields',
      'lease timetolive $lease --keys -w json',
      'lease timetolive 1234',
      'lease timetolive 1234 --keys -w json',
      'lease timetolive xyz',
      'lease timetolive',
      { run: 'lease list', unordered: true },
      'lease keep-alive $lease --once',
      'lease keep-alive $lease --once -w json',
      'lease keep-alive 1234 --once',
      'lease keep-alive 1234',
      'lease keep-alive',
      'lease revoke $lease',
      'lease revoke $lease',
      'lease revoke xyz',
      'lease revoke',
      'lease revoke $second -w json',
      'get l/ --prefix',
      { run: 'lease list', unordered: true },
      'lease list -w json',
      'lease revoke $third -w fields',
      'lease list',
      { run: 'lease grant 0', bind: { zero: /lease (\w+) granted/ } },
      { run: 'lease grant -- -5', bind: { negative: /lease (\w+) granted/ } },
      'lease grant 99999999999',
      'lease grant x',
      'lease grant',
      'lease',
      'lease nonsense',
    );
    await pair.same({ run: 'lease grant 3', bind: { short: /lease (\w+) granted/ } });
    const kept = pair.start('lease keep-alive $short');
    await kept.until(/keepalived with TTL\(3\)\n.*keepalived/);
    await pair.same('lease revoke $short');
    await kept.stop();
  });

  it('lock', async () => {
    const held = pair.start('lock mutex');
    await held.bind('held', /mutex\/(\w+)/);
    const waiting = pair.start(
      "lock mutex --ttl=60 -- sh -c 'echo the lock $ETCD_LOCK_KEY $ETCD_LOCK_REV; exit 3'",
    );
    await pair.watchersAre(1);
    await held.stop('SIGINT');
    await waiting.bind('waiting', /mutex\/(\w+)/);
    await waiting.stop();
    await pair.same('get mutex --prefix', 'lock', 'lock mutex --ttl=0 true', 'lock a nothing-of-this-name');
  });

  it('elect', async () => {
    const leader = pair.start('elect post first');
    await leader.bind('leader', /post\/(\w+)/);
    const observer = pair.start('elect -l post');
    await observer.until(/first/);
    const heir = pair.start('elect post second');
    await eventuallyTwo(pair, 'get post/ --prefix --count-only -w fields');
    await leader.stop('SIGINT');
    await heir.bind('heir', /post\/(\w+)/);
    await observer.until(/second/);
    await heir.stop('SIGINT');
    await observer.stop('SIGINT');
    await pair.same('get post/ --prefix', 'elect', 'elect a b c');
  });
});

/** Waits until a count is two on both sides. */
async function eventuallyTwo(pair: CtlPair, run: string): Promise<void> {
  for (const side of pair.sides) {
    await eventually(`two on ${side.flavour}`, async () => {
      const { stdout } = await side.run({ run });
      expect(stdout.toString()).toContain('"Count" : 2');
    });
  }
}
