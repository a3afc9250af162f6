import { copyShare } from '../../flow/apart/copy-share.js';
import { finishStep } from '../../flow/apart/finish-step.js';
import type { Apart } from '../../flow/apart/open-apart.js';
import { type PartsPointer, planStep } from '../../flow/apart/plan-step.js';
import { copySteps } from '../../flow/scope.js';
import { textOf } from './asked.js';
import type { Deployed, Work, WorkAbout, Works } from './deployed.js';

const plan: Work = async (deployed, asked, about) => {
  const planned = await planStep(apart(deployed, about), textOf(asked, 'run'), textOf(asked, 'step'));
  about.log.said('planned', { workers: planned.parts.length });
  return planned;
};

const part: Work = async (deployed, asked, about) => {
  const pointer = asked['part'] as PartsPointer;
  const share = { run: textOf(asked, 'run'), step: textOf(asked, 'step'), pointer };
  const { done, counters } = await copyShare(apart(deployed, about), share, about.time.until);
  const { read, written, unchanged, rejected } = counters;
  about.log.said(done ? 'copied' : 'handed over', {
    read,
    written,
    unchanged,
    rejected,
  });
  return { done };
};

const finish: Work = async (deployed, asked, about) => {
  const step = textOf(asked, 'step');
  const values = await finishStep(apart(deployed, about), textOf(asked, 'run'), step);
  const { outcome, seconds, read = 0, written = 0, unchanged = 0, rejected = 0, deleted = 0 } = values;
  const say = rejected > 0 ? about.log.warned : about.log.said;
  say('finished', { outcome, seconds, read, written, unchanged, rejected, deleted });
  const counts = { Read: read, Rejected: rejected, Age: seconds };
  about.log.counted(
    step,
    isSent(deployed, step) ? { ...counts, Sent: written } : { ...counts, Written: written },
  );
  return values;
};

/** What goes through a queue is written by whoever receives it. */
function isSent({ declaration }: Deployed, step: string): boolean {
  return copySteps(declaration.steps).some(({ name, via }) => name === step && via !== undefined);
}

/** Of the function of a copy step. */
export const copyWorks: Works = { plan, part, finish };

function apart(deployed: Deployed, { time: { signal } }: Pick<WorkAbout, 'time'>): Apart {
  return { ...deployed, signal };
}
