import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

/**
 * The client of every function that sends to queues. A hanging call is aborted within the time that a provider's request
 * reserves for them (deadlines.ts).
 */
export function queueClient(config: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    requestHandler: { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true },
    maxAttempts: 2,
    ...config,
  });
}
