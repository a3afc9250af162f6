import type { CopyStep, ReplicateStep, StepTest } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { MaskKey } from '../../transform/mask/mask-key.js';
import type { Refusal } from '../../transform/refusal.js';
import { Transform, type TransformOptions } from '../../transform/transform.js';
import { transformOptionsOf } from '../transform-options.js';
import { type Difference, rowDifferences } from './expectation.js';
import { givenBatch } from './given-batch.js';

/** Masks are the same on every machine, and tests need no secret. */
const TEST_MASK_KEY = 'the mask key of sluice test, no secret';

/** What a step moves between, as far as its tests need to know. */
export interface TestedEnds {
  /** The source's rows have typed columns. Otherwise they are items. */
  readonly typedSource: boolean;
  readonly typedSink: boolean;
  /** The source gives changes. */
  readonly changes?: true;
}

export interface TestOutcome {
  readonly step: string;
  readonly name: string;
  /** None: it passed. */
  readonly differences: readonly Difference[];
}

/** Takes each test's items through the step's own transform: parse, check, map, as, empty, nulls, row and mask. */
export async function runStepTests(
  step: CopyStep | ReplicateStep,
  ends: TestedEnds,
): Promise<readonly TestOutcome[]> {
  const options = {
    ...(await transformOptionsOf({ step, maskKey: new MaskKey(TEST_MASK_KEY) })),
    ...(ends.changes ? { changes: true as const } : {}),
  };
  return (step.tests ?? []).map((test) => ({
    step: step.name,
    name: test.name,
    differences: differencesOf(test, options, ends),
  }));
}

function differencesOf(
  test: StepTest,
  options: TransformOptions,
  { typedSource, typedSink, changes }: TestedEnds,
): readonly Difference[] {
  try {
    const transform = new Transform(options, !typedSource);
    const { batch, dropped } = transform.apply(givenBatch(test, typedSource, changes === true));
    return [
      ...rowDifferences(test.rows, [...batch.rows], batch.columns, typedSink),
      ...rejectDifferences(
        test.rejects,
        dropped.map(({ refusal }) => refusal),
      ),
    ];
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    // A map or a mask that does not fit the columns: the plan would refuse it.
    return [{ kind: 'row', place: 1, got: `${error.code}: ${error.message}` }];
  }
}

function rejectDifferences(expected: StepTest['rejects'], got: readonly Refusal[]): readonly Difference[] {
  const count = Math.max(expected.length, got.length);
  return Array.from({ length: count }, (_, index) => {
    const [wanted, refusal] = [expected[index], got[index]];
    if (wanted && refusal && isMeant(wanted, refusal)) return [];
    return [
      {
        kind: 'reject' as const,
        place: index + 1,
        ...(wanted ? { expected: rejectText(wanted) } : {}),
        ...(refusal ? { got: rejectText(refusal) } : {}),
      },
    ];
  }).flat();
}

type Reject = StepTest['rejects'][number];

function isMeant({ code, column, message }: Reject, refusal: Refusal): boolean {
  return (
    code === refusal.code &&
    (column === undefined || column === refusal.column) &&
    (message === undefined || refusal.message.includes(message))
  );
}

function rejectText({ code, column, message }: Reject | Refusal): string {
  const place = column === undefined ? '' : ` (${column})`;
  return `${code}${place}${message === undefined ? '' : `: ${message}`}`;
}
