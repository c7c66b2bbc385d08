import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { must } from '../../src/base/assert.ts';
import { drydockServes, EtcdProcess, freePorts } from './etcd-process.ts';
import { eventually, runDrydock } from './etcd-tools.ts';
import { canCompare, CtlPair, type CtlSide } from './etcdctl-pair.ts';

/** Three members of each as one types at them, and what goes from a real etcd to drydock and back: mirrors, snapshots. */

const here =
  canCompare('what etcdctl prints of members, mirrors and snapshots is not compared.') && drydockServes();
const folder = mkdtempSync(join(tmpdir(), 'drydock-etcdctl-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!here)(
  'etcdctl prints of three members of drydock what it prints of three of etcd',
  { timeout: 120_000 },
  () => {
    let pair: CtlPair;
    const joining: EtcdProcess[] = [];
    const all = '--endpoints=$endpoint0,$endpoint1,$endpoint2';

    beforeAll(async () => {
      pair = await CtlPair.start({ members: 3 });
    });

    afterAll(async () => {
      await Promise.all(joining.map((member) => member.close()));
      await pair.close();
      expect(pair.comparisons).toBeGreaterThan(50);
    });

    it('endpoints', async () => {
      await pair.well('put k v', 'put k w', 'put other v', 'del other');
      await pair.same(
        { run: 'endpoint health --cluster', unordered: true },
        { run: `endpoint health ${all}`, unordered: true },
        { run: `endpoint health ${all},127.0.0.1:1 --command-timeout=500ms`, unordered: true },
        { run: `endpoint hashkv ${all}`, unordered: true },
        { run: `endpoint hashkv --rev=3 ${all}`, unordered: true },
        { run: 'endpoint hashkv --cluster --rev=9999', unordered: true },
        { run: `defrag ${all}` },
        { run: 'defrag --cluster', unordered: true },
        { run: 'member list', unordered: true },
        { run: 'member list -w fields', unordered: true },
        `get k ${all}`,
        'get k --endpoints=$endpoint2',
        'get k --endpoints=$endpoint1 --consistency=s',
        'put k x --endpoints=$endpoint2',
        'get k --endpoints=127.0.0.1:1,$endpoint1',
      );
      for (const side of pair.sides) {
        const { stdout } = await side.run({ run: `endpoint status ${all} -w json` });
        const found = JSON.parse(stdout.toString().replace(/:(\d{16,})/g, ':"$1"')) as {
          Status: { header: { member_id: string }; leader: string; isLearner?: boolean };
        }[];
        expect(new Set(found.map(({ Status }) => Status.leader)).size, side.flavour).toBe(1);
      }
    });

    it('move-leader', async () => {
      for (const side of pair.sides) await nameLeader(side);
      await pair.same(
        'move-leader $idnext --endpoints=$endpointnext',
        'move-leader 1234 --endpoints=$endpointleader',
        'move-leader xyz',
        'move-leader',
        // Before it is asked, etcdctl looks for the leader among the endpoints.
        `move-leader $idnext ${all}`,
      );
      for (const side of pair.sides) {
        const next = side.names.get('idnext');
        await eventually('the next to lead', async () => {
          await nameLeader(side);
          expect(side.names.get('idleader')).toBe(next);
        });
      }
      await pair.same('put k moved', 'get k');
      for (const side of pair.sides) {
        for (const name of ['leader', 'next']) {
          for (const key of [`id${name}`, `id${name}.decimal`, `endpoint${name}`]) side.names.delete(key);
        }
      }
    });

    it('member', async () => {
      const ports = await Promise.all(pair.sides.map(() => freePorts()));
      for (const [i, side] of pair.sides.entries()) {
        side.names.set('newpeer', `127.0.0.1:${must(ports[i]).peer}`);
        side.names.set('newclient', `127.0.0.1:${must(ports[i]).client}`);
      }
      const id = /Member\s+(\w+) added/;
      // Both want to have been connected to all for five seconds.
      for (const side of pair.sides) {
        await eventually(`${side.flavour} to find itself healthy`, async () => {
          const { stderr } = await side.run({ run: 'member add learner --peer-urls=http://$peer1' });
          expect(stderr).not.toContain('unhealthy cluster');
        });
      }
      await pair.same(
        'member add',
        'member add learner',
        'member add learner --peer-urls=',
        'member add learner --peer-urls=nonsense',
        'member add learner --peer-urls=http://$peer1',
        'member add a b --peer-urls=http://$newpeer',
      );
      await pair.well({
        unordered: true,
        run: 'member add learner --learner --peer-urls=http://$newpeer',
        bind: { learner: id },
      });
      await pair.same(
        'member add second --learner --peer-urls=http://127.0.0.1:1',
        'member promote $learner',
        'member promote 1234',
        'member promote $id0',
        'member promote xyz',
        'member promote',
        { run: 'member list', unordered: true },
        { run: 'member list -w json', unordered: true },
      );
      for (const [i, side] of pair.sides.entries()) {
        const initialCluster = [
          ...side.members.map((member) => `${member.name}=${member.peerUrl}`),
          `learner=http://127.0.0.1:${must(ports[i]).peer}`,
        ].join(',');
        const member = await EtcdProcess.create({
          flavour: side.flavour,
          name: 'learner',
          ports: must(ports[i]),
          initialCluster,
          initialClusterState: 'existing',
        });
        joining.push(member);
      }
      await Promise.all(joining.map((member) => member.start()));
      await pair.same('get k --endpoints=$newclient --consistency=s');
      // 3.5 says `Unavailable`, of which its clients try again and again; later releases and drydock do not.
      for (const run of [
        'get k',
        'put k x',
        'del k',
        'watch k',
        'member list',
        'user list',
        'alarm list',
        'endpoint health',
        'lease list',
        'lease grant 9',
        'compaction 2',
        'defrag',
        'endpoint hashkv',
      ]) {
        const { code, stderr } = await pair.drydock.run({ run: `${run} --endpoints=$newclient` });
        expect.soft(stderr, run).toContain('etcdserver: rpc not supported for learner');
        expect.soft(code, run).not.toBe(0);
      }
      for (const side of pair.sides) {
        const { stdout } = await side.run({ run: 'endpoint status -w json --endpoints=$newclient' });
        expect(stdout.toString(), side.flavour).toContain('"isLearner":true');
      }
      await eventually('the learners to have caught up', async () => {
        for (const side of pair.sides) {
          const { code, stderr } = await side.run({ run: 'member promote $learner' });
          if (!stderr.includes('can only promote a learner member')) expect(code, stderr).toBe(0);
        }
      });
      await pair.same(
        'member promote $learner',
        { run: 'member list', unordered: true },
        'put k promoted --endpoints=$newclient',
        'get k --endpoints=$newclient',
        'member update $learner --peer-urls=http://$peer1',
        'member update $learner --peer-urls=nonsense',
        'member update $learner',
        'member update 1234 --peer-urls=http://$newpeer',
        'member update $learner --peer-urls=http://$newpeer',
        'member update',
        'member remove 1234',
        'member remove xyz',
        'member remove',
        'member remove $learner',
        'member remove $learner',
        { run: 'member list', unordered: true },
        'put k after',
      );
    });
  },
);

/** Names the leader and the member after it: `$idleader`, `$idnext`, and their endpoints. */
async function nameLeader(side: CtlSide): Promise<void> {
  const endpoints = side.members.map(({ endpoint }) => endpoint).join(',');
  const { stdout } = await side.run({ run: `endpoint status -w json --endpoints=${endpoints}` });
  const found = JSON.parse(stdout.toString().replace(/:(\d{16,})/g, ':"$1"')) as {
    Endpoint: string;
    Status: { header: { member_id: string }; leader: string };
  }[];
  const at = found.findIndex(({ Status }) => Status.header.member_id === Status.leader);
  for (const [name, one] of [
    ['leader', must(found[at])],
    ['next', must(found[(at + 1) % found.length])],
  ] as const) {
    side.nameId(`id${name}`, one.Status.header.member_id);
    side.names.set(`endpoint${name}`, one.Endpoint);
  }
}

describe.skipIf(!here)('what goes between a real etcd and drydock', { timeout: 120_000 }, () => {
  let pair: CtlPair;

  beforeAll(async () => {
    pair = await CtlPair.start();
    for (const run of ['put a 1', 'put a/1 x', 'put a/2 y', 'put b z', 'del a/2', 'put a/2 again']) {
      await pair.outcomes({ run });
    }
  });

  afterAll(() => pair.close());

  it.each([
    ['etcd', 'drydock'],
    ['drydock', 'etcd'],
  ] as const)('make-mirror from %s to %s, while it is written to', async (from, to) => {
    const source = pair[from];
    const target = pair[to];
    const mirror = source.spawn({
      run: `make-mirror ${target.members[0]!.endpoint} --dest-prefix=${from}/ --prefix=a`,
    });
    const output: string[] = [];
    for (const stream of [mirror.stdout, mirror.stderr])
      stream!.on('data', (chunk) => output.push(String(chunk)));
    try {
      const expectThere = async (key: string, value: string): Promise<void> => {
        await eventually(`${key} to be mirrored: ${output.join('')}`, async () => {
          const { stdout } = await target.run({ run: `get ${key}` });
          expect(stdout.toString()).toBe(value === '' ? '' : `${key}\n${value}\n`);
        });
      };
      await expectThere(`${from}/`, '1');
      await expectThere(`${from}//2`, 'again');
      await source.run({ run: 'put a/3 new' });
      await source.run({ run: 'del a/1' });
      await source.run({ run: 'put c not-mirrored' });
      await source.run({ run: 'txn', input: '\nput a/4 4\nput a/5 5\ndel a/2\n\n\n' });
      await expectThere(`${from}//5`, '5');
      await expectThere(`${from}//1`, '');
      const { stdout } = await target.run({ run: `get ${from}/ --prefix` });
      expect(stdout.toString()).toBe(
        [
          ['', '1'],
          ['/3', 'new'],
          ['/4', '4'],
          ['/5', '5'],
        ]
          .map(([k, v]) => `${from}/${k}\n${v}\n`)
          .join(''),
      );
    } finally {
      mirror.kill('SIGKILL');
    }
  });

  it('snapshot save and status', async () => {
    for (const side of pair.sides) side.names.set('folder', folder);
    for (const side of pair.sides) side.names.set('file', join(folder, `${side.flavour}.db`));
    await pair.same(
      'snapshot save $file',
      'snapshot save',
      'snapshot save a b',
      'snapshot save /nowhere/at/all',
      'snapshot status',
    );
    for (const side of pair.sides) expect(existsSync(must(side.names.get('file')))).toBe(true);
    // The file of a real one is bbolt's; drydock's own says so in its first bytes, and each restores only its own.
    const file = must(pair.drydock.names.get('file'));
    const theirs = must(pair.etcd.names.get('file'));
    const { code, stderr } = await pair.drydock.run({ run: 'snapshot status $file' });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/invalid database|snapshot file integrity check failed|Error/);
    const refused = await runDrydock([
      'etcd',
      'snapshot',
      'restore',
      theirs,
      '--data-dir',
      join(folder, 'theirs'),
    ]);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/^drydock: .*\n$/);
    expect(existsSync(join(folder, 'theirs'))).toBe(false);
    expect(readFileSync(file).length).toBeGreaterThan(0);
    const restored = await pair.etcd.run({
      run: `snapshot restore ${file} --data-dir ${join(folder, 'ours')}`,
    });
    expect(restored.code).not.toBe(0);
  });

  it('check datascale', async () => {
    // `check perf` takes a minute by itself: it is for people.
    const ended = await Promise.all(
      pair.sides.map((side) => side.run({ run: 'check datascale --load=s --auto-compact --auto-defrag' })),
    );
    for (const { code, stdout, stderr } of ended) {
      expect(code, `${stdout.toString()}${stderr}`).toBe(0);
      expect(stdout.toString()).toMatch(/^PASS: Approximate system memory used/m);
    }
  });
});
