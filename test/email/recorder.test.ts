import { describe, it } from 'vitest';
import { hasJava, startDynamoDbLocal, startDynoxide } from '../../infra/local/services/dynamodb-engine.ts';
import { storeContract } from './recorder-contract.ts';

storeContract('dynoxide', startDynoxide);

// The referee: AWS's own engine, wherever Java is.
if (await hasJava()) storeContract('DynamoDB Local', startDynamoDbLocal);
else
  describe.skip('the store on DynamoDB Local: skipped, there is no Java on this machine', () => it.skip('the store'));
