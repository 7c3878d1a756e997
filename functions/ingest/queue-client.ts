import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

/**
 * The client for the retry queue and the quarantine. A call that hangs is given up within the time that a request keeps
 * for the queues (deadlines.ts), of which some megabytes at once need most.
 */
export function queueClient(config: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    requestHandler: { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true },
    maxAttempts: 2,
    ...config,
  });
}
