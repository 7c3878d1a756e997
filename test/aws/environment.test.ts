import { describe, expect, it } from 'vitest';
import { credentialsIn, endpointIn } from '../../shared/aws/environment.ts';

describe('the environment of a function', () => {
  it.each([
    [
      'the one that is set for the service',
      { AWS_ENDPOINT_URL_EVENTBRIDGE: 'http://one', AWS_ENDPOINT_URL: 'http://all' },
      'http://one/',
    ],
    [
      'the one that is set for all services',
      { AWS_ENDPOINT_URL_EVENTBRIDGE: '', AWS_ENDPOINT_URL: 'http://all' },
      'http://all/',
    ],
    ['that of its region', { AWS_REGION: 'eu-west-1' }, 'https://events.eu-west-1.amazonaws.com/'],
    ['that of a region in China', { AWS_REGION: 'cn-north-1' }, 'https://events.cn-north-1.amazonaws.com.cn/'],
  ])('leads to %s', (_, environment, endpoint) => {
    expect(endpointIn(environment, 'events', 'EVENTBRIDGE').href).toBe(endpoint);
  });

  it('gives the credentials, whose token may be missing', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
    const expected = { accessKeyId: 'key', secretAccessKey: 'secret' };
    expect(credentialsIn({ ...keys, AWS_SESSION_TOKEN: 'token' })).toEqual({ ...expected, sessionToken: 'token' });
    expect(credentialsIn({ ...keys, AWS_SESSION_TOKEN: '' })).toEqual({ ...expected, sessionToken: undefined });
  });
});
