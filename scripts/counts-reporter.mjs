import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that counts what happened into the file named by SLUICE_TEST_COUNTS. A failed hook, a file that does
 * not load, an error outside of any test and a run that did not end count as failures.
 */
export default class CountsReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[countOf(test.result().state)]++;
      const suites = [module, ...module.children.allSuites()];
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
    }
    if (reason === 'interrupted') counts.failed++;
    writeFileSync(process.env.SLUICE_TEST_COUNTS, JSON.stringify(counts));
  }
}

function countOf(state) {
  return state === 'passed' || state === 'skipped' ? state : 'failed';
}
