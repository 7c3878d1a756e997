import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { StartError } from '../start-error.ts';

/** A CloudFormation template as CDK synthesizes it. */
export interface Template {
  readonly Parameters?: Record<string, { readonly Type: string; readonly Default?: unknown }>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Resources: Record<string, TemplateResource>;
  readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Record<string, unknown>;
}

/** A resource that exists under the given parameters, with every reference in its properties resolved. */
// biome-ignore lint/suspicious/noExplicitAny: the properties of a resource are whatever its type documents
export interface Resource<Properties = any> {
  readonly logicalId: string;
  readonly type: string;
  readonly ref: string;
  readonly properties: Properties;
}

/** What a template needs to know about the place it runs in. */
export interface Place {
  readonly parameters?: Readonly<Record<string, string>>;
  /** Base URL of SQS: queue URLs begin with it. */
  readonly queueEndpoint?: string;
  /** URL of the HTTP API. */
  readonly apiEndpoint?: string;
}

/** A template with its references resolved for one place. */
export interface ResolvedTemplate {
  /** The resources of one type, in the order of the template. */
  ofType(type: string): readonly Resource[];
  /** The resource whose ARN is, or stands in, the text: a version's or an integration's ARN contains its function's. */
  byArn(type: string, text: string): Resource | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Any account and any region do: both stand in ARNs only. They are those of the queue engine. */
export const accountId = '000000000000';
export const region = 'us-east-1';

const pseudoParameters: Readonly<Record<string, unknown>> = {
  'AWS::AccountId': accountId,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'local',
  'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/local/local`,
  'AWS::NotificationARNs': [],
  'AWS::NoValue': undefined,
};

/** What stands for one resource: `Ref`, and the attributes of `Fn::GetAtt`. */
interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;

function tableIdentity(id: string, { TableName = id }: Record<string, unknown>): Identity {
  const Arn = arn('dynamodb', `table/${TableName}`);
  return { ref: String(TableName), attributes: { Arn, StreamArn: `${Arn}/stream/local`, TableId: id } };
}

/** Per resource type; a type that is not here is known by its logical id. */
const identities: Record<string, (id: string, properties: Record<string, unknown>, place: Place) => Identity> = {
  'AWS::DynamoDB::Table': tableIdentity,
  'AWS::DynamoDB::GlobalTable': tableIdentity,
  'AWS::SQS::Queue': (id, { QueueName = id, FifoQueue }, { queueEndpoint = 'http://127.0.0.1' }) => {
    const name = FifoQueue === true && QueueName === id ? `${id}.fifo` : String(QueueName);
    const url = `${queueEndpoint}/${accountId}/${name}`;
    return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
  },
  'AWS::SNS::Topic': (id, { TopicName = id }) => {
    const topicArn = arn('sns', String(TopicName));
    return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: String(TopicName) } };
  },
  'AWS::S3::Bucket': (id, { BucketName = id.toLowerCase() }) => ({
    ref: String(BucketName),
    attributes: { Arn: `arn:aws:s3:::${BucketName}` },
  }),
  'AWS::SecretsManager::Secret': (id, { Name = id }) => {
    const secretArn = arn('secretsmanager', `secret:${Name}-local0`);
    return { ref: secretArn, attributes: { Id: secretArn } };
  },
  'AWS::Lambda::Function': (id, { FunctionName = id }) => ({
    ref: String(FunctionName),
    attributes: { Arn: arn('lambda', `function:${FunctionName}`) },
  }),
  'AWS::Lambda::Version': (_id, { FunctionName }) => {
    const versionArn = `${functionArn(FunctionName)}:1`;
    return { ref: versionArn, attributes: { FunctionArn: versionArn, Version: '1' } };
  },
  'AWS::Lambda::Alias': (_id, { FunctionName, Name }) => {
    const aliasArn = `${functionArn(FunctionName)}:${Name}`;
    return { ref: aliasArn, attributes: { AliasArn: aliasArn } };
  },
  'AWS::ApiGatewayV2::Api': (id, _properties, { apiEndpoint = 'http://127.0.0.1' }) => ({
    ref: id,
    attributes: { ApiEndpoint: apiEndpoint, ApiId: id },
  }),
  'AWS::Logs::LogGroup': (id, { LogGroupName = id }) => ({
    ref: String(LogGroupName),
    attributes: { Arn: arn('logs', `log-group:${LogGroupName}:*`) },
  }),
};

function functionArn(nameOrArn: unknown): string {
  return String(nameOrArn).startsWith('arn:') ? String(nameOrArn) : arn('lambda', `function:${nameOrArn}`);
}

/** Resolves references and intrinsic functions on demand, so that resources may stand in any order. */
export function resolveTemplate(template: Template, place: Place = {}): ResolvedTemplate {
  const known = new Map<string, Identity>();
  const resolved = new Map<string, Resource>();
  const exists = ({ Condition }: TemplateResource) => Condition === undefined || condition(Condition);

  function condition(name: string): boolean {
    const expression = template.Conditions?.[name];
    if (expression === undefined) throw new StartError(`the template has no condition ${name}`);
    return resolve(expression) === true;
  }

  function identity(id: string): Identity {
    const found = known.get(id);
    if (found !== undefined) return found;
    const resource = template.Resources[id];
    if (resource === undefined) throw new StartError(`the template refers to ${id}, which it does not hold`);
    const identify = identities[resource.Type];
    // Only what names a resource is resolved here: the rest may refer back to it.
    const naming = Object.entries(resource.Properties ?? {}).filter(([name]) => /Name$|^FifoQueue$/.test(name));
    const made = identify?.(id, resolve(Object.fromEntries(naming)) as Record<string, unknown>, place) ?? {
      ref: id,
      attributes: {},
    };
    known.set(id, made);
    return made;
  }

  function reference(name: string): unknown {
    if (name in pseudoParameters) return pseudoParameters[name];
    const parameter = template.Parameters?.[name];
    if (parameter === undefined) return identity(name).ref;
    const value = place.parameters?.[name] ?? parameter.Default;
    if (value === undefined) throw new StartError(`the template's parameter ${name} has no value`);
    return value;
  }

  function attribute(id: string, name: string): string {
    return identity(id).attributes[name] ?? `${id}.${name}`;
  }

  function substitute(text: string, values: Record<string, unknown>): string {
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_match, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      if (name in values) return String(resolve(values[name]));
      const [id, ...attributePath] = name.split('.');
      return String(attributePath.length === 0 ? reference(name) : attribute(id!, attributePath.join('.')));
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: each function documents its own arguments
  const intrinsics: Record<string, (argument: any) => unknown> = {
    Ref: reference,
    Condition: condition,
    'Fn::GetAtt': path => {
      const [id, ...names] = typeof path === 'string' ? path.split('.') : path;
      return attribute(id, names.join('.'));
    },
    'Fn::Join': ([separator, parts]) => (resolve(parts) as unknown[]).join(separator),
    'Fn::Sub': argument =>
      typeof argument === 'string' ? substitute(argument, {}) : substitute(argument[0], argument[1]),
    'Fn::If': ([name, whenTrue, whenFalse]) => resolve(condition(name) ? whenTrue : whenFalse),
    'Fn::Equals': argument => {
      const [left, right] = resolve(argument) as unknown[];
      return String(left) === String(right);
    },
    'Fn::Not': ([expression]) => resolve(expression) !== true,
    'Fn::And': (expressions: unknown[]) => expressions.every(expression => resolve(expression) === true),
    'Fn::Or': (expressions: unknown[]) => expressions.some(expression => resolve(expression) === true),
    'Fn::Select': ([index, list]) => (resolve(list) as unknown[])[Number(resolve(index))],
    'Fn::Split': ([separator, text]) => String(resolve(text)).split(separator),
    'Fn::FindInMap': argument => {
      const [map, first, second] = resolve(argument) as [string, string, string];
      return template.Mappings?.[map]?.[first]?.[second];
    },
    'Fn::Base64': text => Buffer.from(String(resolve(text))).toString('base64'),
  };

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter(element => element !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name, argument] = ['', undefined]] = entries;
    if (entries.length === 1 && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) {
      const intrinsic = intrinsics[name];
      if (intrinsic === undefined) throw new StartError(`${name} in the template is not understood here`);
      // `Condition` is an intrinsic in conditions only; a policy statement has a member of that name.
      if (name !== 'Condition' || typeof argument === 'string') return intrinsic(argument);
    }
    return Object.fromEntries(
      entries.map(([key, member]) => [key, resolve(member)]).filter(([, v]) => v !== undefined),
    );
  }

  function resource(logicalId: string): Resource {
    const found = resolved.get(logicalId);
    if (found !== undefined) return found;
    const { Type, Properties = {} } = template.Resources[logicalId]!;
    const made = { logicalId, type: Type, ref: identity(logicalId).ref, properties: resolve(Properties) };
    resolved.set(logicalId, made);
    return made;
  }

  const ofType = (type: string) =>
    Object.entries(template.Resources)
      .filter(([, candidate]) => candidate.Type === type && exists(candidate))
      .map(([logicalId]) => resource(logicalId));
  return {
    ofType,
    byArn: (type, text) =>
      ofType(type).find(({ logicalId, ref }) => {
        const { Arn = ref } = identity(logicalId).attributes;
        return `${text}:`.includes(`${Arn}:`) || text.includes(`${Arn}/`);
      }),
    get outputs() {
      return Object.fromEntries(
        Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, resolve(Value)]),
      );
    },
  };
}

/** Both ways in which CloudFormation writes a table. */
const tableTypes = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'] as const;

/** The tables of a template. */
export function tablesOf(template: ResolvedTemplate): readonly Resource[] {
  return tableTypes.flatMap(template.ofType);
}

/** The CreateTable input for a table of a template, so that what is tested is what is deployed. */
export function createTableInput({ ref, properties }: Resource): CreateTableCommandInput {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes, StreamSpecification } =
    properties;
  const indexes = (list: CreateTableCommandInput['GlobalSecondaryIndexes']) =>
    list?.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));
  return {
    TableName: ref,
    KeySchema,
    AttributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
    ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes: indexes(GlobalSecondaryIndexes) }),
    ...(LocalSecondaryIndexes && { LocalSecondaryIndexes: indexes(LocalSecondaryIndexes) }),
    ...(StreamSpecification && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: StreamSpecification.StreamViewType },
    }),
  };
}

/** A cloud assembly, as `cdk synth` leaves it in its output directory: one stack's template and its bundled assets. */
export interface Assembly {
  readonly template: Template;
  /** Directory of an asset by the key under which the template names it in S3. */
  assetDirectory(s3Key: string): string;
}

export function readAssembly(directory: string): Assembly {
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const artifacts = Object.entries<{ type: string; properties?: { templateFile: string } }>(
    read('manifest.json').artifacts,
  );
  const stacks = artifacts.filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [name, stack] = stacks[0] ?? [];
  if (stacks.length !== 1 || stack?.properties === undefined) {
    throw new StartError(`one stack is expected, and ${stacks.length} were synthesized`);
  }
  const { files } = read(`${name}.assets.json`);
  return {
    template: read(stack.properties.templateFile),
    assetDirectory: s3Key => {
      const asset = files[s3Key.replace(/\.zip$/, '')];
      if (asset === undefined) throw new StartError(`no asset ${s3Key} was synthesized`);
      return join(directory, asset.source.path);
    },
  };
}
