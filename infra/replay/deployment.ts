import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ingestEnv } from '../../functions/ingest/env.ts';
import { readEndpoints } from '../local/endpoints.ts';

/** A running Mailtrail, as whoever operates it sees it. */
export interface Deployment {
  /** What the ingest function is configured with. */
  readonly env: ReturnType<typeof ingestEnv.parse>;
  readonly outputs: Readonly<Record<string, string>>;
  /** For the SDK's clients of the services it uses. */
  readonly dynamoDb: DynamoDBClientConfig;
  readonly sqs: { readonly endpoint?: string; readonly region?: string; readonly credentials?: object };
}

const anyCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The stack that runs on this machine, on the data directory of the environment. */
export function localDeployment(): Deployment {
  const { outputs, functions, region, dynamodb, sqs } = readEndpoints();
  const texts = outputs as Readonly<Record<string, string>>;
  const at = (endpoint: string) => ({ endpoint, region, credentials: anyCredentials });
  return {
    env: ingestEnv.parse(functions[texts.IngestFunctionName ?? '']?.environment),
    outputs: texts,
    dynamoDb: at(dynamodb),
    sqs: at(sqs),
  };
}

/** A stack in AWS, by its name, with the credentials and the region of the environment. */
export async function awsDeployment(stackName: string): Promise<Deployment> {
  const { Stacks = [] } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: stackName }));
  const outputs = Object.fromEntries(
    (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const { Environment } = await new LambdaClient().send(
    new GetFunctionConfigurationCommand({ FunctionName: outputs.IngestFunctionName }),
  );
  return { env: ingestEnv.parse(Environment?.Variables), outputs, dynamoDb: {}, sqs: {} };
}
