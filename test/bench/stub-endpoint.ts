/**
 * An endpoint that answers every AWS call at once. Its own process keeps its work out of the figures. `STUB_ANSWERS` has
 * the answers by operation. SNS gets a message id, and every other call an empty object.
 */
import { createServer } from 'node:http';

const answers: Record<string, object> = JSON.parse(process.env.STUB_ANSWERS ?? '{}');
const published =
  '<PublishResponse><PublishResult><MessageId>00000000-0000-4000-8000-000000000000</MessageId></PublishResult></PublishResponse>';

const server = createServer({ keepAlive: true }, (request, response) => {
  request.resume();
  request.on('end', () => {
    const target = request.headers['x-amz-target'];
    const operation = String(target).split('.').at(-1) ?? '';
    // Only SNS speaks the query protocol.
    const body = target === undefined ? published : JSON.stringify(answers[operation] ?? {});
    response.writeHead(200, {
      'content-type': target === undefined ? 'text/xml' : 'application/x-amz-json-1.0',
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
