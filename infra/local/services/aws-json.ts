/** An error of the AWS JSON protocol. Its `name` is AWS's own, e.g. `ResourceNotFoundException`. */
export class AwsJsonError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * One call in the AWS JSON protocol. It gives and takes items as DynamoDB and Lambda write them, whereas a client would
 * translate them.
 *
 * @param target service version and operation, e.g. `DynamoDB_20120810.DescribeTable`
 */
export async function awsJson<Output>(endpoint: string, target: string, input: object): Promise<Output> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      'x-amz-date': '20200101T000000Z',
      // Engines check the form of a signature alone.
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  const output = text === '' ? {} : JSON.parse(text);
  if (response.ok) return output as Output;
  const { __type = `HTTP ${response.status}`, message, Message } = output;
  throw new AwsJsonError(String(__type).split('#').at(-1)!, message ?? Message ?? text);
}
