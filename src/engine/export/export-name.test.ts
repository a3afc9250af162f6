import { expect, test } from 'vitest';
import { exportName } from './export-name.js';

const at = '2026-11-21T06:00:59.999Z';
const now = Date.parse('2026-11-21T06:03:07.500Z');

test('an export is named by the minute, in UTC, that its run acts for', () => {
  expect(exportName('mysnapshot', at, [], now)).toBe('mysnapshot-2026-11-21-06-00');
});

test('where the minute is taken, the seconds of the present are added', () => {
  const used = ['mysnapshot-2026-11-21-06-00'];
  expect(exportName('mysnapshot', at, used, now)).toBe('mysnapshot-2026-11-21-06-03-07');
});

test('no name is given twice', () => {
  const used = ['s-2026-11-21-06-00', 's-2026-11-21-06-03-07', 's-2026-11-21-06-03-08'];
  expect(exportName('s', at, used, now)).toBe('s-2026-11-21-06-03-09');
});
