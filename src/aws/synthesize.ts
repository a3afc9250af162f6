import type { Declaration, NamedStep, Step } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { RUN_FUNCTION, receiverFunctions, stepFunctions } from '../flow/asl/step-functions.js';
import type { PlannedStep } from '../flow/plan.js';
import { queuesOf } from '../flow/queues.js';
import type { Half, World } from '../flow/scope.js';
import { streamsOf } from '../flow/streams.js';
import type { AssetFolder } from './assembly/write-assembly.js';
import { type DeliveryStage, deliveryStages, stageLogical } from './delivery-stages.js';
import { functionNeeds } from './function-needs.js';
import type { CodeAsset } from './stack/function.js';
import { namedSteps } from './stack/named-steps.js';
import { onlyFollows, pipelineStacks, type Stack } from './stack/pipeline-stacks.js';
import { type Site, siteOf } from './stack/site.js';

/** The code of a function, made ready. */
export interface FunctionCode extends CodeAsset, AssetFolder {
  /** Of all files that Lambda loads. */
  readonly bytes: number;
}

/** Of a step with several functions: what receives what the step sent, or a stage of a delivery stream. */
export type FunctionPart = 'receive' | DeliveryStage;

/** Makes the code of a step's function, or of the run's where no step is given; or of a part of what the step does. */
export type MakeCode = (
  declaration: Declaration,
  step: NamedStep | undefined,
  part?: FunctionPart,
) => Promise<FunctionCode>;

export interface Synthesized {
  readonly site: Site;
  readonly stacks: readonly Stack[];
  readonly code: readonly FunctionCode[];
}

export interface SynthesizeRequest {
  readonly world: Pick<World, 'declaration' | 'env'>;
  /** Without refusals. */
  readonly planned: readonly PlannedStep[];
  readonly account: string;
  readonly region: string;
  /** Of copies through queues, what is deployed of them. */
  readonly half: Half;
  readonly makeCode: MakeCode;
  /** Where functions of steps run, by the steps' names, where the declaration does not say it. */
  readonly networks: Site['networks'];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: of a package, unzipped */
const MAX_CODE_BYTES = 262_144_000;

function refuseLarge(code: readonly FunctionCode[]): void {
  const [large] = code.filter(({ bytes }) => bytes > MAX_CODE_BYTES);
  if (!large) return;
  const message = `the code of ${large.name} has ${large.bytes} bytes, with the key lists that it reads: Lambda takes ${MAX_CODE_BYTES}`;
  throw new SluiceError('not_deployable', message, {
    hint: 'read the keys from a table: keys: { connection: NAME, query: "SELECT …" }',
  });
}

/** The stacks of a pipeline that has been planned, and the code of its functions. The same plan gives the same. */
export async function synthesize(request: SynthesizeRequest): Promise<Synthesized> {
  const { world, planned, account, region, half, networks } = request;
  const { declaration, env } = world;
  const site = siteOf(declaration, account, region, networks);
  const code = await codeOf(request);
  refuseLarge([...code.values()]);
  const needs = functionNeeds(world, planned);
  const [streams, queues] = [streamsOf(planned), queuesOf(planned)];
  const stacks = pipelineStacks({ declaration, site, needs, code, env, streams, queues, half });
  return { site, stacks, code: [...code.values()] };
}

/** By the placeholders of the functions. */
async function codeOf(request: SynthesizeRequest): Promise<ReadonlyMap<string, FunctionCode>> {
  const { world, half, makeCode } = request;
  const { declaration } = world;
  const { steps } = declaration;
  const code = new Map<string, FunctionCode>();
  if (half !== 'receive') {
    if (!onlyFollows(declaration)) code.set(RUN_FUNCTION, await makeCode(declaration, undefined));
    for (const [name, placeholder] of stepFunctions(steps)) {
      const step = stepNamed(steps, name);
      const stages = step?.kind === 'replicate' && step.via ? deliveryStages : [];
      for (const stage of stages) {
        code.set(stageLogical(stage, placeholder), await makeCode(declaration, step, stage));
      }
      if (stages.length === 0) code.set(placeholder, await makeCode(declaration, step));
    }
  }
  if (half === 'send') return code;
  for (const [name, placeholder] of receiverFunctions(steps)) {
    code.set(placeholder, await makeCode(declaration, stepNamed(steps, name), 'receive'));
  }
  return code;
}

function stepNamed(steps: readonly Step[], wanted: string): NamedStep | undefined {
  return namedSteps(steps).find(({ name }) => name === wanted);
}
