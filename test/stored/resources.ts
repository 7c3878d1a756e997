/** The resources with data in the synthesized template, and their properties that cannot change in place. */

import { resourcesOf, type Synthesized, synthesize } from '../infra/synthesized.ts';

/**
 * The properties of each type whose change makes CloudFormation begin an empty resource, writes a secret anew, or gives a
 * stream another ARN.
 */
export const lasting = {
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'ImportSourceSpecification', 'StreamSpecification'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::S3::Bucket': ['BucketName', 'BucketNamePrefix', 'BucketNamespace', 'ObjectLockEnabled'],
  'AWS::SecretsManager::Secret': ['Name', 'SecretString', 'GenerateSecretString'],
  // Another API is another URL at every provider.
  'AWS::ApiGatewayV2::Api': ['ProtocolType'],
  // A new mapping reads the last day of a stream again.
  'AWS::Lambda::EventSourceMapping': [
    'EventSourceArn',
    'StartingPosition',
    'StartingPositionTimestamp',
    'SelfManagedEventSource',
    'SelfManagedKafkaEventSourceConfig',
    'AmazonManagedKafkaEventSourceConfig',
  ],
  'AWS::Logs::LogGroup': ['LogGroupName'],
} as const satisfies Record<string, readonly string[]>;

export interface LastingResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The resources with data, by logical id. */
export function lastingResources(template: Synthesized = synthesize()): Readonly<Record<string, LastingResource>> {
  const entries = Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const names: readonly string[] | undefined = (lasting as Record<string, readonly string[]>)[Type];
    if (names === undefined) return [];
    const given = names.filter(name => Properties[name] !== undefined);
    const properties = {
      ...Object.fromEntries(given.map(name => [name, Properties[name]])),
      ...(Type === 'AWS::DynamoDB::Table' && { keyTypes: keyTypesOf(Properties) }),
    };
    return [[id, { type: Type, properties }] as const];
  });
  return Object.fromEntries(entries);
}

/** The types of a table's own keys; those of indexes are with their definitions. */
// biome-ignore lint/suspicious/noExplicitAny: as in the template
function keyTypesOf({ KeySchema, AttributeDefinitions }: any): readonly string[] {
  const keys = KeySchema.map(({ AttributeName }: { AttributeName: string }) => AttributeName);
  // biome-ignore lint/suspicious/noExplicitAny: as in the template
  const ofKeys = AttributeDefinitions.filter(({ AttributeName }: any) => keys.includes(AttributeName));
  // biome-ignore lint/suspicious/noExplicitAny: as in the template
  return ofKeys.map(({ AttributeName, AttributeType }: any) => `${AttributeName} ${AttributeType}`);
}

export interface IndexDefinition {
  /** Partition key, then sort key, each with its type. */
  readonly keys: readonly string[];
  readonly projection: string | readonly string[];
}

/** The indexes of the table of emails, by name. */
export function indexDefinitions(template: Synthesized = synthesize()): Readonly<Record<string, IndexDefinition>> {
  const { AttributeDefinitions, GlobalSecondaryIndexes } = resourcesOf(template, 'AWS::DynamoDB::Table').get(
    'Emails',
  )!.Properties;
  const types = new Map<string, string>(
    // biome-ignore lint/suspicious/noExplicitAny: as in the template
    AttributeDefinitions.map(({ AttributeName, AttributeType }: any) => [AttributeName, AttributeType]),
  );
  return Object.fromEntries(
    // biome-ignore lint/suspicious/noExplicitAny: as in the template
    GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }: any) => [
      IndexName,
      {
        keys: KeySchema.map(
          ({ AttributeName }: { AttributeName: string }) => `${AttributeName} ${types.get(AttributeName)}`,
        ),
        projection: Projection.NonKeyAttributes?.toSorted() ?? Projection.ProjectionType,
      },
    ]),
  );
}
