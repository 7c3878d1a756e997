/** Calls Amazon EventBridge without an SDK. */

import { credentialsIn, type Environment, endpointIn } from './environment.ts';
import { createJsonCall } from './json-calls.ts';

/** An entry of PutEvents: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
export interface PutEventsEntry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  /** A JSON object. */
  readonly Detail: string;
  /** Epoch seconds. */
  readonly Time: number;
}

/** The outcome of an entry: it has an error code if EventBridge did not take it. */
export interface PutEventsResult {
  readonly ErrorCode?: string;
}

/**
 * Puts up to ten entries, of at most 256 KB in all, and returns the outcome of each. A call may be sent twice
 * (connections.ts).
 *
 * @throws Error with the service's name of the error, or the error of a connection
 */
export type PutEvents = (entries: readonly PutEventsEntry[]) => Promise<readonly PutEventsResult[]>;

const service = 'events';

/** As those of the client of the topics (alerts/publish.ts). */
const timeouts = { connectTimeoutMs: 500, requestTimeoutMs: 3_000 };

/** @param environment the variables of the Lambda function */
export function createPutEvents(environment: Environment): PutEvents {
  const call = createJsonCall({
    endpoint: endpointIn(environment, service, 'EVENTBRIDGE'),
    region: environment.AWS_REGION ?? '',
    service,
    version: '1.1',
    // As many as the publisher's concurrent calls.
    connections: 5,
    ...timeouts,
  });
  return async entries => {
    const { status, body } = await call('AWSEvents.PutEvents', { Entries: entries }, credentialsIn(environment));
    const answer = parsed(body);
    if (status === 200 && Array.isArray(answer.Entries)) return answer.Entries;
    const error = new Error(`EventBridge answered ${status}`);
    // `com.amazonaws.events#ThrottlingException`
    if (typeof answer.__type === 'string') error.name = answer.__type.slice(answer.__type.lastIndexOf('#') + 1);
    throw error;
  };
}

/** An error that a proxy or a load balancer answers is no JSON. */
function parsed(body: string): { readonly Entries?: unknown; readonly __type?: unknown } {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
