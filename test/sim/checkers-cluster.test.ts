import { describe, expect, it } from 'vitest';

import { AtMostOneRunning } from '../../sim/checkers/at-most-one-running.ts';
import { CachesForward } from '../../sim/checkers/caches-forward.ts';
import { NoOvercommit } from '../../sim/checkers/no-overcommit.ts';
import { NoZombieWrites } from '../../sim/checkers/no-zombie-writes.ts';
import { observeApiClient } from '../../sim/cluster-observations.ts';
import { ObservationBus, type Checker } from '../../sim/observations.ts';
import type { ApiObject, Lease, Node, Pod } from '../../src/api/types.ts';
import type { ApiClient, ResourceClient } from '../../src/client/api-client.ts';
import { leases, pods } from '../../src/client/resources.ts';
import { verdict, type Fact } from './checkers-stories.ts';

function changed(object: ApiObject, at = 1, change: 'ADDED' | 'MODIFIED' | 'DELETED' = 'MODIFIED'): Fact {
  return { type: 'object-changed', change, object, revision: at };
}
function metadata(name: string, version = '1'): Pod['metadata'] {
  return { name, namespace: 'default', uid: name, resourceVersion: version, creationTimestamp: '' };
}
function pod(name: string, cpu: string, nodeName?: string, phase?: 'Running' | 'Succeeded'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(name),
    spec: {
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
    ...(phase === undefined ? {} : { status: { phase } }),
  };
}

describe('no-overcommit', () => {
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: metadata('n'),
    spec: {},
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '3' } },
  };
  const judge = (...facts: Fact[]): string | undefined =>
    verdict(new NoOvercommit(), [changed(node), ...facts]);

  it('what is bound to a node fits on it', () => {
    expect(judge(changed(pod('a', '500m', 'n')), changed(pod('b', '500m', 'n')))).toBeUndefined();
    expect(
      judge(changed(pod('a', '500m', 'n')), changed(pod('b', '501m')), changed(pod('b', '501m', 'n'))),
    ).toBe('default/b was bound to n, whose 2 pods then ask for 1.001 of cpu, but it has 1');
    const four = ['a', 'b', 'c', 'd'].map((name) => changed(pod(name, '1m', 'n')));
    expect(judge(...four)).toContain('whose 4 pods then ask for 4 of pods, but it has 3');
  });

  it('what is over or gone asks for nothing', () => {
    const big = pod('a', '1', 'n');
    expect(
      judge(changed(big), changed(pod('a', '1', 'n', 'Succeeded')), changed(pod('b', '1', 'n'))),
    ).toBeUndefined();
    expect(judge(changed(big), changed(big, 2, 'DELETED'), changed(pod('b', '1', 'n')))).toBeUndefined();
  });
});

describe('at-most-one-running', () => {
  const process = (change: 'started' | 'ended', node: string, pid = 1): Fact => ({
    type: 'process-changed',
    node,
    pid,
    pod: 'db-0',
    change,
  });

  it('no identity runs on two nodes at a time', () => {
    const moved = [
      process('started', 'n1'),
      process('started', 'n1', 2),
      process('ended', 'n1'),
      process('ended', 'n1', 2),
    ];
    expect(verdict(new AtMostOneRunning(), [...moved, process('started', 'n2')])).toBeUndefined();
    expect(verdict(new AtMostOneRunning(), [5, process('started', 'n1'), 70, process('started', 'n2')])).toBe(
      'db-0 began to run on n2 at 70 ms, but it runs on n1 since 5 ms, too: there are two of one identity',
    );
  });
});

describe('no-zombie-writes', () => {
  const held = (holder: string, at: number): Fact => {
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: metadata('manager'),
      spec: { holderIdentity: holder },
    };
    return changed(lease, at);
  };
  const wrote = (identity: string, revision: number): Fact => ({
    type: 'controller-wrote',
    election: 'manager',
    identity,
    revision,
    what: `create of pods/p${revision}`,
  });
  const judge = (...facts: Fact[]): string | undefined => verdict(new NoZombieWrites(), facts);
  const story = [held('a_1', 2), wrote('a', 3), held('b_1', 10)];

  it('behind the first write of a successor none of an earlier leader takes effect', () => {
    expect(judge(...story, wrote('a', 11), wrote('b', 12), held('a_2', 20), wrote('a', 21))).toBeUndefined();
    const sentence =
      'the create of pods/p13 by a_1 took effect at revision 13, but b_1 leads manager since revision 10 and had written at revision 12: create of pods/p12';
    expect(judge(...story, wrote('b', 12), wrote('a', 13))).toBe(sentence);
    // The answer to the old leader comes first.
    expect(judge(...story, wrote('a', 13), wrote('b', 12))).toBe(sentence);
  });
});

describe('caches-forward', () => {
  const moved = (resourceVersion: number, relisted = false): Fact => ({
    type: 'cache-moved',
    cache: 'agent-1 pods',
    resourceVersion,
    relisted,
  });

  it('a cache goes back in time only with a new list', () => {
    expect(
      verdict(new CachesForward(), [moved(5, true), moved(6), moved(6), moved(3, true), moved(4)]),
    ).toBeUndefined();
    expect(verdict(new CachesForward(), [moved(5, true), 20, moved(6), moved(4)])).toBe(
      'the cache of agent-1 pods was told of version 4, though it was at 6 since 20 ms and did not list anew: it went back in time',
    );
  });
});

describe('the eyes in a client of the API', () => {
  const written = (version: string): Pod => ({ ...pod('p', '1'), metadata: metadata('p', version) });
  async function* events(): AsyncGenerator<{ type: 'MODIFIED'; object: Pod }> {
    for (const version of ['8', '9']) {
      await Promise.resolve();
      yield { type: 'MODIFIED', object: written(version) };
    }
  }
  const resource: Partial<ResourceClient<Pod>> = {
    list: () =>
      Promise.resolve({ apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '7' }, items: [] }),
    watch: () => events(),
    create: () => Promise.resolve(written('10')),
  };
  const client = { resource: () => resource } as unknown as ApiClient;

  it('tell what feeds caches and what controllers write, and pass everything on', async () => {
    const seen: Fact[] = [];
    const all: Checker = {
      name: 'all',
      observe: ({ atMillis, ...fact }) => {
        expect(atMillis).toBe(3);
        seen.push(fact as Fact);
        return undefined;
      },
      finish: () => undefined,
    };
    const bus = new ObservationBus(() => 3, [all]);
    const observed = observeApiClient(client, bus, { host: 'server-1', election: 'manager' });
    const list = await observed.resource(pods).list({ namespace: 'default' });
    expect(list.metadata.resourceVersion).toBe('7');
    const got: string[] = [];
    for await (const { object } of observed
      .resource(pods)
      .watch({ namespace: 'default', resourceVersion: '7' })) {
      got.push(object.metadata.resourceVersion);
    }
    expect(got).toEqual(['8', '9']);
    await observed.resource(pods).create(pod('p', '1'));
    await observed.resource(leases).create({} as Lease);
    const cache = 'server-1 manager pods (default)';
    expect(seen).toEqual([
      { type: 'cache-moved', cache, resourceVersion: 7, relisted: true },
      { type: 'cache-moved', cache, resourceVersion: 8, relisted: false },
      { type: 'cache-moved', cache, resourceVersion: 9, relisted: false },
      {
        type: 'controller-wrote',
        election: 'manager',
        identity: 'server-1',
        revision: 10,
        what: 'create of pods/p',
      },
    ]);
  });
});
