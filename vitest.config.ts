import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/fixtures/long-first.js';

export default defineConfig({
  test: {
    // Programs that declare pipelines are imported by Node itself, as they are outside of tests.
    server: { deps: { external: [/\/sluice-[^/]+\/declaration\.mjs$/] } },
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    runner: './test/fixtures/runner.ts',
    globalSetup: ['test/fixtures/global-setup.ts'],
    // No test fails because a machine is slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // Tests wait for programs and servers about half of their time.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
  },
});
