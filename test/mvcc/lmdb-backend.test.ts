import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LmdbBackends } from '../../src/platform/os/lmdb-backend.ts';
import { backendCompliance } from './backend.compliance.ts';

backendCompliance(
  'LMDB',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'drydock-lmdb-'));
    const backends = new LmdbBackends({ commitMillis: 2 });
    return {
      open: () => backends.open(`${directory}/db`),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
  { durable: true, runs: 40 },
);
