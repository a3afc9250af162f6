import { describe, expect, it } from 'vitest';
import { awsPartition, awsPlace } from './aws-endpoint.js';

describe('the place of an AWS service', () => {
  it('is AWS itself when nothing names another', () => {
    expect(awsPlace('dynamodb', { region: 'eu-west-1' }, {})).toEqual({
      endpoint: 'https://dynamodb.eu-west-1.amazonaws.com',
      region: 'eu-west-1',
      declared: false,
    });
    expect(awsPlace('sts', { region: 'cn-north-1' }, {}).endpoint).toBe(
      'https://sts.cn-north-1.amazonaws.com.cn',
    );
  });

  it('is what the declaration says before what the environment says', () => {
    const env = { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://own/' };
    const region = 'eu-west-1';
    expect(awsPlace('secretsmanager', { region, endpoint: 'http://here' }, env).endpoint).toBe('http://here');
    expect(awsPlace('secretsmanager', { region }, env).endpoint).toBe('http://own');
    expect(awsPlace('dynamodb', { region }, env).endpoint).toBe('http://all');
    const ignored = { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    expect(awsPlace('dynamodb', { region }, ignored).declared).toBe(false);
  });

  it('takes the region from the environment, and needs one unless an endpoint is named', () => {
    expect(awsPlace('dynamodb', {}, { AWS_DEFAULT_REGION: 'eu-north-1' }).region).toBe('eu-north-1');
    expect(awsPlace('dynamodb', { endpoint: 'http://127.0.0.1:8000' }, {}).declared).toBe(true);
    expect(() => awsPlace('dynamodb', {}, {})).toThrow(
      expect.objectContaining({ code: 'declaration_invalid', hint: expect.stringContaining('AWS_REGION') }),
    );
  });

  it('refuses what is not an http or https URL', () => {
    for (const endpoint of ['127.0.0.1:8000', 'ftp://host', '']) {
      expect(() => awsPlace('dynamodb', { endpoint, region: 'eu-west-1' }, {})).toThrow('http or https');
    }
  });

  it('knows the partitions', () => {
    expect(['eu-west-1', 'cn-north-1', 'us-gov-west-1'].map(awsPartition)).toEqual([
      'aws',
      'aws-cn',
      'aws-us-gov',
    ]);
  });
});
