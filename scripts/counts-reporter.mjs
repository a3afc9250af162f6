import { writeFileSync } from 'node:fs';

/**
 * A vitest reporter that counts what happened into the file named by SLUICE_TEST_COUNTS. A failed hook, a file that does
 * not load, an error outside of any test, a test that never ended and a run that was cut short count as failures.
 */
export default class CountsReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[countOf(test, module)]++;
      const suites = [module, ...module.children.allSuites()];
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
    }
    if (reason === 'interrupted') counts.failed++;
    writeFileSync(process.env.SLUICE_TEST_COUNTS, JSON.stringify(counts));
  }
}

function countOf(test, module) {
  const { state } = test.result();
  if (state === 'passed' || state === 'skipped') return state;
  const fileSkipped = state === 'pending' && module.state() === 'skipped';
  return fileSkipped ? 'skipped' : 'failed';
}
