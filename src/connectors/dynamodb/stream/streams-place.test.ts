import { describe, expect, it } from 'vitest';
import { awsPlace } from '../../aws-endpoint.js';
import { streamsPlace } from './streams-place.js';

type Options = Parameters<typeof streamsPlace>[0];

function endpointOf(options: Options, env: Record<string, string> = {}): string {
  const region = 'eu-west-1';
  return streamsPlace(options, awsPlace('dynamodb', { ...options, region }, env), env).endpoint;
}

describe('the place of the Streams API', () => {
  it('is AWS, in the region of the table, when nothing names another', () => {
    expect(endpointOf({})).toBe('https://streams.dynamodb.eu-west-1.amazonaws.com');
  });

  it('is its own endpoint before that of DynamoDB, and the declaration before the environment', () => {
    const env = {
      AWS_ENDPOINT_URL_DYNAMODB: 'http://tables',
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: 'http://streams',
    };
    expect(endpointOf({ endpoint: 'http://a', streamsEndpoint: 'http://b' }, env)).toBe('http://b');
    expect(endpointOf({ endpoint: 'http://a' }, env)).toBe('http://a');
    expect(endpointOf({}, env)).toBe('http://streams');
  });

  it('is where DynamoDB is, if only that is named', () => {
    expect(endpointOf({}, { AWS_ENDPOINT_URL_DYNAMODB: 'http://tables' })).toBe('http://tables');
    expect(endpointOf({}, { AWS_ENDPOINT_URL: 'http://all' })).toBe('http://all');
  });
});
