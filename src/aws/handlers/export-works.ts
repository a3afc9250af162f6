import { exportStep } from '../../flow/apart/export-step.js';
import { textOf } from './asked.js';
import type { Work, Works } from './deployed.js';

const next: Work = async (deployed, asked, { time, log }) => {
  const { refused } = asked;
  const step = textOf(asked, 'step');
  const answer = await exportStep(
    { ...deployed, signal: time.signal },
    {
      run: textOf(asked, 'run'),
      step,
      ...(typeof refused === 'object' && refused !== null ? { refused } : {}),
      said: (line) => log.said(line),
    },
  );
  const { name, source } = answer;
  log.said('export', { next: answer.next, name });
  if (answer.next !== 'done') return { next: answer.next, name, source, refused: '', result: null };
  const { read = 0, written = 0, rejected = 0, output } = answer.values;
  const { asOf } = output as { readonly asOf: string };
  const age = Math.max(0, Date.now() - Date.parse(asOf)) / 1000;
  log.counted(step, { Read: read, Written: written, Rejected: rejected, Age: age });
  return { next: 'done', name, source, refused: '', result: answer.values };
};

/** Of the function of an export step. */
export const exportWorks: Works = { export: next };
