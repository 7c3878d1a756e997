/**
 * An endpoint that answers every AWS call at once, in a process of its own, so that its work is not counted as ours:
 * DynamoDB writes succeed, and Secrets Manager gives the value in `WEBHOOK_SECRETS_VALUE`.
 */
import { createServer } from 'node:http';

const answers: Record<string, object> = {
  GetSecretValue: { SecretString: process.env.WEBHOOK_SECRETS_VALUE ?? '{}' },
  BatchGetItem: { Responses: {}, UnprocessedKeys: {} },
  Query: { Items: [], Count: 0, ScannedCount: 0 },
};

const server = createServer({ keepAlive: true }, (request, response) => {
  request.resume();
  request.on('end', () => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = JSON.stringify(answers[operation] ?? {});
    response.writeHead(200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` });
});
process.on('disconnect', () => process.exit());
