import { describe, expect, it } from 'vitest';

import { findTool, missingTool } from '../../e2e/etcd-process.ts';
import { Pair } from './pair.ts';
import { anyBytes } from './scripts/any-bytes.ts';
import { anyJson } from './scripts/any-json.ts';
import { permissions, setup } from './scripts/auth.ts';
import { badInput } from './scripts/bad-input.ts';
import { concurrency, corruption, maintenance, members } from './scripts/cluster.ts';
import { endpoints, gateway } from './scripts/http.ts';
import { compaction, puts, ranges, repeatedChanges, txns } from './scripts/kv.ts';
import { expiry, leases } from './scripts/lease.ts';
import { fragments, progress, watches } from './scripts/watch.ts';

const here = findTool('etcd') !== undefined;
if (!here) missingTool('etcd', 'NOTHING of what a real etcd answers is compared with drydock.');

const scripts = {
  ranges,
  puts,
  txns,
  'repeated changes': repeatedChanges,
  compaction,
  watches,
  progress,
  fragments,
  leases,
  expiry,
  'users and roles': setup,
  permissions,
  members,
  maintenance,
  corruption,
  'locks and elections': concurrency,
  'the JSON gateway': gateway,
  'HTTP endpoints': endpoints,
  'bad input': badInput,
  'any bytes': anyBytes,
  'any JSON': anyJson,
};

describe.skipIf(!here)('every edge of the API is answered as a real etcd answers it', () => {
  // Several at a time, for they wait most of it.
  it.concurrent.each(Object.entries(scripts))(
    '%s',
    async (name, steps) => {
      const pair = await Pair.start(name);
      try {
        await pair.play(steps, { goOn: true });
        expect(pair.comparisons).toBeGreaterThan(5);
      } finally {
        await pair.close();
      }
    },
    120_000,
  );
});
