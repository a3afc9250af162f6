import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { sluice } from '../fixtures/cli.js';

const cwd = resolve(import.meta.dirname, '../fixtures/stacks');

test('audit says place, path, message and hint of each finding, and exits 2 for an error', async () => {
  const run = await sluice(['audit', 'handmade.yaml'], { cwd });
  expect(run.status).toBe(2);
  const [first = '', hint = ''] = run.stdout.split('\n');
  expect(first).toBe(
    'handmade.yaml:2:3  Parameters.DBPassword  error: the parameter DBPassword is a secret and has no NoEcho  [parameter-shown]',
  );
  expect(hint).toMatch(/^ {4}hint: Take the ARN/);
  expect(run.stdout).not.toContain('hunter2');
});

test('audit of templates without errors exits 0, and tells programs what is waived', async () => {
  const run = await sluice(['audit', 'receiver.yaml', 'receiver.json', '--json'], { cwd });
  expect(run.status).toBe(0);
  expect(run.events.map(({ event, level }) => [event, level])).toEqual([
    ['finding', 'waived'],
    ['finding', 'waived'],
    ['summary', undefined],
  ]);
  expect(run.events.at(-1)).toMatchObject({ outcome: 'passed', files: 2, errors: 0, waived: 2 });
});

test('a file that is not there is said, and exits 2', async () => {
  const run = await sluice(['audit', 'nowhere.yaml'], { cwd });
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('file_unreadable');
});
