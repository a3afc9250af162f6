import type { Expression } from '../../../expression/expression.js';
import { guarded, type Scope, type Walk, type Walked } from './carrying.js';
import { conditionOf, joined, NotCarried } from './choice-rule.js';
import { type Data, merged } from './data.js';
import type { ReadState } from './machine-file.js';

interface Way {
  readonly target: string;
  /** Undefined: what leads there cannot be said. */
  readonly when: Expression | undefined;
}

/**
 * The ways out of a Choice up to where they meet, each under its condition. Behind what cannot be said nothing runs:
 * the condition is `false`, and the loss is named.
 */
export function choiceSteps(scope: Scope, name: string, state: ReadState, data: Data, walk: Walk): Walked {
  const join = scope.joins.behind(name);
  const ends: Data[] = [];
  const steps = waysOf(scope, name, state, data).flatMap(({ target, when }) => {
    const walked = target === join ? { steps: [], data } : walk(scope, target, join, data);
    if (!scope.joins.alwaysFails(target)) ends.push(walked.data);
    return when ? guarded(when, walked.steps) : guarded({ kind: 'literal', value: false }, walked.steps);
  });
  const [first = data, ...others] = ends;
  return { steps, data: others.reduce(merged, first) };
}

function waysOf(scope: Scope, name: string, state: ReadState, data: Data): readonly Way[] {
  const { carrying } = scope;
  const rules = state['Choices'] as readonly Readonly<Record<string, unknown>>[];
  const before: (Expression | undefined)[] = [];
  const ways: Way[] = [];
  for (const [index, rule] of rules.entries()) {
    const condition = said(
      () => conditionOf(rule, data),
      (why) => carrying.lose(name, `rule ${index + 1}`, why),
    );
    ways.push({ target: String(rule['Next']), when: condition && firstOf(condition, before) });
    before.push(condition);
  }
  const otherwise = state['Default'];
  if (typeof otherwise !== 'string') {
    carrying.lose(name, 'no Default', 'the state machine fails where no rule holds; the steps just go on');
    return together(ways);
  }
  const none = before.map((each) => each && negated(each));
  const isKnown = none.every((each) => each !== undefined);
  return together([...ways, { target: otherwise, when: isKnown ? joined('and', none) : undefined }]);
}

function said(make: () => Expression, lost: (why: string) => void): Expression | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    lost(error.message);
    return undefined;
  }
}

/** The first rule that holds counts: this one, and none before it. Those that exclude it need not be said. */
function firstOf(condition: Expression, before: readonly (Expression | undefined)[]): Expression | undefined {
  const others = before.filter((each) => !each || !excludes(each, condition));
  if (others.some((each) => each === undefined)) return undefined;
  return joined('and', [...others.flatMap((each) => (each ? [negated(each)] : [])), condition]);
}

/** Whether both ask one value for two different things. */
function excludes(one: Expression, other: Expression): boolean {
  if (one.kind !== 'comparison' || other.kind !== 'comparison') return false;
  const areEqualities = one.operator === '==' && other.operator === '==';
  const areLiterals = one.right.kind === 'literal' && other.right.kind === 'literal';
  const isSame = JSON.stringify(one.left) === JSON.stringify(other.left);
  return areEqualities && areLiterals && isSame && JSON.stringify(one.right) !== JSON.stringify(other.right);
}

const opposites = { '==': '!=', '!=': '==' } as const;

function negated(condition: Expression): Expression {
  if (condition.kind === 'not') return condition.of;
  if (condition.kind === 'comparison' && (condition.operator === '==' || condition.operator === '!=')) {
    return { ...condition, operator: opposites[condition.operator] };
  }
  return { kind: 'not', of: condition };
}

/** Ways to one state become one, which is taken under either condition. */
function together(ways: readonly Way[]): readonly Way[] {
  const targets = [...new Set(ways.map(({ target }) => target))];
  return targets.map((target) => {
    const own = ways.filter((way) => way.target === target).map(({ when }) => when);
    const known = own.filter((when) => when !== undefined);
    return { target, when: known.length === own.length ? joined('or', known) : undefined };
  });
}
