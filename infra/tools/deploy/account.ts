import { DescribeTableCommand, DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { indexes } from '../../../shared/email/item.ts';
import type { Config } from '../../config.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The version of the bootstrap stack that the template's assets need. */
const minBootstrapVersion = 6;

/** Below it, a burst of callbacks and a page of support stop each other. */
const minConcurrency = 100;

/** Lambda leaves at least this many executions unreserved. */
const minUnreserved = 100;

/** One try each: a check must not keep a person waiting. */
const client = { maxAttempts: 2 };

/** The account and region that are deployed to. */
export interface Account {
  /** Whether there are credentials that AWS takes, and a region. The other checks need both. */
  access(): Promise<Finding>;
  bootstrap(qualifier: string): Promise<Finding>;
  concurrency(config: Config): Promise<Finding>;
  existingTable(streamArn: string): Promise<Finding>;
  readonly region: () => Promise<string | null>;
}

export function awsAccount(): Account {
  const ssm = new SSMClient(client);
  const lambda = new LambdaClient(client);
  const dynamoDb = new DynamoDBClient(client);
  const region = async () => {
    try {
      return await ssm.config.region();
    } catch {
      return null;
    }
  };
  return {
    region,

    async access() {
      const found = await region();
      if (found === null) return problem('no region is set', 'Set AWS_REGION, or a region in the profile.');
      try {
        await ssm.config.credentials();
        return ok(`credentials found, region ${found}`);
      } catch (error) {
        return problem(
          `no AWS credentials: ${(error as Error).message}`,
          'Sign in (aws sso login, aws configure) and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
        );
      }
    },

    async bootstrap(qualifier) {
      const name = `/cdk-bootstrap/${qualifier}/version`;
      const remedy = 'Once for each account and region: npx cdk bootstrap';
      try {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
        const version = Number(Parameter?.Value);
        return version >= minBootstrapVersion
          ? ok(`version ${version}`)
          : problem(`version ${Parameter?.Value} is too old: ${minBootstrapVersion} is needed`, remedy);
      } catch (error) {
        if ((error as Error).name !== 'ParameterNotFound') return failed(error, `ssm:GetParameter on ${name}`);
        return problem(`the account has no ${name} in ${await region()}`, remedy);
      }
    },

    async concurrency({ ingestConcurrency = 0 }) {
      const raise =
        'Request 1,000: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000';
      try {
        const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
        const quota = AccountLimit?.ConcurrentExecutions ?? 0;
        if (ingestConcurrency > 0 && quota - ingestConcurrency < minUnreserved) {
          return problem(
            `ingestConcurrency is ${ingestConcurrency} of a quota of ${quota}, and Lambda keeps ${minUnreserved} unreserved`,
            `Lower ingestConcurrency, or leave it out. ${raise}`,
          );
        }
        return quota < minConcurrency
          ? warning(`the quota is ${quota} concurrent executions: ${quota} callbacks at once throttle all else`, raise)
          : ok(`the quota is ${quota.toLocaleString('en-US')} concurrent executions`);
      } catch (error) {
        return failed(error, 'lambda:GetAccountSettings');
      }
    },

    async existingTable(streamArn) {
      const [, table = ''] = /table\/([^/]+)\//.exec(streamArn) ?? [];
      try {
        const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName: table }));
        const found = Table ?? {};
        const faults = tableFaults(found, streamArn);
        if (faults.length > 0) return problem(`${table}: ${faults.join('; ')}`, restoreRemedy);
        return ok(`${table} has the indexes and the stream`);
      } catch (error) {
        if ((error as Error).name !== 'ResourceNotFoundException') return failed(error, 'dynamodb:DescribeTable');
        return problem(`there is no table ${table} in ${await region()}`, 'Check existingTable, account and region.');
      }
    },
  };
}

const restoreRemedy =
  'docs/upgrading.md says how to prepare a restored table (chapter "Restore to a point in time"): stream, indexes, expiry.';

/** The faults of a table that this version could not work with. */
function tableFaults({ KeySchema = [], GlobalSecondaryIndexes = [], ...table }: TableDescription, streamArn: string) {
  const faults: string[] = [];
  const keysOf = (schema: TableDescription['KeySchema'] = []) => schema.map(key => key.AttributeName).join(', ');
  if (keysOf(KeySchema) !== 'emailId') faults.push('its key is not emailId');
  for (const [name, { partition, sort }] of Object.entries(indexes)) {
    const index = GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === name);
    if (index === undefined) faults.push(`the index ${name} is missing`);
    else if (keysOf(index.KeySchema) !== `${partition}, ${sort}`) faults.push(`the index ${name} has other keys`);
  }
  if (table.StreamSpecification?.StreamViewType !== 'NEW_AND_OLD_IMAGES')
    faults.push('its stream is off, or not of both images');
  else if (table.LatestStreamArn !== streamArn) faults.push(`its stream is now ${table.LatestStreamArn}`);
  return faults;
}

/** A check that AWS did not answer. Without the permission, the deployment may still work. */
function failed(error: unknown, permission: string): Finding {
  const { name, message } = error as Error;
  return /AccessDenied|NotAuthorized|UnauthorizedOperation/.test(name)
    ? warning(`could not be checked: ${message}`, `Allow ${permission}, or go on if you know that it is in order.`)
    : problem(`could not be checked: ${message}`, 'Check credentials and region: aws sts get-caller-identity');
}
