import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { SQSClientConfig } from '@aws-sdk/client-sqs';
import { ingestEnv } from '../../../functions/ingest/env.ts';
import { readEndpoints } from '../../local/endpoints.ts';
import { StartError } from '../../local/start-error.ts';
import { outputsByName } from '../../outputs.ts';

/** The settings and addresses of a running Mailtrail, for whoever operates it. */
export interface Deployment {
  /** The ingest function's settings. */
  readonly env: ReturnType<typeof ingestEnv.parse>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly dynamoDb: DynamoDBClientConfig;
  readonly sqs: SQSClientConfig;
  readonly lambda: LambdaClientConfig;
  readonly s3: S3ClientConfig;
  /** The seconds in which an answer comes from all servers of a queue. */
  readonly queueWaitSeconds: number;
}

/** The stack on this machine, with the data directory of the environment. */
export function localDeployment(): Deployment {
  const { outputs, functions, region, dynamodb, sqs, lambda, s3 } = readEndpoints();
  const texts = outputs as Readonly<Record<string, string>>;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return {
    env: environmentOf(functions[texts.IngestFunctionName ?? '']?.environment),
    outputs: texts,
    dynamoDb: { endpoint: dynamodb, region, credentials },
    sqs: { endpoint: sqs, region, credentials },
    lambda: { endpoint: lambda, region, credentials },
    s3: { endpoint: s3, region, credentials, forcePathStyle: true },
    // On one machine a queue is one server.
    queueWaitSeconds: 0,
  };
}

/**
 * A stack in AWS, by its name, with the credentials and the region of the environment.
 *
 * @throws StartError where AWS does not find it, with the words of AWS
 */
export async function awsDeployment(stackName: string): Promise<Deployment> {
  try {
    const { Stacks = [] } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: stackName }));
    const outputs = outputsByName(Stacks[0]?.Outputs ?? []);
    const { Environment } = await new LambdaClient().send(
      new GetFunctionConfigurationCommand({ FunctionName: outputs.IngestFunctionName }),
    );
    const clients = { dynamoDb: {}, sqs: {}, lambda: {}, s3: {} };
    return { env: environmentOf(Environment?.Variables), outputs, ...clients, queueWaitSeconds: 2 };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`The stack ${stackName} cannot be looked up: ${(error as Error).message}`);
  }
}

function environmentOf(variables: unknown): Deployment['env'] {
  const env = ingestEnv.safeParse(variables);
  if (env.success) return env.data;
  throw new StartError('The stack is of another version than this checkout: deploy, or start, this one first.');
}
