/**
 * The closed language of `when`, as plain frozen data: comparisons of what earlier steps did and of the firing's
 * time, joined by and, or and not. No arithmetic and no calls, so that each maps onto a Choice rule of ASL.
 */
export type Expression =
  | Operand
  | Comparison
  | Membership
  | { readonly kind: 'not'; readonly of: Expression }
  /** At least two. */
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] };

/** What can be compared, and what stands for itself where it is true or false. */
export type Operand = Literal | Reference;

export type LiteralValue = number | string | boolean | null;

export interface Literal {
  readonly kind: 'literal';
  /** Numbers are finite. */
  readonly value: LiteralValue;
}

export type Reference = StepReference | FiringReference;

/** `steps['orders'].written`, `steps['call'].output.body[0]`, `steps['orders'].error.code`. */
export interface StepReference {
  readonly kind: 'step';
  readonly step: string;
  /** First a field of the step; more only behind `output` and `error`. */
  readonly path: readonly [field: string, ...rest: (string | number)[]];
}

/** `firing.hour` */
export interface FiringReference {
  readonly kind: 'firing';
  readonly field: FiringField;
}

export interface Comparison {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  readonly left: Operand;
  readonly right: Operand;
}

/** `firing.weekday in ['SAT', 'SUN']` */
export interface Membership {
  readonly kind: 'in';
  readonly left: Operand;
  /** At least one. */
  readonly list: readonly Literal[];
}

export const comparisonOperators = ['==', '!=', '<=', '>=', '<', '>'] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

/** Instants, and parts of `time` in the schedule's zone. */
export const firingFields = [
  'time',
  'start',
  'end',
  'minute',
  'hour',
  'day',
  'month',
  'year',
  'weekday',
] as const;
export type FiringField = (typeof firingFields)[number];

export const weekdays = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;

export const stepOutcomes = ['complete', 'rejects', 'skipped', 'failed'] as const;
export type StepOutcome = (typeof stepOutcomes)[number];

/** Something wrong with an expression, and where in it: the character, from 0. */
export interface ExpressionMistake {
  readonly at: number;
  readonly message: string;
  readonly hint?: string;
}
