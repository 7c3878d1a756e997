/** Reads the environment of a Lambda function as the SDK does, for calls without it. */

import type { Credentials } from './signature.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The function's own credentials. */
export function credentialsIn(environment: Environment): Credentials {
  return {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: environment.AWS_SESSION_TOKEN || undefined,
  };
}

/**
 * The endpoint of a service: the one that is set, or that of the region.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 *
 * @param service as host names spell it
 * @param variable as the names of variables spell it
 */
export function endpointIn(environment: Environment, service: string, variable: string): URL {
  const region = environment.AWS_REGION ?? '';
  return new URL(
    environment[`AWS_ENDPOINT_URL_${variable}`] ||
      environment.AWS_ENDPOINT_URL ||
      `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  );
}
