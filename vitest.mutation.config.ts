import { defineConfig } from 'vitest/config';

/** The suites that need no engine, for mutation testing: many of them are run for every change that it makes. */
export default defineConfig({
  test: {
    include: [
      'test/status/**/*.test.ts',
      'test/email/{address,event,history,reason,recipient-verdict,tombstone,update}.test.ts',
      'test/providers/signatures/**/*.test.ts',
      'test/providers/parsing/**/*.test.ts',
    ],
    setupFiles: ['test/rigs/setup.ts', 'test/mutation/seed.ts'],
    // Half of the usual examples, to save time.
    env: { RUNS: '0.5' },
    // The files that run for one change share the modules that they import, as in `npm test`.
    isolate: false,
    testTimeout: 20_000,
  },
});
