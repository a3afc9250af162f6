import type { State } from './definition.js';

/**
 * The functions that do the work of our own steps: one for the run as a whole, `${Run}`, and one for each step, named by
 * `StepFunctions`. DefinitionSubstitutions of CloudFormation put their ARNs in. What each is asked for stands in `do`:
 *
 * | function | do | gets | gives |
 * |---|---|---|---|
 * | run | begin | pipeline, zone, steps (keys of results), execution, input | the context: run, firing (all fields; absent ones null), steps (each `pending`, counts 0, output null), nothing (null) |
 * | run | end | run, pipeline, steps (the results) | outcome; the run is not gone on with any more |
 * | run | failed | run, pipeline, step, error (Error, Cause) | outcome, counts and error (code, message) of a step that failed |
 * | step | plan | run, pipeline, step, firing | parts: pointers to what is still to be done |
 * | step | part | run, pipeline, step, firing, part | done: whether the part is finished; false when it handed over to the next call |
 * | step | finish | run, pipeline, step, firing | outcome and counts |
 * | step | export | run, pipeline, step, firing, refused ('', or Error and Cause of a call of RDS) | next: takeSnapshot, watchSnapshot, startExport, watchExport, wait, or done; name and source of what is next ('' where there is none); refused ''; result: once done outcome, counts and output, else null |
 * | step | verify | run, pipeline, step, firing, of, sample | outcome and seconds; fails with `different` |
 *
 * Each fails with an error whose name is a code of src/errors.ts. A copy that is started again goes on: `plan` gives what
 * is left, which is nothing where it is complete, and `finish` then gives what it gave before.
 */
export type OwnWork = 'begin' | 'end' | 'plan' | 'part' | 'finish' | 'export' | 'verify' | 'failed';

type Fields = Readonly<Record<string, unknown>>;

/** A Task that calls a function of ours by its placeholder. */
export function ownTask(placeholder: string, work: OwnWork, payload: Fields, fields: Fields): State {
  return invocation(`\${${placeholder}}`, { Payload: { do: work, ...payload } }, fields);
}

/** A Task that calls a Lambda function with `Payload` or `Payload.$`; `$.Payload` of its result is what it gave. */
export function invocation(functionName: string, payload: Fields, fields: Fields): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: functionName, ...payload },
    ...fields,
  };
}
