import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/fixtures/long-first.js';
import { sharingFiles } from './test/fixtures/sharing.js';

const files = ['src/**/*.test.ts', 'test/**/*.test.ts'];
const { pure, served } = sharingFiles();

const each = {
  // Programs that declare pipelines are imported by Node itself, as they are outside of tests.
  server: { deps: { external: [/\/sluice-[^/]+\/declaration\.mjs$/] } },
  runner: './test/fixtures/runner.ts',
  // No test fails because a machine is slow.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
  // No server here has a certificate of an authority; to read those of the machine takes a process a tenth of a second.
  env: { NODE_EXTRA_CA_CERTS: '' },
};

export default defineConfig({
  test: {
    globalSetup: ['test/fixtures/global-setup.ts'],
    // Tests wait for programs and servers about half of their time.
    maxWorkers: 4,
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { ...each, name: 'apart', include: files, exclude: [...pure, ...served] } },
      { test: { ...each, name: 'served', include: served, isolate: false } },
      { test: { ...each, name: 'together', include: pure, isolate: false } },
    ],
  },
});
