import { expect, test } from 'vitest';
import type { Declaration } from '../declare/declaration.js';
import type { RunHistory } from '../journal/runs.js';
import { runStatus } from './run-status.js';

const declaration = { steps: [] } as unknown as Declaration;
const begun = { run: 'r', started: '2026-11-21T06:00:00Z', steps: new Map(), flow: new Map() };
const told = (ending?: string) => runStatus(declaration, begun as unknown as RunHistory, ending).run;

test('a run whose journal has no end is what somebody knows of it, and else may be two things', () => {
  expect(told()).toMatchObject({ tone: 'bad', text: 'killed or under way' });
  expect(told('under way')).toMatchObject({ tone: 'idle', text: 'under way' });
  expect(told('stopped')).toMatchObject({ tone: 'bad', text: 'stopped' });
});
