import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { commandOn, type Endpoints, readEndpoints } from '../../local/endpoints.ts';
import { awsTarget, type StackResource } from '../verify-deployment/target.ts';

/** A running Mailtrail, in AWS or on this machine: the same calls look at both. */
export interface Installation {
  readonly stackName: string;
  /** The API. */
  readonly url: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly Pick<StackResource, 'type' | 'logicalId' | 'ref'>[];
  readonly clients: {
    readonly cloudWatch: CloudWatchClient;
    readonly dynamoDb: DynamoDBClient;
    readonly lambda: LambdaClient;
    readonly s3: S3Client;
    readonly secretsManager: SecretsManagerClient;
    readonly sns: SNSClient;
    readonly sqs: SQSClient;
  };
  /** The stack on this machine; null for one in AWS. */
  readonly local: Endpoints | null;
  /** A command of the AWS CLI that reaches this installation. */
  aws(service: string, call: string): string;
  /** A command of this project that reaches this installation. */
  npm(call: string): string;
}

/** The calls of one check must not hang: a service that is out of reach is a finding. */
const patience = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
} as const;

/**
 * The stack on this machine, with the data directory of the environment.
 *
 * @throws StartError if no stack was started there
 */
export function localInstallation(endpoints: Endpoints = readEndpoints()): Installation {
  const { region, stackName, url, outputs, resources, dataDir } = endpoints;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const at = (endpoint: string) => ({ endpoint, region, credentials, ...patience });
  const endpointOf: Readonly<Record<string, string>> = {
    cloudwatch: endpoints.cloudwatch,
    dynamodb: endpoints.dynamodb,
    lambda: endpoints.lambda,
    s3: endpoints.s3,
    s3api: endpoints.s3,
    secretsmanager: endpoints.secretsManager,
    sns: endpoints.sns,
    sqs: endpoints.sqs,
  };
  return {
    stackName,
    url,
    outputs: outputs as Readonly<Record<string, string>>,
    resources,
    clients: {
      cloudWatch: new CloudWatchClient(at(endpoints.cloudwatch)),
      dynamoDb: new DynamoDBClient(at(endpoints.dynamodb)),
      lambda: new LambdaClient(at(endpoints.lambda)),
      s3: new S3Client({ ...at(endpoints.s3), forcePathStyle: true }),
      secretsManager: new SecretsManagerClient(at(endpoints.secretsManager)),
      sns: new SNSClient(at(endpoints.sns)),
      sqs: new SQSClient(at(endpoints.sqs)),
    },
    local: endpoints,
    aws: (service, call) => `aws --endpoint-url ${endpointOf[service]} ${service} ${call}`,
    npm: call => commandOn(dataDir, `npm run ${call}`),
  };
}

/**
 * A stack in AWS, by its name, with the credentials and the region of the environment.
 *
 * @throws StartError where AWS does not find it, with the words of AWS
 */
export async function awsInstallation(stackName: string): Promise<Installation> {
  const { url, outputs, aws } = await awsTarget(stackName);
  return {
    stackName,
    url,
    outputs,
    resources: aws!.resources,
    clients: {
      cloudWatch: new CloudWatchClient(patience),
      dynamoDb: new DynamoDBClient(patience),
      lambda: new LambdaClient(patience),
      s3: new S3Client(patience),
      secretsManager: new SecretsManagerClient(patience),
      sns: new SNSClient(patience),
      sqs: new SQSClient(patience),
    },
    local: null,
    aws: (service, call) => `aws ${service} ${call}`,
    npm: call => `npm run ${call}${call.includes(' -- ') ? '' : ' --'} --stack ${stackName}`,
  };
}
