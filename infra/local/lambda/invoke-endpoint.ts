import { type LoopbackServer, startLoopbackServer } from '../services/loopback-server.ts';
import { FunctionError, type LocalFunction } from './function-environment.ts';

export interface InvokeEndpoint extends LoopbackServer {
  /** The functions of the stack, by name or ARN. */
  serve(at: (nameOrArn: string) => LocalFunction): void;
}

const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/**
 * Lambda's Invoke, for functions that call another one and wait for its result. A function that fails is a 200 with the
 * header that says so, as on AWS.
 */
export async function startInvokeEndpoint(): Promise<InvokeEndpoint> {
  let functionAt: (nameOrArn: string) => LocalFunction = () => {
    throw new Error('nothing is served yet');
  };
  const server = await startLoopbackServer(async ({ url = '' }, body) => {
    const contentType = 'application/json';
    const [, name = ''] = path.exec(new URL(url, 'http://127.0.0.1').pathname) ?? [];
    let target: LocalFunction;
    try {
      target = functionAt(decodeURIComponent(name));
    } catch {
      return {
        status: 404,
        contentType,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        body: JSON.stringify({ Type: 'User', Message: `Function not found: ${name}` }),
      };
    }
    try {
      const result = await target.invoke(body === '' ? {} : JSON.parse(body));
      return { status: 200, contentType, body: JSON.stringify(result ?? null) };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const { name: errorType, message: errorMessage } = error;
      if (errorType === 'TooManyRequestsException') {
        const headers = { 'x-amzn-errortype': errorType };
        return { status: 429, contentType, headers, body: JSON.stringify({ Type: 'User', message: errorMessage }) };
      }
      const headers = { 'x-amz-function-error': 'Unhandled' };
      return { status: 200, contentType, headers, body: JSON.stringify({ errorType, errorMessage }) };
    }
  });
  return {
    ...server,
    serve(at) {
      functionAt = at;
    },
  };
}
