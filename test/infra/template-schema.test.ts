/** Holds the synthesized template to AWS's own database of CloudFormation's resources. */

import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { PropertyType, Resource as ResourceSpec } from '@aws-cdk/service-spec-types';
import { describe, expect, it } from 'vitest';
import { lasting } from '../stored/resources.ts';
import { synthesize } from './synthesized.ts';

const database = loadAwsServiceSpecSync();
type Properties = ResourceSpec['properties'];

/** A look-up takes longer than the check of a resource. */
const specs = new Map<string, ResourceSpec | undefined>();

function resourceSpec(type: string): ResourceSpec | undefined {
  if (!specs.has(type)) specs.set(type, database.lookup('resource', 'cloudFormationType', 'equals', type)[0]);
  return specs.get(type);
}

const isIntrinsic = (value: unknown) => {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return names.length === 1 && (names[0] === 'Ref' || names[0]!.startsWith('Fn::'));
};

/** Whether CloudFormation turns a text into the type, as it does with numbers and truth values. */
const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => ['string', 'number', 'boolean'].includes(typeof value),
  integer: value => Number.isInteger(Number(value)) && typeof value !== 'object',
  number: value => Number.isFinite(Number(value)) && typeof value !== 'object',
  boolean: value => [true, false, 'true', 'false'].includes(value as never),
  'date-time': value => typeof value === 'string',
  json: () => true,
  null: value => value === null,
};

/** The faults of a value, each with its path. */
function problemsOf(value: unknown, type: PropertyType, path: string): string[] {
  if (isIntrinsic(value)) return [];
  const wrong = [`${path} is no ${type.type}`];
  switch (type.type) {
    case 'array':
      return Array.isArray(value) ? value.flatMap((one, at) => problemsOf(one, type.element, `${path}[${at}]`)) : wrong;
    case 'map':
      return typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, one]) => problemsOf(one, type.element, `${path}.${key}`))
        : wrong;
    case 'tag':
      return typeof value === 'object' && value !== null && 'Key' in value && 'Value' in value ? [] : wrong;
    case 'union': {
      const all = type.types.map(one => problemsOf(value, one, path));
      return all.some(problems => problems.length === 0) ? [] : all[0]!;
    }
    case 'ref':
      return propertyProblems(value, database.get('typeDefinition', type.reference.$ref).properties, path);
    default:
      return scalars[type.type]!(value) ? [] : wrong;
  }
}

function propertyProblems(value: unknown, properties: Properties, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no object`];
  const given = Object.entries(value).flatMap(([name, member]) => {
    const property = properties[name];
    if (property === undefined) return [`${path}.${name} is not known`];
    // Later types of a property come first in the database; CloudFormation still takes the earlier ones.
    const types = [property.type, ...(property.previousTypes ?? [])];
    const all = types.map(type => problemsOf(member, type, `${path}.${name}`));
    return all.some(problems => problems.length === 0) ? [] : all[0]!;
  });
  const missing = Object.entries(properties).filter(([name, { required }]) => required && !(name in value));
  return [...given, ...missing.map(([name]) => `${path}.${name} is missing`)];
}

function templateProblems(resources: Readonly<Record<string, { Type: string; Properties?: object }>>): string[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
    const spec = resourceSpec(Type);
    return spec === undefined ? [`${id}: ${Type} is not known`] : propertyProblems(Properties, spec.properties, id);
  });
}

const configurations: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no settings': {},
  'every optional setting': {
    oidcIssuer: 'https://login.example.com/',
    oidcAudience: 'mailtrail-api',
    apiScope: 'mailtrail/read',
    supportEmail: 'support@example.com',
    operationsEmail: 'operations@example.com',
    corsOrigins: ['https://app.example.com'],
    uiClientId: 'page',
    sesTopicArn: 'arn:aws:sns:eu-west-1:123456789012:mail-events',
    domainName: 'mail.example.com',
    certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555',
    ingestConcurrency: 100,
    events: true,
    eventsUrl: 'https://billing.example.com/mail-events',
  },
  'an existing table and secret': {
    existingTable: 'arn:aws:dynamodb:eu-west-1:123456789012:table/Emails/stream/2026-11-28T08:00:00.000',
    existingWebhookSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Webhooks-AbCdEf',
  },
};

describe('the template', () => {
  it.each(Object.keys(configurations))('with %s has only resources and properties that CloudFormation knows', name => {
    expect(templateProblems(synthesize(configurations[name]).Resources)).toEqual([]);
  });

  it.each([
    ['a type', { Type: 'AWS::SQS::Cue' }, 'It: AWS::SQS::Cue is not known'],
    ['a property', { Type: 'AWS::SQS::Queue', Properties: { Name: 'x' } }, 'It.Name is not known'],
    [
      'a property of a property',
      { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [], SSESpecification: { Enabled: true } } },
      'It.SSESpecification.Enabled is not known',
    ],
    [
      'the type of a value',
      { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'a minute' } },
      'It.VisibilityTimeout is no integer',
    ],
    [
      'a list',
      { Type: 'AWS::Lambda::Function', Properties: { Architectures: 'arm64' } },
      'It.Architectures is no array',
    ],
    ['a required property', { Type: 'AWS::SNS::Subscription', Properties: {} }, 'It.TopicArn is missing'],
  ])('would be refused with a mistake in %s', (_, resource, problem) => {
    expect(templateProblems({ It: resource })).toContain(problem);
  });

  it('has resources with data whose properties that mean a new resource are all frozen', () => {
    for (const [type, names] of Object.entries(lasting)) {
      const replacing = Object.entries(resourceSpec(type)!.properties)
        .filter(([, { causesReplacement = 'no' }]) => causesReplacement !== 'no')
        .map(([name]) => name);
      expect(names, type).toEqual(expect.arrayContaining(replacing));
    }
  });
});
