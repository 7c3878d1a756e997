import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Prints `N passed, N failed` alone on the last line, for programs that read the output. */
export default class ClosingLine implements Reporter {
  /** The run takes only tests of some name: it skips the others for no other reason. */
  #isNamed = false;

  onInit({ config }: Vitest) {
    this.#isNamed = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    let withoutBrowser = 0;
    for (const module of modules) {
      // A file that fails to load has no tests, and counts as one failure.
      if (!module.ok() && [...module.children.allTests()].length === 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        count[test.result().state] += 1;
        if (test.result().state === 'skipped' && !this.#isNamed && module.moduleId.includes('/test/ui/'))
          withoutBrowser += 1;
      }
    }
    // The runner writes its own closing lines asynchronously. This line comes after them.
    setImmediate(() => {
      if (withoutBrowser > 0) {
        console.log(
          `BROWSER TESTS SKIPPED: ${withoutBrowser}. There is no browser for this platform: set CHROMIUM_PATH to one.`,
        );
      }
      if (count.skipped + count.pending > 0) console.log(`${count.skipped + count.pending} skipped`);
      console.log(`${count.passed} passed, ${count.failed} failed`);
    });
  }
}
