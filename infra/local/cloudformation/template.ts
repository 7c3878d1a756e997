import { StartError } from '../start-error.ts';

/** A CloudFormation template as CDK synthesizes it. */
export interface Template {
  readonly Parameters?: Record<string, { readonly Type: string; readonly Default?: unknown }>;
  readonly Conditions?: Record<string, unknown>;
  readonly Resources: Record<string, TemplateResource>;
  readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

/** A resource with every reference in its properties resolved. */
// biome-ignore lint/suspicious/noExplicitAny: the properties of a resource are whatever its type documents
export interface Resource<Properties = any> {
  readonly logicalId: string;
  readonly ref: string;
  readonly properties: Properties;
}

/** Values that depend on the place where a template runs. */
export interface Place {
  readonly parameters?: Readonly<Record<string, string>>;
  /** Base URL of SQS: queue URLs begin with it. */
  readonly queueEndpoint?: string;
  /** URL of the HTTP API. */
  readonly apiEndpoint?: string;
  readonly stackName?: string;
}

/** A template with its references resolved for one place. */
export interface ResolvedTemplate {
  /** The resources of one type, in the order of the template. */
  ofType(type: string): readonly Resource[];
  /** Type, logical id and name of every resource, as CloudFormation's ListStackResources has them. */
  resources(): readonly { readonly type: string; readonly logicalId: string; readonly ref: string }[];
  /** The resource that an ARN leads to: its own, or that of its stream, or of a version or alias of a function. */
  byArn(type: string, arn: string): Resource | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Account and region of the queue engine. They stand in ARNs alone, so that any others would do. */
export const accountId = '000000000000';
export const region = 'us-east-1';

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::AccountId': accountId,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
};

/** One resource, as others refer to it: `Ref`, and the attributes of `Fn::GetAtt`. */
interface Identity {
  readonly Ref: string;
  readonly [attribute: string]: string;
}

const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
const functionArn = (nameOrArn: unknown) =>
  String(nameOrArn).startsWith('arn:') ? String(nameOrArn) : arn('lambda', `function:${nameOrArn}`);

/** The ARN of a rule of EventBridge. */
export const ruleArn = (id: string) => arn('events', `rule/${id}`);

/** CloudFormation puts the stack's name before that of an alarm, so that one prefix finds all of a stack. */
function alarmIdentity(id: string, { stackName = 'Mailtrail' }: Place, { AlarmName }: Record<string, unknown>) {
  const Ref = String(AlarmName ?? `${stackName}-${id}`);
  return { Ref, Arn: arn('cloudwatch', `alarm:${Ref}`) };
}

/** By resource type. Our templates name no resource, so that each is called by its logical id, as is any other type. */
const identities: Record<string, (id: string, place: Place, properties: Record<string, unknown>) => Identity> = {
  'AWS::DynamoDB::Table': id => {
    const Arn = arn('dynamodb', `table/${id}`);
    return { Ref: id, Arn, StreamArn: `${Arn}/stream/local` };
  },
  'AWS::SQS::Queue': (id, { queueEndpoint = 'http://127.0.0.1' }) => ({
    Ref: `${queueEndpoint}/${accountId}/${id}`,
    Arn: arn('sqs', id),
    QueueName: id,
  }),
  'AWS::SNS::Topic': id => ({ Ref: arn('sns', id), TopicName: id }),
  'AWS::S3::Bucket': id => ({ Ref: id.toLowerCase(), Arn: `arn:aws:s3:::${id.toLowerCase()}` }),
  'AWS::SecretsManager::Secret': id => ({ Ref: arn('secretsmanager', `secret:${id}-local0`) }),
  'AWS::Lambda::Function': id => ({ Ref: id, Arn: functionArn(id) }),
  'AWS::Lambda::Version': (_id, _place, { FunctionName }) => ({ Ref: `${functionArn(FunctionName)}:1`, Version: '1' }),
  'AWS::Lambda::Alias': (_id, _place, { FunctionName, Name }) => ({ Ref: `${functionArn(FunctionName)}:${Name}` }),
  'AWS::CloudWatch::Alarm': alarmIdentity,
  'AWS::CloudWatch::CompositeAlarm': alarmIdentity,
  'AWS::Events::EventBus': (id, _place, { Name = id }) => ({
    Ref: String(Name),
    Name: String(Name),
    Arn: arn('events', `event-bus/${Name}`),
  }),
  'AWS::Events::Rule': id => ({ Ref: id, Arn: ruleArn(id) }),
  'AWS::Events::Connection': id => ({ Ref: id, Arn: arn('events', `connection/${id}/local`) }),
  'AWS::Events::ApiDestination': id => ({ Ref: id, Arn: arn('events', `api-destination/${id}/local`) }),
  'AWS::ApiGatewayV2::Api': (id, { apiEndpoint = 'http://127.0.0.1' }) => ({ Ref: id, ApiEndpoint: apiEndpoint }),
};

/**
 * Resolves references and intrinsic functions on demand, so that resources may stand in any order.
 *
 * @throws StartError, also later, for parts of CloudFormation that our own template does not use
 */
export function resolveTemplate(template: Template, place: Place = {}): ResolvedTemplate {
  if (template.Conditions !== undefined) throw new StartError('conditions of a template are not understood here');
  const known = new Map<string, Identity>();
  const resolved = new Map<string, Resource>();

  function identity(id: string): Identity {
    const found = known.get(id);
    if (found !== undefined) return found;
    const resource = template.Resources[id];
    if (resource === undefined) throw new StartError(`the template refers to ${id}, which it does not hold`);
    // Only the properties that name a resource are resolved here: the others may refer back to it.
    const naming = Object.entries(resource.Properties ?? {}).filter(([name]) => name.endsWith('Name'));
    const properties = resolve(Object.fromEntries(naming)) as Record<string, unknown>;
    const made = identities[resource.Type]?.(id, place, properties) ?? { Ref: id };
    known.set(id, made);
    return made;
  }

  function reference(name: string): string {
    const parameter = template.Parameters?.[name];
    if (parameter === undefined) return pseudoParameters[name] ?? identity(name).Ref;
    const value = place.parameters?.[name] ?? parameter.Default;
    if (value === undefined) throw new StartError(`the template's parameter ${name} has no value`);
    return String(value);
  }

  function attribute([id, name]: readonly [string, string]): string {
    const found = identity(id)[name];
    if (found === undefined && template.Resources[id]!.Type in identities) {
      throw new StartError(`the attribute ${name} of ${id} in the template is not understood here`);
    }
    return found ?? `${id}.${name}`;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each function documents its own arguments
  const intrinsics: Record<string, (argument: any) => unknown> = {
    Ref: reference,
    'Fn::GetAtt': attribute,
    'Fn::Join': ([separator, parts]) => (resolve(parts) as unknown[]).join(separator),
    'Fn::Sub': (text: string) => text.replace(/\$\{([^}]+)\}/g, (_match, name: string) => reference(name)),
  };

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name, argument] = ['', undefined]] = entries;
    if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
      const intrinsic = intrinsics[name];
      if (intrinsic === undefined) throw new StartError(`${name} in the template is not understood here`);
      return intrinsic(argument);
    }
    return Object.fromEntries(entries.map(([key, member]) => [key, resolve(member)]));
  }

  function resource(logicalId: string): Resource {
    const found = resolved.get(logicalId);
    if (found !== undefined) return found;
    const { Properties = {} } = template.Resources[logicalId]!;
    const made = { logicalId, ref: identity(logicalId).Ref, properties: resolve(Properties) };
    resolved.set(logicalId, made);
    return made;
  }

  const ofType = (type: string) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([logicalId]) => resource(logicalId));
  return {
    ofType,
    resources: () =>
      Object.entries(template.Resources).map(([logicalId, { Type: type }]) => ({
        type,
        logicalId,
        ref: identity(logicalId).Ref,
      })),
    byArn: (type, text) =>
      ofType(type).find(({ logicalId }) => {
        const { Arn = '' } = identity(logicalId);
        return text === Arn || text.startsWith(`${Arn}:`) || text.startsWith(`${Arn}/`);
      }),
    get outputs() {
      return Object.fromEntries(
        Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, resolve(Value)]),
      );
    },
  };
}
