import { MemoryBackend } from '../../src/mvcc/memory-backend.ts';
import { backendCompliance } from './backend.compliance.ts';

backendCompliance('memory', async () => ({ open: async () => new MemoryBackend(), remove: async () => {} }), {
  durable: false,
  runs: 100,
});
