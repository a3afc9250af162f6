import { verifyStep } from '../../flow/apart/verify-step.js';
import { textOf } from './asked.js';
import type { Work, Works } from './deployed.js';

// It cannot hand over: it has all of the function's time.
const verify: Work = async (deployed, asked, { time, log }) => {
  const apart = { ...deployed, signal: time.signal };
  const values = await verifyStep(apart, textOf(asked, 'run'), textOf(asked, 'step'), time.signal);
  log.said('verified', { outcome: values.outcome, seconds: values.seconds });
  return values;
};

/** Of the function of a verify step. */
export const verifyWorks: Works = { verify };
