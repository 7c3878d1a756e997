import { expect, test } from 'vitest';
import {
  createTableInput,
  resolveTemplate,
  type Template,
  tablesOf,
} from '../../infra/local/cloudformation/template.ts';

const template: Template = {
  Parameters: { Audience: { Type: 'String' }, Size: { Type: 'Number', Default: 5 } },
  Mappings: { Names: { live: { short: 'l' } } },
  Conditions: {
    IsBig: { 'Fn::Equals': [{ Ref: 'Size' }, '9'] },
    IsSmall: { 'Fn::Not': [{ Condition: 'IsBig' }] },
  },
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byId',
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
            OnDemandThroughput: { MaxReadRequestUnits: 5 },
          },
        ],
      },
    },
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 } },
    },
    Dead: { Type: 'AWS::SQS::Queue' },
    Big: { Type: 'AWS::SQS::Queue', Condition: 'IsBig' },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Environment: {
          Variables: {
            TABLE: { Ref: 'Table' },
            QUEUE: { Ref: 'Queue' },
            AUDIENCE: { Ref: 'Audience' },
            JOINED: { 'Fn::Join': ['/', ['a', { Ref: 'Size' }]] },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
            SUBSTITUTED: { 'Fn::Sub': '${Table}-${Queue.Arn}-${!literal}-${AWS::Region}' },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
            WITH_VALUES: { 'Fn::Sub': ['${x}', { x: { Ref: 'Size' } }] },
            CHOSEN: { 'Fn::If': ['IsSmall', 'small', 'big'] },
            LEFT_OUT: { 'Fn::If': ['IsSmall', { Ref: 'AWS::NoValue' }, 'big'] },
            SECOND: { 'Fn::Select': [1, { 'Fn::Split': ['-', 'a-b-c'] }] },
            MAPPED: { 'Fn::FindInMap': ['Names', 'live', 'short'] },
          },
        },
      },
    },
    Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Function' } } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        IntegrationUri: {
          'Fn::Join': ['', ['arn:aws:apigateway:x:lambda:path/functions/', { Ref: 'Version' }, '/invocations']],
        },
      },
    },
  },
};
const place = { parameters: { Audience: 'us' }, queueEndpoint: 'http://127.0.0.1:9' };
const resolved = resolveTemplate(template, place);

test('references and intrinsic functions become what they stand for on this machine', () => {
  const [lambda] = resolved.ofType('AWS::Lambda::Function');
  expect(lambda!.properties.Environment.Variables).toEqual({
    TABLE: 'Table',
    QUEUE: 'http://127.0.0.1:9/000000000000/Queue',
    AUDIENCE: 'us',
    JOINED: 'a/5',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    SUBSTITUTED: 'Table-arn:aws:sqs:us-east-1:000000000000:Queue-${literal}-us-east-1',
    WITH_VALUES: '5',
    CHOSEN: 'small',
    SECOND: 'b',
    MAPPED: 'l',
  });
});

test('a resource may refer to one that comes later', () => {
  const [queue] = resolved.ofType('AWS::SQS::Queue');
  expect(queue!.properties.RedrivePolicy.deadLetterTargetArn).toBe('arn:aws:sqs:us-east-1:000000000000:Dead');
});

test('a resource whose condition does not hold does not exist', () => {
  expect(resolved.ofType('AWS::SQS::Queue').map(({ logicalId }) => logicalId)).toEqual(['Queue', 'Dead']);
});

test('an integration leads to its function, by whatever ARN of it', () => {
  const [integration] = resolved.ofType('AWS::ApiGatewayV2::Integration');
  const found = resolved.byArn('AWS::Lambda::Function', integration!.properties.IntegrationUri);
  expect(found?.logicalId).toBe('Function');
});

test('a parameter without a value, a reference to nothing and an unknown function are errors that name them', () => {
  const withVariable = (value: unknown) => ({
    Resources: { R: { Type: 'AWS::Lambda::Function', Properties: { value } } },
    Parameters: { P: { Type: 'String' } },
  });
  const resolve = (value: unknown) => () => resolveTemplate(withVariable(value)).ofType('AWS::Lambda::Function');
  expect(resolve({ Ref: 'P' })).toThrow('parameter P has no value');
  expect(resolve({ Ref: 'Gone' })).toThrow('refers to Gone');
  expect(resolve({ 'Fn::Cidr': [] })).toThrow('Fn::Cidr');
});

test('a table is created as the template has it, less what no engine here knows', () => {
  const [table] = tablesOf(resolved);
  expect(createTableInput(table!)).toEqual({
    TableName: 'Table',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byId',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
});
