import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, it } from 'vitest';
import { hasJava, startDynamoDbLocal, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { createDirectCall } from '../../shared/aws/dynamodb-calls.ts';
import { directWrites, sdkWrites } from '../../shared/aws/writes.ts';
import { storeContract } from './recorder-contract.ts';

const directly = (client: DynamoDBDocumentClient) => directWrites(createDirectCall(client));

storeContract("dynoxide, through the SDK's client", startDynoxide, sdkWrites);
storeContract('dynoxide, with direct calls', startDynoxide, directly);

// AWS's own engine decides where the two differ. It needs Java.
if (await hasJava()) {
  storeContract("DynamoDB Local, through the SDK's client", startDynamoDbLocal, sdkWrites);
  storeContract('DynamoDB Local, with direct calls', startDynamoDbLocal, directly);
} else describe.skip('the recorder on DynamoDB Local', () => it.skip('is not tested on a machine without Java'));
