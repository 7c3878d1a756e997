import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

/**
 * The client for the retry queue and the quarantine. A hanging call is aborted within the time that a request reserves
 * for the queues (deadlines.ts).
 */
export function queueClient(config: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    requestHandler: { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true },
    maxAttempts: 2,
    ...config,
  });
}
