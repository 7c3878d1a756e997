import { defineConfig } from 'vitest/config';

/** The suites that need no engine, for mutation testing: many of them are run for every change that it makes. */
export default defineConfig({
  test: {
    include: [
      'test/status/**/*.test.ts',
      'test/email/{address,event,history,reason,tombstone,update}.test.ts',
      'test/providers/signatures/**/*.test.ts',
      'test/providers/parsing/**/*.test.ts',
    ],
    setupFiles: ['test/rigs/setup.ts', 'test/mutation/seed.ts'],
    // Half of the examples find as many changes: most are found by tables.
    env: { RUNS: '0.5' },
    // Each change gets a new worker, which its test files share: a worker for each file takes 1.6 times as long.
    isolate: false,
    testTimeout: 20_000,
  },
});
