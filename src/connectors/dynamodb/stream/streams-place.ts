import { type AwsPlace, awsPlace } from '../../aws-endpoint.js';

/**
 * Where the Streams API is: `streamsEndpoint`, else `endpoint`, else `AWS_ENDPOINT_URL_DYNAMODB_STREAMS`; else where DynamoDB
 * is if the environment names that, since emulators serve both at one place; else AWS.
 */
export function streamsPlace(
  options: { readonly streamsEndpoint?: string | undefined; readonly endpoint?: string | undefined },
  dynamodb: AwsPlace,
  env: Readonly<Record<string, string | undefined>>,
): AwsPlace {
  const endpoint = options.streamsEndpoint ?? options.endpoint;
  const place = awsPlace('streams.dynamodb', { region: dynamodb.region, endpoint }, env);
  return place.declared || !dynamodb.declared ? place : dynamodb;
}
