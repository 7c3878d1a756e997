import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsDeployment, localDeployment } from '../../infra/tools/replay/deployment.ts';

/** The ingest function's settings, as `npm run deploy` leaves them. */
const variables = {
  TABLE_NAME: 'emails',
  GUARD_TABLE_NAME: 'guards',
  WEBHOOK_SECRETS_ARN: 'arn:secret',
  QUARANTINE_QUEUE_URL: 'https://sqs/quarantine',
  RETRY_QUEUE_URL: 'https://sqs/retry',
  RETRY_QUEUE_ARN: 'arn:retry',
  SES_QUEUE_ARN: 'arn:ses',
  METRICS_NAMESPACE: 'Mailtrail/Mailtrail',
  RETENTION_DAYS: '30',
  METADATA_ACCOUNT_ID: 'account',
  METADATA_REFERENCE: 'invoice',
  DEFAULT_ACCOUNT_ID: 'acme',
  ACCEPTED_PROVIDERS: '',
  SENDER_NAMES: 'postfix',
};

const stackXml = (outputs: Readonly<Record<string, string>>) =>
  `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>Mailtrail</StackName><CreationTime>2026-01-02T12:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${Object.entries(
    outputs,
  )
    .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
    .join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

describe('the deployment whose queues are replayed', () => {
  let server: Server;
  let answers: { cloudFormation: readonly [number, string]; lambda: object };
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url?.includes('/functions/')) {
        return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.lambda));
      }
      const [status, body] = answers.cloudFormation;
      return response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());
  afterEach(() => vi.unstubAllEnvs());

  const aws = (changes: Partial<typeof answers> = {}) => {
    answers = {
      cloudFormation: [200, stackXml({ IngestFunctionName: 'ingest', QuarantineQueueUrl: 'https://sqs/quarantine' })],
      lambda: { Environment: { Variables: variables } },
      ...changes,
    };
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    return awsDeployment('Mailtrail');
  };

  it('in AWS is known by the stack, and works with the settings of the function as it is deployed', async () => {
    expect(await aws()).toEqual({
      env: { ...variables, RETENTION_DAYS: 30 },
      outputs: { IngestFunctionName: 'ingest', QuarantineQueueUrl: 'https://sqs/quarantine' },
      dynamoDb: {},
      sqs: {},
      lambda: {},
      s3: {},
      queueWaitSeconds: 2,
    });
  });

  it('that is not there is said in one line, in the words of AWS', async () => {
    const missing =
      '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id Mailtrail does not exist</Message></Error></ErrorResponse>';
    await expect(aws({ cloudFormation: [400, missing] })).rejects.toThrow(
      'The stack Mailtrail cannot be looked up: Stack with id Mailtrail does not exist',
    );
  });

  it('of an older version is said to be one', async () => {
    const { GUARD_TABLE_NAME: _, ...older } = variables;
    await expect(aws({ lambda: { Environment: { Variables: older } } })).rejects.toThrow(
      /^The stack is of another version/,
    );
  });

  it('on this machine has to be started once', () => {
    vi.stubEnv('DATA_DIR', '/nowhere');
    expect(() => localDeployment()).toThrow('not started yet on /nowhere');
  });
});
