import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/rigs/longest-first.ts';
import { patienceMs } from './test/rigs/patience.ts';

/** `npm run prove` tries each property on so many times as many examples as `npm test`. */
const proofRuns = '20';

/** Tests run tools in processes of their own. Node.js up to 22.17 strips types only when asked. */
const stripTypes = '--experimental-strip-types --disable-warning=ExperimentalWarning';

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/rigs/setup.ts'],
    reporters: ['default', './test/closing-line.ts'],
    // No module is mocked and none keeps state, so that files share the modules that they import.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    sequence: { sequencer: LongestFirst },
    // One more than there are cores: much of a test is waiting for engines.
    maxWorkers: availableParallelism() + 1,
    // A busy machine is several times slower than a quiet one.
    testTimeout: 90_000 * (mode === 'prove' ? 5 : 1),
    hookTimeout: 150_000,
    expect: { poll: { timeout: patienceMs, interval: 50 } },
    env: {
      ...(mode === 'prove' && { RUNS: proofRuns }),
      ...(!process.features.typescript && { NODE_OPTIONS: stripTypes }),
    },
    coverage: {
      include: ['shared/**/*.ts', 'functions/**/*.ts'],
      // The functions' entries run in processes of their own, in the tests of the local stack. Elements and page run in
      // a browser.
      exclude: ['functions/*/index.ts', 'functions/ui/elements/**', 'functions/ui/page/**'],
      reporter: ['text-summary', 'html'],
      thresholds: {
        'shared/**': { statements: 99, branches: 96, functions: 98, lines: 99 },
        'functions/**': { statements: 96, branches: 94, functions: 95, lines: 96 },
      },
    },
  },
}));
