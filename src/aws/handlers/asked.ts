import { SluiceError } from '../../errors.js';
import type { Asked } from './deployed.js';

/** A text that must be there. @throws SluiceError usage */
export function textOf(asked: Asked, field: string): string {
  const text = asked[field];
  if (typeof text === 'string') return text;
  throw new SluiceError('usage', `the function was asked to ${asked.do} without ${field}`);
}
