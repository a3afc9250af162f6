import * as z from 'zod';
import { regionForm } from './aws-endpoint.js';
import { canonicalHost, isMetadataHost } from './declared-host.js';

/** `eu-west-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export const region = z
  .string()
  .regex(regionForm, 'not an AWS region: one looks like eu-west-1')
  .describe('AWS region, as in eu-west-1. Default: AWS_REGION.');

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
export const role = z
  .string()
  .regex(
    /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    'not the ARN of a role: one looks like arn:aws:iam::111122223333:role/sluice',
  )
  .describe('ARN of a role that is assumed for everything done on this connection.');

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'not the name of a bucket: one looks like my-bucket');

/** What names of objects begin with: whole names between slashes, so that no neighbour begins with it too. */
export const bucketPrefix = z
  .string()
  .max(512)
  .regex(/^[^/].*\/$/s, 'a prefix ends with / and does not begin with it: one looks like sluice/');

/** Where objects lie until somebody has read them. `holds` and `by` are for people: what the bucket is for, and whose region is the default. */
export const passingObjects = (holds: string, by: string) => ({
  bucket: bucketName.describe(holds),
  prefix: bucketPrefix.optional().describe('What the names of the objects begin with. Default: sluice/.'),
  region: region.optional().describe(`The region of the bucket. Default: that of ${by}.`),
  endpoint: endpoint.optional().describe('For an emulator or a VPC endpoint of S3. Default: AWS.'),
});

/** Where a service is, for emulators and private endpoints. The message never repeats it: it may hold a password. */
export const endpoint = z
  .string()
  .superRefine((text, context) => {
    const message = objectionTo(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ format: 'uri' });

function objectionTo(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return 'not a URL: an endpoint looks like http://127.0.0.1:8000';
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return 'an endpoint begins with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'an endpoint holds no user and no password';
  if (url.search !== '' || url.hash !== '') return 'an endpoint has no ? and no #';
  const host = canonicalHost(url.hostname);
  if (host === undefined) return 'the host of the endpoint is not a name or an address';
  return isMetadataHost(host)
    ? 'link-local addresses and metadata services are refused as endpoints'
    : undefined;
}
