import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** `npm run prove` tries each property on so many times as many examples as `npm test`. */
const proofRuns = '20';

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/rigs/runs.ts'],
    reporters: ['default', './test/closing-line.ts'],
    // No module is mocked and none keeps state, so that files share the modules that they import.
    isolate: false,
    // One more than there are cores: much of a test is waiting for engines.
    maxWorkers: availableParallelism() + 1,
    env: mode === 'prove' ? { RUNS: proofRuns } : {},
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { include: ['shared/**', 'functions/**'] },
  },
}));
