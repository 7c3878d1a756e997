import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

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

/**
 * The write units of a failed condition: a unit for each KB that was begun, and one where there is no item.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html (conditional writes)
 */
function failedConditionUnits(item: Item = {}): number {
  return Math.max(1, Math.ceil(itemBytes(item) / 1024));
}

type Item = Readonly<Record<string, AttributeValue>>;

/**
 * The size of an item, by names and values.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes(item: Item): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)));
}

/** Lists and maps have three bytes of their own, and one for each element. */
const documentBytes = 3;

const bytesByType: {
  readonly [Type in 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | 'M']: (value: never) => number;
} = {
  S: (text: string) => Buffer.byteLength(text),
  N: numberBytes,
  B: (bytes: Uint8Array) => bytes.length,
  BOOL: () => 1,
  NULL: () => 1,
  SS: (texts: string[]) => sum(texts.map(text => Buffer.byteLength(text))),
  NS: (numbers: string[]) => sum(numbers.map(numberBytes)),
  BS: (all: Uint8Array[]) => sum(all.map(bytes => bytes.length)),
  L: (list: AttributeValue[]) => documentBytes + sum(list.map(value => valueBytes(value) + 1)),
  M: (map: Item) => documentBytes + itemBytes(map) + Object.keys(map).length,
};

function valueBytes(value: AttributeValue): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  return bytesByType[type as keyof typeof bytesByType](content as never);
}

/** A byte for two significant digits, and one more. */
function numberBytes(number: string): number {
  const digits = number
    .replace(/e.*$/i, '')
    .replace(/\D/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
