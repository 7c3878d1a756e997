import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Item = Readonly<Record<string, AttributeValue>>;

/**
 * The write units of a failed condition: a unit for each KB that was begun, and one where there is no item.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html (conditional writes)
 */
export function failedConditionUnits(item: Item = {}): number {
  return Math.max(1, Math.ceil(itemBytes(item) / 1024));
}

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
  B: binaryBytes,
  BOOL: () => 1,
  NULL: () => 1,
  SS: (texts: string[]) => sum(texts.map(text => Buffer.byteLength(text))),
  NS: (numbers: string[]) => sum(numbers.map(numberBytes)),
  BS: (all: Binary[]) => sum(all.map(binaryBytes)),
  L: (list: AttributeValue[]) => documentBytes + sum(list.map(value => valueBytes(value) + 1)),
  M: (map: Item) => documentBytes + itemBytes(map) + Object.keys(map).length,
};

function valueBytes(value: AttributeValue): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  return bytesByType[type as keyof typeof bytesByType](content as never);
}

/** Base64 on its way to the engine. */
type Binary = Uint8Array | string;

function binaryBytes(bytes: Binary): number {
  return typeof bytes === 'string' ? Buffer.byteLength(bytes, 'base64') : bytes.length;
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
