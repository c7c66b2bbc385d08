import { describe, expect, it } from 'vitest';

import { Harness, configMap, configMaps } from './harness.ts';
import { StoreClient } from './store-client.ts';
import { testPlatform } from './test-platform.ts';

describe('compaction', () => {
  it('forgets what is older than one interval, once, although three servers try', async () => {
    const etcd = new StoreClient();
    const platform = testPlatform();
    const servers = await Promise.all([1, 2, 3].map(() => Harness.start({ etcd, platform })));
    await servers[0]!.must('POST', configMaps, configMap('a'));
    await platform.clock.advance(300_000);
    const then = etcd.store.revision;
    expect(etcd.store.compactRevision).toBe(0);
    await servers[0]!.must('POST', configMaps, configMap('b'));
    await platform.clock.advance(300_000);
    const compacted = etcd.store.compactRevision;
    expect(compacted).toBeGreaterThan(0);
    expect(compacted).toBeLessThanOrEqual(then);
    const writes = etcd.store.revision - then;
    expect(writes).toBe(2);
    await platform.clock.advance(3_000_000);
    expect(etcd.store.compactRevision).toBeGreaterThan(compacted);
    expect((await servers[2]!.must('GET', configMaps))['items']).toHaveLength(2);
  });
});
