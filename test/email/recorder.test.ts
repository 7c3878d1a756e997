import { describe, it } from 'vitest';
import { hasJava, startDynamoDbLocal, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { storeContract } from './recorder-contract.ts';

storeContract('dynoxide', startDynoxide);

// AWS's own engine decides where the two differ. It needs Java.
if (await hasJava()) storeContract('DynamoDB Local', startDynamoDbLocal);
else describe.skip('the recorder on DynamoDB Local', () => it.skip('is not tested on a machine without Java'));
