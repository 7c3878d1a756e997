import { createServer, type IncomingMessage } from 'node:http';

export interface LoopbackAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A server closes a connection after so long without a request. A client that was busy for some seconds, as one on a
 * slow machine is, would else find its connection closed under the next request.
 */
export const keepAliveTimeout = 65_000;

/** A service of this machine: listens on a free port of the loopback interface. */
export interface LoopbackServer {
  readonly endpoint: string;
  stop(): void;
}

/**
 * @param answer answers a request whose body has come whole. Where it rejects, the caller gets a 500.
 */
export async function startLoopbackServer(
  answer: (request: IncomingMessage, body: string) => Promise<LoopbackAnswer>,
): Promise<LoopbackServer> {
  const server = createServer({ keepAliveTimeout }, async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { status, contentType, body, headers } = await answer(request, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': contentType, ...headers }).end(body);
    } catch {
      // The caller may be gone in the middle: a process that is killed while calling takes nothing down with it.
      response.writeHead(500).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    stop: () => server.close().closeAllConnections(),
  };
}
