import { callerAccount } from '../../aws/deploy/account-access.js';
import { awsCredentials } from '../../connectors/aws-credentials.js';
import { awsRegion, regionForm } from '../../connectors/aws-endpoint.js';
import { SluiceError } from '../../errors.js';
import type { Io } from '../io.js';
import { callContext } from './chosen-assembly.js';
import type { PlaceOptions } from './stack-options.js';

/** Where a pipeline is, or is to be, deployed. */
export interface DeployPlace {
  readonly account: string;
  readonly region: string;
}

/** By options, else the region of the environment and the account that the credentials are of. */
export async function deployPlace(io: Io, options: PlaceOptions): Promise<DeployPlace> {
  const region = awsRegion(options.region, io.env);
  if (region === undefined) {
    throw new SluiceError('usage', 'no AWS region is known', {
      hint: 'set AWS_REGION; deploy, diff, destroy and synth take --region, too',
    });
  }
  if (!regionForm.test(region)) {
    throw new SluiceError('usage', `${region} is not an AWS region`, { hint: 'one looks like eu-west-1' });
  }
  if (options.account !== undefined) return { account: options.account, region };
  const credentials = awsCredentials({ region, env: io.env });
  const context = callContext(new AbortController().signal);
  return { account: await callerAccount(region, credentials, io.env, context), region };
}
