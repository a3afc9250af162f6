import { writeFileSync } from 'node:fs';

const MAX_REASON = 300;

/**
 * A vitest reporter that counts what happened into the file named by SLUICE_TEST_COUNTS. A failed hook, a file that does
 * not load, an error outside of any test, a test that never ended and a run that was cut short count as failures.
 */
export default class CountsReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, names: [] };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const count = countOf(test, module);
        counts[count]++;
        if (count === 'failed') counts.names.push(failureOf(test, module));
      }
      const suites = [module, ...module.children.allSuites()];
      counts.failed += suites.filter((suite) => suite.errors().length > 0).length;
    }
    if (reason === 'interrupted') counts.failed++;
    writeFileSync(process.env.SLUICE_TEST_COUNTS, JSON.stringify(counts));
  }
}

/** The file, the name and the first line of why. */
function failureOf(test, module) {
  const [error] = test.result().errors ?? [];
  const [why = 'it never ended'] = error?.message?.split('\n') ?? [];
  return `${module.relativeModuleId} > ${test.fullName}: ${why.slice(0, MAX_REASON)}`;
}

function countOf(test, module) {
  const { state } = test.result();
  if (state === 'passed' || state === 'skipped') return state;
  const fileSkipped = state === 'pending' && module.state() === 'skipped';
  return fileSkipped ? 'skipped' : 'failed';
}
