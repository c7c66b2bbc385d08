import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { decodeContinueToken, encodeContinueToken } from '../../src/apiserver/continue-token.ts';
import { Harness, configMap, configMaps, pod, pods } from './harness.ts';

const names = (list: { items: { metadata: { name: string } }[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

describe('a list', () => {
  let h: Harness;
  beforeEach(async () => {
    h = await Harness.start();
    for (const name of ['c', 'a', 'e', 'b', 'd']) {
      await h.must(
        'POST',
        configMaps,
        configMap(name, {}, { labels: { odd: String(['a', 'c', 'e'].includes(name)) } }),
      );
    }
  });

  it('is in key order, at the revision of the store, without kind in its items', async () => {
    const list = await h.must('GET', configMaps);
    expect(names(list as never)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(list['metadata']).toEqual({ resourceVersion: String(h.etcd.store.revision) });
    expect(list['items'][0]).not.toHaveProperty('kind');
  });

  it('spans namespaces when none is named', async () => {
    await h.must('POST', '/api/v1/namespaces/kube-system/configmaps', configMap('z'));
    expect(names((await h.must('GET', '/api/v1/configmaps')) as never)).toHaveLength(6);
    expect(names((await h.must('GET', configMaps)) as never)).toHaveLength(5);
  });

  it('goes on page by page at one revision, whatever is written meanwhile', async () => {
    const first = await h.must('GET', `${configMaps}?limit=2`);
    expect(first['metadata'].remainingItemCount).toBe(3);
    const token = first['metadata'].continue as string;
    expect(decodeContinueToken(token)).toEqual({
      ok: true,
      value: { revision: Number(first['metadata'].resourceVersion), start: '/b\0' },
    });
    await h.must('DELETE', `${configMaps}/d`);
    await h.must('POST', configMaps, configMap('bb'));
    const second = await h.must('GET', `${configMaps}?limit=2&continue=${token}`);
    const third = await h.must('GET', `${configMaps}?limit=2&continue=${second['metadata'].continue}`);
    expect([first, second, third].flatMap((page) => names(page as never))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(third['metadata'].continue).toBeUndefined();
  });

  it('fills its pages through selectors, and does not count what it cannot', async () => {
    const first = await h.must('GET', `${configMaps}?limit=2&labelSelector=odd%3Dtrue`);
    expect(names(first as never)).toEqual(['a', 'c']);
    expect(first['metadata'].remainingItemCount).toBeUndefined();
    const rest = await h.must(
      'GET',
      `${configMaps}?limit=2&labelSelector=odd%3Dtrue&continue=${first['metadata'].continue}`,
    );
    expect(names(rest as never)).toEqual(['e']);
  });

  it('whose revision was compacted says 410, with a token to go on without consistency', async () => {
    const first = await h.must('GET', `${configMaps}?limit=2`);
    await h.must('POST', configMaps, configMap('cc'));
    await h.etcd.compact(h.etcd.store.revision);
    const { status, json } = await h.get(`${configMaps}?limit=9&continue=${first['metadata'].continue}`);
    expect([status, json['reason']]).toEqual([410, 'Expired']);
    const rest = await h.must('GET', `${configMaps}?limit=9&continue=${json['metadata'].continue}`);
    expect(names(rest as never)).toEqual(['c', 'cc', 'd', 'e']);
    const old = await h.get(`${configMaps}?resourceVersion=2&resourceVersionMatch=Exact`);
    expect([old.status, old.json['reason']]).toEqual([410, 'Expired']);
  });

  it('reads the revision that is asked for', async () => {
    const { metadata } = await h.must('GET', configMaps);
    await h.must('DELETE', `${configMaps}/a`);
    const exact = await h.must(
      'GET',
      `${configMaps}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(names(exact as never)).toContain('a');
    const notOlder = await h.must('GET', `${configMaps}?resourceVersion=${metadata.resourceVersion}`);
    expect(names(notOlder as never)).not.toContain('a');
  });

  it('without resourceVersion holds the last acknowledged write, also while the cache is cut off', async () => {
    h.etcd.breakWatches();
    await h.must('POST', configMaps, configMap('new'));
    const pending = h.must('GET', configMaps);
    await h.platform.clock.advance(4_000);
    expect(names((await pending) as never)).toContain('new');
  });

  it('is a Table or metadata alone when asked', async () => {
    const table = await h.get(configMaps, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(table.json['kind']).toBe('Table');
    expect(table.json['rows'].map((row: { cells: unknown[] }) => row.cells[0])).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    const partial = await h.get(configMaps, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    expect(partial.json['kind']).toBe('PartialObjectMetadataList');
    expect(Object.keys(partial.json['items'][0])).toEqual(['kind', 'apiVersion', 'metadata']);
  });

  it('that is long is sent in chunks', async () => {
    for (let i = 0; i < 40; i++)
      await h.must('POST', configMaps, configMap(`big-${i}`, { x: 'y'.repeat(10_000) }));
    const response = await h.respond('GET', configMaps);
    expect(response.body).not.toBeInstanceOf(Uint8Array);
    let chunks = 0;
    for await (const _chunk of response.body as AsyncIterable<Uint8Array>) chunks++;
    expect(chunks).toBeGreaterThan(3);
    expect((await h.must('GET', configMaps))['items']).toHaveLength(45);
  });

  it('is deleted by its selectors alone', async () => {
    const deleted = await h.must('DELETE', `${configMaps}?labelSelector=odd%3Dtrue`);
    expect(names(deleted as never)).toEqual(['a', 'c', 'e']);
    expect(names((await h.must('GET', configMaps)) as never)).toEqual(['b', 'd']);
  });
});

describe('continue tokens', () => {
  it('come back as they were, and garbage is refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 50 }),
        fc.string({ unit: 'binary-ascii' }),
        (revision, start) => {
          const token = { revision, start: `/${start.replaceAll('/../', '')}` };
          expect(decodeContinueToken(encodeContinueToken(token))).toEqual({ ok: true, value: token });
        },
      ),
    );
    // Recorded from the real server.
    const real =
      'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NjY5LCJzdGFydCI6Ii9rdWJlLXN5c3RlbS9rdWJlLWFwaXNlcnZlci1sZWdhY3ktc2VydmljZS1hY2NvdW50LXRva2VuLXRyYWNraW5nXHUwMDAwIn0';
    const decoded = decodeContinueToken(real);
    expect(decoded.ok && encodeContinueToken(decoded.value)).toBe(real);
    for (const bad of ['', '???', 'aGVsbG8', encodeContinueToken({ revision: 1, start: '/../secrets' })]) {
      expect(decodeContinueToken(bad).ok, bad).toBe(false);
    }
  });
});

const golden = resolve(import.meta.dirname, '../../../shared/data/kubernetes/recorded/golden');
const recorded = existsSync(golden) ? describe : describe.skip;
if (!existsSync(golden)) {
  describe('recorded refusals', () => {
    it.skip(`SKIPPED: no recordings at ${golden}`, () => {});
  });
}

recorded('refusals', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['err-404.json', '/api/v1/namespaces/default/nope'],
    ['err-notfound.json', `${pods}/nope`],
    ['err-fieldselector.json', `${pods}?fieldSelector=spec.bogus%3D1`],
    ['err-labelselector.json', `${pods}?labelSelector=a%20b`],
    ['err-rv-too-large.json', `${pods}?resourceVersion=99999999`],
  ];
  for (const [file, path] of cases) {
    it(`are word for word those of the real server: ${file}`, async () => {
      const h = await Harness.start();
      await h.must('POST', pods, pod('p'));
      const { json, status } = await h.get(path);
      const current = `current: ${h.etcd.store.revision}`;
      const text = readFileSync(join(golden, file), 'utf8').replace(/current: \d+/, current);
      expect(json).toEqual(JSON.parse(text));
      expect(status).toBe(json['code']);
    });
  }
});
