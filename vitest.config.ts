import { defineConfig } from 'vitest/config';

// The comparison with a real etcd takes minutes and is under construction: `npm run differential` runs it.
const differential = process.env['DRYDOCK_DIFFERENTIAL'] === '1';
if (!differential) {
  console.warn('skipped: test/etcd/differential, the comparison with a real etcd; run it by `npm run differential`');
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: differential ? [] : ['test/etcd/differential/**'],
    // Worker threads start fastest; nothing in the tests changes process-wide state.
    pool: 'threads',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
