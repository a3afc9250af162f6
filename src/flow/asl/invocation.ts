import type { State } from './definition.js';

/**
 * The functions that do the work of our own steps. A definition holds `${Plan}` and so on for their ARNs, which
 * CloudFormation's DefinitionSubstitutions put in.
 *
 * | function | gets | gives |
 * |---|---|---|
 * | Begin | pipeline, zone, steps (keys of results), execution, input | the context: run, firing (all fields; absent ones null), steps (each `pending`, counts 0, output null), nothing (null) |
 * | Plan | run, pipeline, step, firing | parts: pointers to what is still to be done |
 * | Part | run, pipeline, step, firing, part | done: whether the part is finished; false when it handed over to the next call |
 * | Finish | run, pipeline, step, firing | outcome and counts |
 * | Export | run, pipeline, step, firing | done: false while RDS is at work; then outcome, counts and output |
 * | Verify | run, pipeline, step, firing, of, sample | outcome and seconds; fails with `different` |
 * | Failed | run, pipeline, step, error (Error, Cause) | outcome, counts and error (code, message) of a copy or verify that failed |
 *
 * Each fails with an error whose name is a code of src/errors.ts. A copy that is started again goes on: Plan gives what
 * is left, which is nothing where it is complete, and Finish then gives what it gave before.
 */
export type OwnFunction = 'Begin' | 'Plan' | 'Part' | 'Finish' | 'Export' | 'Verify' | 'Failed';

type Fields = Readonly<Record<string, unknown>>;

export function ownTask(name: OwnFunction, payload: Fields, fields: Fields): State {
  return invocation(`\${${name}}`, { Payload: payload }, fields);
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
