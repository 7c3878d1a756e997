import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` alone on the last line, for whoever reads the output by machine. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      // A file that cannot even be loaded has no tests to fail.
      if (!module.ok() && [...module.children.allTests()].length === 0) count.failed += 1;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    // The runner's own closing lines are written asynchronously; this one comes after them.
    setImmediate(() => {
      if (count.skipped + count.pending > 0) console.log(`${count.skipped + count.pending} skipped`);
      console.log(`${count.passed} passed, ${count.failed} failed`);
    });
  }
}
