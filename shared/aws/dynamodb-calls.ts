/**
 * Calls DynamoDB with the settings of an SDK client, and without its middleware, which takes most of a call's CPU time.
 */

import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { ConnectionOptions, ServiceAnswer } from './connections.ts';
import { createJsonCall, type JsonCall } from './json-calls.ts';

/**
 * Calls an operation with its input as DynamoDB's JSON, and returns the output. Never waits before another try.
 *
 * The input has to be idempotent: a call may be sent twice (connections.ts).
 *
 * @throws DynamoDBServiceException, as the SDK's client does, or the error of a connection
 */
export type DirectCall = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** As many as the recorder's concurrent writes, so that none waits behind a slow one. */
const maxConnections = 32;

export type Timeouts = Pick<ConnectionOptions, 'connectTimeoutMs' | 'requestTimeoutMs'>;

/** As those of the SDK's client (runtime/dynamodb.ts). */
const defaultTimeouts: Timeouts = { connectTimeoutMs: 500, requestTimeoutMs: 1_000 };

/** The calls with the credentials, region and endpoint of a client. */
export function createDirectCall(client: DynamoDBClient, timeouts = defaultTimeouts): DirectCall {
  let service: Promise<JsonCall> | null = null;
  return async (operation, input) => {
    service ??= serviceOf(client, timeouts).catch(error => {
      service = null;
      throw error;
    });
    const call = await service;
    const answer = await call(`DynamoDB_20120810.${operation}`, input, await client.config.credentials());
    if (answer.status !== 200) throw errorOf(answer);
    return JSON.parse(answer.body);
  };
}

async function serviceOf(client: DynamoDBClient, timeouts: Timeouts): Promise<JsonCall> {
  return createJsonCall({
    endpoint: await endpointOf(client),
    region: await client.config.region(),
    service: 'dynamodb',
    version: '1.0',
    connections: maxConnections,
    ...timeouts,
  });
}

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

/** The endpoint as the client finds it: the SDK's rules run for a call that is not sent. */
async function endpointOf(client: DynamoDBClient): Promise<URL> {
  let endpoint: URL | null = null;
  const command = new UpdateItemCommand({ TableName: 'any', Key: {} });
  command.middlewareStack.add(
    () => async args => {
      const { protocol, hostname, port } = args.request as Endpoint;
      endpoint = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'build', name: 'findEndpoint' },
  );
  await client.send(command);
  return endpoint!;
}

/** The SDK's error for an answer. */
function errorOf({ status, requestId, body }: ServiceAnswer): Error {
  const { __type, message, Message, Item } = errorBody(body);
  const $metadata = { httpStatusCode: status, ...(requestId !== undefined && { requestId }) };
  const text = String(message ?? Message ?? '');
  // `com.amazonaws.dynamodb.v20120810#ValidationException`
  const name = typeof __type === 'string' ? __type.slice(__type.lastIndexOf('#') + 1) : 'UnknownError';
  if (name === 'ConditionalCheckFailedException')
    return new ConditionalCheckFailedException({ message: text, $metadata, ...(Item !== undefined && { Item }) });
  return new DynamoDBServiceException({
    name,
    message: text,
    $fault: status < 500 ? 'client' : 'server',
    $metadata,
  });
}

/** An error that a proxy or a load balancer answers is no JSON. */
// biome-ignore lint/suspicious/noExplicitAny: the errors of a service
function errorBody(body: string): Record<string, any> {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
