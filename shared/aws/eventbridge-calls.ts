/** Calls Amazon EventBridge without an SDK. */

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

/** As those of the client of the topics (alerts/publish.ts). */
const timeouts = { connectTimeoutMs: 500, requestTimeoutMs: 3_000 };

/** @param environment the variables of the Lambda function */
export function createPutEvents(environment: Readonly<Record<string, string | undefined>>): PutEvents {
  const region = environment.AWS_REGION ?? '';
  const call = createJsonCall({
    endpoint: new URL(environment.AWS_ENDPOINT_URL_EVENTBRIDGE || environment.AWS_ENDPOINT_URL || endpointIn(region)),
    region,
    service: 'events',
    version: '1.1',
    connections: 1,
    ...timeouts,
  });
  return async entries => {
    const credentials = {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: environment.AWS_SESSION_TOKEN || undefined,
    };
    const { status, body } = await call('AWSEvents.PutEvents', { Entries: entries }, credentials);
    const answer = parsed(body);
    if (status === 200 && Array.isArray(answer.Entries)) return answer.Entries;
    const error = new Error(`EventBridge answered ${status}`);
    // `com.amazonaws.events#ThrottlingException`
    if (typeof answer.__type === 'string') error.name = answer.__type.slice(answer.__type.lastIndexOf('#') + 1);
    throw error;
  };
}

function endpointIn(region: string): string {
  return `https://events.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
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
