import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Programs that declare pipelines are imported by Node itself, as they are outside of tests.
    server: { deps: { external: [/\/sluice-[^/]+\/declaration\.mjs$/] } },
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    runner: './test/fixtures/runner.ts',
    globalSetup: ['test/fixtures/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
