import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const unit = join(resolve(import.meta.dirname, '../..'), 'examples/sluice.service');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.skipIf(!hasSystemd)('systemd finds nothing to object to in the example unit', () => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
  });
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});

test('the example unit stops as serve wants to be stopped, and does not begin again what is refused', () => {
  const lines = readFileSync(unit, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.filter((line) => !/^(\[(Unit|Service|Install)\]|[A-Z][A-Za-z]+=\S.*)$/.test(line))).toEqual(
    [],
  );
  const settings = Object.fromEntries(lines.map((line) => line.split(/=(.*)/)));
  expect(settings).toMatchObject({
    ExecStart: "/bin/sh -c 'exec sluice serve --state %S/sluice /etc/sluice/*.yaml'",
    KillMode: 'mixed',
    SuccessExitStatus: '143',
    RestartPreventExitStatus: '2',
  });
});
