import { expect, test } from 'vitest';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import { createTableInput } from '../../infra/local/services/tables.ts';

const template: Template = {
  Parameters: { Audience: { Type: 'String' }, Size: { Type: 'Number', Default: 5 } },
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
            SUBSTITUTED: { 'Fn::Sub': '${Table}-${Size}-${AWS::Region}' },
          },
        },
      },
    },
    Functions: { Type: 'AWS::Lambda::Function' },
    Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Function' } } },
    Live: {
      Type: 'AWS::Lambda::Alias',
      Properties: {
        Name: 'live',
        FunctionName: { Ref: 'Function' },
        FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
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
    SUBSTITUTED: 'Table-5-us-east-1',
  });
});

test('a resource may refer to one that comes later', () => {
  const [queue] = resolved.ofType('AWS::SQS::Queue');
  expect(queue!.properties.RedrivePolicy.deadLetterTargetArn).toBe('arn:aws:sqs:us-east-1:000000000000:Dead');
});

test('a function is found by its ARN, and by that of its version or alias', () => {
  const refOf = (type: string) => resolved.ofType(type)[0]!.ref;
  const arns = ['arn:aws:lambda:us-east-1:000000000000:function:Function', refOf('AWS::Lambda::Version')];
  expect(refOf('AWS::Lambda::Alias')).toBe(`${arns[0]}:live`);
  for (const arn of [...arns, refOf('AWS::Lambda::Alias')]) {
    expect(resolved.byArn('AWS::Lambda::Function', arn)?.logicalId, arn).toBe('Function');
  }
  expect(resolved.byArn('AWS::Lambda::Function', `${arns[0]}Of`)).toBeUndefined();
});

test('a table is found by the ARN of its stream', () => {
  const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Table/stream/local';
  expect(resolved.byArn('AWS::DynamoDB::Table', arn)?.logicalId).toBe('Table');
});

test('what is not understood is an error that names it', () => {
  const withVariable = (value: unknown) => ({
    Resources: { R: { Type: 'AWS::Lambda::Function', Properties: { value } }, Q: { Type: 'AWS::SQS::Queue' } },
    Parameters: { P: { Type: 'String' } },
  });
  const resolve = (value: unknown) => () => resolveTemplate(withVariable(value)).ofType('AWS::Lambda::Function');
  expect(resolve({ Ref: 'P' })).toThrow('parameter P has no value');
  expect(resolve({ Ref: 'Gone' })).toThrow('refers to Gone');
  expect(resolve({ Ref: 'AWS::URLSuffix' })).toThrow('AWS::URLSuffix');
  expect(resolve({ 'Fn::Select': [0, []] })).toThrow('Fn::Select');
  expect(resolve({ 'Fn::GetAtt': ['Q', 'QueueUrl'] })).toThrow('QueueUrl of Q');
  expect(() => resolveTemplate({ Resources: {}, Conditions: {} })).toThrow('conditions');
});

test('a table is created as the template has it, less what no engine here knows', () => {
  const [table] = resolved.ofType('AWS::DynamoDB::Table');
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
