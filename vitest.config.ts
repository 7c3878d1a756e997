import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/closing-line.ts'],
    // On two cores the default is one file at a time, and most of it is waiting for engines and clocks.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Tests run tools in processes of their own. Node.js up to 22.17 strips types only when asked.
    env: process.features.typescript
      ? {}
      : { NODE_OPTIONS: '--experimental-strip-types --disable-warning=ExperimentalWarning' },
    coverage: { include: ['shared/**', 'functions/**'] },
  },
});
