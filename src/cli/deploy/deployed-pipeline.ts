import { stageName } from '../../aws/delivery-stages.js';
import { openAccess } from '../../aws/deploy/account-access.js';
import { findStack } from '../../aws/deploy/own-stack.js';
import { followerName } from '../../aws/stack/changes-part.js';
import { nameOf, siteOf } from '../../aws/stack/site.js';
import type { Declaration } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import type { AsidePlaces } from '../../flow/handed/replay-aside.js';
import type { Io } from '../io.js';
import type { OnOption } from '../on-option.js';
import { callContext } from './chosen-assembly.js';
import { deployPlace } from './deploy-place.js';

/** What the stack of a deployed pipeline says of itself. */
export interface DeployedPipeline {
  /** What `--state` takes. */
  readonly stateUrl: string;
  /** Of what has runs: absent where it only receives, or follows changes. */
  readonly machine?: string;
  /** Names of buckets, of a pipeline that follows changes: what was given up, and what is on its way. */
  readonly failedBucket?: string;
  readonly deliveryBucket?: string;
}

/** Finds a pipeline's stack by the credentials and the region of the environment. Throws `stack_missing`. */
export async function deployedPipeline(declaration: Declaration, io: Io): Promise<DeployedPipeline> {
  const place = await deployPlace(io, {});
  const context = callContext(new AbortController().signal);
  const options = { env: io.env, context, profiles: new Map(), roles: new Map() };
  const access = await openAccess(place, options);
  try {
    const name = nameOf(siteOf(declaration, place.account, place.region));
    const found = await findStack(access.cloudFormation, name);
    const {
      StateUrl: stateUrl,
      StateMachineArn: machine,
      FailedBucket: failedBucket,
      DeliveryBucket: deliveryBucket,
    } = found?.outputs ?? {};
    if (stateUrl !== undefined) {
      return {
        stateUrl,
        ...(machine === undefined ? {} : { machine }),
        ...(failedBucket === undefined ? {} : { failedBucket }),
        ...(deliveryBucket === undefined ? {} : { deliveryBucket }),
      };
    }
    throw new SluiceError('stack_missing', `${name} is not deployed in ${place.account}, ${place.region}`, {
      hint: 'sluice deploy puts it there; AWS_PROFILE and AWS_REGION say where it is looked for',
    });
  } finally {
    await access.close();
  }
}

/** The options of a command with the state that a deployed pipeline has, where `--on aws` asks for it. */
export async function onAws<Options extends OnOption & { readonly state?: string | undefined }>(
  declaration: Declaration,
  io: Io,
  options: Options,
): Promise<Options> {
  if (options.on === undefined) return options;
  if (options.state !== undefined) {
    throw new SluiceError('usage', '--on aws says where the state is: --state cannot say it, too');
  }
  return { ...options, state: (await deployedPipeline(declaration, io)).stateUrl };
}

/** Where a deployed pipeline has changes that services put aside; undefined where it follows none. */
export async function asidePlaces(declaration: Declaration, io: Io): Promise<AsidePlaces | undefined> {
  const { failedBucket, deliveryBucket } = await deployedPipeline(declaration, io);
  if (failedBucket === undefined) return undefined;
  return {
    failedBucket,
    ...(deliveryBucket === undefined ? {} : { deliveryBucket }),
    isOf: (functionArn, step) => {
      const names = [followerName(step), stageName('forward', step)].map((end) => nameOf(declaration, end));
      return names.includes(functionArn.split(':')[6] ?? '');
    },
  };
}
