import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { failedConditionUnits } from '../../infra/local/services/item-size.ts';

/** Write units as AWS bills them. */
export interface ConsumedUnits {
  /** Of successful writes, indexes included, as the engine reports them. */
  written: number;
  /** Of writes whose condition failed: the size of the item that is there. The engine reports none of them. */
  failed: number;
  /** How many conditions failed. */
  failures: number;
}

/** Counts the write units of a client's calls from now on. */
export function countUnits(client: DynamoDBClient): ConsumedUnits {
  const units: ConsumedUnits = { written: 0, failed: 0, failures: 0 };
  client.middlewareStack.add(
    next => async args => {
      const input = {
        ...(args.input as UpdateItemCommandInput),
        ReturnConsumedCapacity: 'TOTAL',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      };
      try {
        const result = await next({ ...args, input });
        units.written +=
          (result.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity?.CapacityUnits ?? 0;
        return result;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) {
          units.failed += failedConditionUnits(error.Item);
          units.failures += 1;
        }
        throw error;
      }
    },
    { step: 'initialize', name: 'countWriteUnits' },
  );
  return units;
}
