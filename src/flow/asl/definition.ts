/**
 * What is used of the Amazon States Language, with JSONPath. https://states-language.net/spec.html and
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
 */
export interface StateMachine {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: States;
}

/** Names have at most 80 characters and are unique in the whole machine, inner ones included. */
export type States = Readonly<Record<string, State>>;

export interface State {
  readonly Type: 'Task' | 'Parallel' | 'Map' | 'Choice' | 'Wait' | 'Pass' | 'Succeed' | 'Fail';
  readonly [field: string]: unknown;
}

/** A choice rule without its `Next`. */
export type Rule = Readonly<Record<string, unknown>>;

/** States that belong together: whoever comes before goes to `entry`; all ways out of them lead to one place. */
export interface Block {
  readonly entry: string;
  readonly states: States;
}

/** The state behind a block; undefined where the machine or the branch ends. */
export type Next = string | undefined;

/** The fields that say where a state leads. */
export function to(next: Next): { readonly Next: string } | { readonly End: true } {
  return next === undefined ? { End: true } : { Next: next };
}
