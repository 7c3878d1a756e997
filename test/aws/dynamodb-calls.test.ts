import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites, sdkWrites, type Writes } from '../../shared/aws/writes.ts';

let respond: (request: IncomingMessage, response: ServerResponse, body: string) => void;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  respond(request, response, Buffer.concat(chunks).toString());
});
let endpoint: string;

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' };
const clientOf = (options = {}) =>
  DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1, ...options }),
  );
/** A busy machine is no fault of the server's. */
const patient = { connectTimeoutMs: 15_000, requestTimeoutMs: 15_000 };
const ways: readonly [string, () => Writes][] = [
  ["through the SDK's client", () => sdkWrites(clientOf())],
  ['directly', () => directWrites(createDirectCall(clientOf(), patient))],
];

const update: UpdateCommandInput = {
  TableName: 'emails',
  Key: { emailId: 'é1' },
  UpdateExpression: 'SET #a = :a ADD #history :history',
  ExpressionAttributeNames: { '#a': 'a', '#history': 'history' },
  ExpressionAttributeValues: { ':a': 1_700_000_000_000, ':history': new Set(['x', 'ü']), ':b': true },
  ReturnValues: 'UPDATED_OLD',
};

/** The outcome of the same update in each way. */
async function inEachWay<Outcome>(observe: (writes: Writes) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [, writesOf] of ways) outcomes.push(await observe(writesOf()));
  return outcomes;
}

const refusalOf = (writes: Writes) =>
  writes.updateItem(update).then(
    () => null,
    error => ({
      name: error.name,
      message: error.message,
      fault: error.$fault,
      status: error.$metadata?.httpStatusCode,
      requestId: error.$metadata?.requestId,
      item: error.Item,
      isRefusedCondition: error instanceof ConditionalCheckFailedException,
    }),
  );

describe('a direct call', () => {
  it("sends the body and the headers that the SDK's client sends", async () => {
    const calls: unknown[] = [];
    respond = ({ method, url, headers }, response, body) => {
      const { host, authorization, ...others } = headers;
      const sent = ['content-type', 'x-amz-target', 'x-amz-security-token', 'content-length'].map(name => others[name]);
      calls.push({
        method,
        url,
        host,
        sent,
        scope: /Credential=[^,]+/.exec(authorization!)?.[0],
        body: JSON.parse(body),
      });
      response.end('{}');
    };
    await inEachWay(writes => writes.updateItem(update));
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual(calls[0]);
  });

  it("returns the attributes that the SDK's client returns", async () => {
    respond = (_, response) =>
      response.end('{"Attributes":{"history":{"SS":["x","é"]},"n":{"N":"7"},"t":{"BOOL":true}}}');
    const [sdk, direct] = await inEachWay(async writes => (await writes.updateItem(update)).Attributes);
    expect(direct).toEqual({ history: new Set(['x', 'é']), n: 7, t: true });
    expect(direct).toEqual(sdk);
  });

  it.each([
    ['ConditionalCheckFailedException', 400, { message: 'no', Item: { emailId: { S: 'a' }, history: { SS: ['x'] } } }],
    ['ConditionalCheckFailedException', 400, { message: 'no' }],
    ['ValidationException', 400, { message: 'Item size has exceeded the maximum allowed size' }],
    ['ProvisionedThroughputExceededException', 400, { message: 'slower' }],
    ['ThrottlingException', 400, { message: 'Rate exceeded' }],
    ['InternalServerError', 500, { message: 'later' }],
    ['ExpiredTokenException', 403, { message: 'expired' }],
  ])("rejects with the SDK's error: %s", async (name, status, body) => {
    respond = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'ID' });
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, ...body }));
    };
    const [sdk, direct] = await inEachWay(refusalOf);
    expect(direct).toMatchObject({ name, status, requestId: 'ID' });
    expect(direct).toEqual(sdk);
  });

  it.each([
    ['502 with HTML', 502, '<html>Bad Gateway</html>'],
    ['503 without a body', 503, ''],
    ['500 with JSON that is no object', 500, '"no"'],
  ])('rejects for %s', async (_, status, body) => {
    respond = (_request, response) => {
      response.writeHead(status);
      response.end(body);
    };
    const [sdk, direct] = await inEachWay(refusalOf);
    expect(sdk).not.toBeNull();
    expect(direct).toMatchObject({ name: 'UnknownError', status, fault: 'server', isRefusedCondition: false });
  });

  it('rejects for an answer of 200 that is no JSON', async () => {
    respond = (_, response) => response.end('<html>');
    for (const outcome of await inEachWay(refusalOf)) expect(outcome).not.toBeNull();
  });

  it('gives up a call without an answer, and the next one succeeds', async () => {
    let calls = 0;
    respond = (_, response) => {
      calls += 1;
      if (calls > 1) response.end('{}');
    };
    const writes = directWrites(createDirectCall(clientOf(), { ...patient, requestTimeoutMs: 1_000 }));
    expect(await refusalOf(writes)).toMatchObject({ name: 'TimeoutError' });
    expect(await writes.updateItem(update)).toEqual({});
  });

  it('asks for credentials at every call, so that expired ones are replaced', async () => {
    const keys: (string | undefined)[] = [];
    respond = ({ headers }, response) => {
      keys.push(/Credential=(\w+)/.exec(headers.authorization!)?.[1]);
      response.end('{}');
    };
    let asked = 0;
    const rotating = async () => {
      asked += 1;
      return { accessKeyId: `key${asked}`, secretAccessKey: 'secret', expiration: new Date(Date.now() + 1_000) };
    };
    const writes = directWrites(createDirectCall(clientOf({ credentials: rotating }), patient));
    await writes.updateItem(update);
    await writes.updateItem(update);
    expect(new Set(keys).size).toBe(2);
  });

  it('finds the endpoint of the region by itself', async () => {
    const client = new DynamoDBClient({ region: 'eu-central-1', credentials });
    let found: unknown;
    client.middlewareStack.add(
      () => args => {
        found = (args.request as { hostname?: string }).hostname;
        return Promise.reject(new Error('nothing is sent'));
      },
      { step: 'build', priority: 'high' },
    );
    await expect(createDirectCall(client)('UpdateItem', {})).rejects.toThrow('nothing is sent');
    expect(found).toBe('dynamodb.eu-central-1.amazonaws.com');
  });
});
