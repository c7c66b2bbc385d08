import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Worker threads start fastest; nothing in the tests changes process-wide state.
    pool: 'threads',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
