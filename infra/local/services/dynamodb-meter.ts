import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { AttributeValue, ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { failedConditionUnits } from './item-size.ts';
import { keepAliveTimeout } from './loopback-server.ts';
import type { OnMetric } from './service-metric.ts';

/** The units that one operation consumed of a table or of one of its indexes. */
export interface ConsumedBy {
  /** The access key of its calls: each function may have one of its own. Null for calls without a signature. */
  readonly caller: string | null;
  readonly table: string;
  /** Null for the table itself. */
  readonly index: string | null;
  /** E.g. `UpdateItem`. */
  readonly operation: string;
  readonly kind: Kind;
  /** Failed conditions included. */
  readonly units: number;
  /** The write units of failed conditions: the size of the item that is there. */
  readonly failedUnits: number;
  readonly calls: number;
  readonly failedCalls: number;
}

/** Stands in front of a DynamoDB engine, and counts the units that AWS would bill. */
export interface DynamoDbMeter {
  readonly endpoint: string;
  /** The units of all answered calls since the start. */
  consumed(): readonly ConsumedBy[];
  stop(): Promise<void>;
}

type Kind = 'read' | 'write';

/** Operations that report their units. Transactions and statements are missing, as no function uses one. */
const operations: Readonly<Record<string, Kind>> = {
  BatchGetItem: 'read',
  BatchWriteItem: 'write',
  DeleteItem: 'write',
  GetItem: 'read',
  PutItem: 'write',
  Query: 'read',
  Scan: 'read',
  UpdateItem: 'write',
};

const metricNames = {
  read: 'ConsumedReadCapacityUnits',
  write: 'ConsumedWriteCapacityUnits',
} as const satisfies Record<Kind, string>;

const throttles = ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'];

interface Call {
  readonly caller: string | null;
  readonly operation: string;
  readonly kind: Kind;
  readonly input: Input;
}

interface Input {
  readonly TableName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly ConditionExpression?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

interface Output {
  readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[];
  readonly __type?: string;
  readonly Item?: Readonly<Record<string, AttributeValue>>;
}

/**
 * @param target the endpoint of the engine
 * @param onMetric takes the metrics that DynamoDB would report by itself
 */
export async function startDynamoDbMeter(target: string, onMetric: OnMetric = () => {}): Promise<DynamoDbMeter> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const totals = new Map<string, ConsumedBy>();

  function add(more: Omit<ConsumedBy, 'calls' | 'failedCalls'>): void {
    const key = JSON.stringify([more.caller, more.table, more.index, more.operation]);
    const { units, failedUnits, calls, failedCalls } = totals.get(key) ?? { ...more, ...none };
    const failed = Number(more.failedUnits > 0);
    totals.set(key, {
      ...more,
      units: units + more.units,
      failedUnits: failedUnits + more.failedUnits,
      calls: calls + 1,
      failedCalls: failedCalls + failed,
    });
    const dimensions = {
      TableName: more.table,
      ...(more.index !== null && { GlobalSecondaryIndexName: more.index }),
    };
    onMetric({ namespace: 'AWS/DynamoDB', name: metricNames[more.kind], dimensions, value: more.units });
  }

  function count({ caller, operation, kind, input }: Call, output: Output): void {
    const failure = output.__type?.split('#').at(-1);
    if (failure === undefined) {
      for (const { TableName: table = '', ...used } of [output.ConsumedCapacity ?? []].flat()) {
        const ofIndexes = Object.entries({ ...used.GlobalSecondaryIndexes, ...used.LocalSecondaryIndexes });
        for (const [index, capacity] of [[null, used.Table] as const, ...ofIndexes]) {
          // A query of an index reports 0 units of its table.
          const units = capacity?.CapacityUnits ?? 0;
          if (units > 0) add({ caller, table, index, operation, kind, units, failedUnits: 0 });
        }
      }
    } else if (failure === 'ConditionalCheckFailedException') {
      const units = failedConditionUnits(output.Item);
      add({ caller, table: input.TableName ?? '', index: null, operation, kind, units, failedUnits: units });
    } else if (throttles.includes(failure)) {
      for (const TableName of input.TableName === undefined
        ? Object.keys(input.RequestItems ?? {})
        : [input.TableName]) {
        onMetric({
          namespace: 'AWS/DynamoDB',
          name: 'ThrottledRequests',
          dimensions: { TableName, Operation: operation },
          value: 1,
        });
      }
    }
  }

  function forwarded(message: IncomingMessage, body?: string): Promise<IncomingMessage> {
    const { method, url: path, headers } = message;
    const forwarding = request({
      ...{ hostname, port, method, path, agent },
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) =>
      forwarding.once('response', resolve).once('error', reject),
    );
    if (body === undefined) message.pipe(forwarding);
    else forwarding.end(body);
    return answered;
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = /^DynamoDB_\d+\.(\w+)$/.exec(String(message.headers['x-amz-target']))?.[1] ?? '';
    const [, caller = null] = /\bCredential=([^/]+)/.exec(String(message.headers.authorization)) ?? [];
    const kind = operations[operation];
    if (kind === undefined) {
      const answer = await forwarded(message);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      return pipeline(answer, response);
    }
    const input = JSON.parse(await textOf(message)) as Input;
    const answer = await forwarded(message, JSON.stringify(asking(input)));
    const output = JSON.parse(await textOf(answer)) as Output;
    count({ caller, operation, kind, input }, output);
    // The checksum is that of the engine's own text.
    const { 'content-length': _, 'x-amz-crc32': __, 'transfer-encoding': ___, ...headers } = answer.headers;
    const body = JSON.stringify(asAsked(input, output));
    response.writeHead(answer.statusCode ?? 500, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  const server = createServer({ keepAliveTimeout }, (message, response) => {
    // The caller or the engine has gone during the call.
    handle(message, response).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    consumed: () => [...totals.values()],
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

const none = { units: 0, failedUnits: 0, calls: 0, failedCalls: 0 };

/** The same call, which also asks for its units and for the item of a failed condition. */
function asking(input: Input): Input {
  return {
    ...input,
    ReturnConsumedCapacity: 'INDEXES',
    ...(input.ConditionExpression !== undefined && { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
  };
}

/** The answer that the caller's own call would have had. */
function asAsked(input: Input, { ConsumedCapacity, Item, ...output }: Output): Output {
  const { ReturnConsumedCapacity = 'NONE', ReturnValuesOnConditionCheckFailure = 'NONE' } = input;
  const isFailure = output.__type !== undefined;
  return {
    ...output,
    ...(Item !== undefined && (!isFailure || ReturnValuesOnConditionCheckFailure === 'ALL_OLD') && { Item }),
    ...(ConsumedCapacity !== undefined &&
      ReturnConsumedCapacity !== 'NONE' && { ConsumedCapacity: inDetail(ConsumedCapacity, ReturnConsumedCapacity) }),
  };
}

/** Units as a caller asked for them: their total alone, or by index, too. */
function inDetail(all: NonNullable<Output['ConsumedCapacity']>, detail: string): typeof all {
  if (detail === 'INDEXES') return all;
  const total = ({ TableName, CapacityUnits }: ConsumedCapacity): ConsumedCapacity => ({ TableName, CapacityUnits });
  return Array.isArray(all) ? all.map(total) : total(all as ConsumedCapacity);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
