import type { WaitStep } from '../../declare/declaration.js';
import { resultPath } from './context-path.js';
import { type Block, type Next, to } from './definition.js';
import type { Drawing } from './drawing.js';
import { emptyResult } from './results.js';

/** Whole seconds, as ASL wants them: never shorter than here. */
export function waitBlock(step: WaitStep, { labels }: Drawing, next: Next): Block {
  const label = labels.of(step);
  const done = `${label}: done`;
  const { seconds, until } = step;
  const time = seconds === undefined ? { Timestamp: until } : { Seconds: Math.ceil(seconds) };
  return {
    entry: label,
    states: {
      [label]: { Type: 'Wait', Comment: `wait ${step.name}`, ...time, ...to(done) },
      [done]: {
        Type: 'Pass',
        Result: { ...emptyResult('wait', 'complete'), seconds: Math.ceil(seconds ?? 0) },
        ResultPath: resultPath(label),
        ...to(next),
      },
    },
  };
}
