import { expect, it } from 'vitest';
import { sluice } from '../fixtures/cli.js';

it('ends as it would have when nobody reads its output any more', async () => {
  const run = await sluice(['--help'], { started: (child) => child.stdout?.destroy() });
  expect(run).toMatchObject({ status: 0, stderr: '' });
});
