/** Kept-alive connections to one host, through Node's own client. */

import http from 'node:http';
import https from 'node:https';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** The most connections. Further requests wait for one. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** The time of a request from its start to the end of its answer. */
  readonly requestTimeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** The value of `x-amzn-requestid`, if there is one. */
  readonly requestId: string | undefined;
  readonly body: string;
}

/**
 * Posts a body to the root of the host and resolves with the answer, whatever its status. Rejects if the answer did not
 * come in time, or if the connection broke. The server may have carried out the request then.
 *
 * A request is sent once more if its kept connection turns out to be closed. Only idempotent requests may be sent.
 * https://nodejs.org/api/http.html#requestreusedsocket
 *
 * @param headers names and values in turn, which Node writes as they are: an object of them costs 16 µs more
 */
export type Post = (headers: readonly string[], body: string) => Promise<HttpAnswer>;

export interface Connections {
  readonly post: Post;
  /** Closes every connection. Unanswered requests reject. */
  readonly close: () => void;
}

export function createConnections(options: ConnectionOptions): Connections {
  const { host, port, secure, connections, connectTimeoutMs, requestTimeoutMs } = options;
  const { Agent, request } = secure ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return { post: (headers, body) => post(headers, body, true), close: () => agent.destroy() };

  function post(headers: Parameters<Post>[0], body: string, mayRepeat: boolean): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const call = request({ agent, host, port, method: 'POST', headers });
      const timer = setTimeout(() => call.destroy(new TimeoutError('no answer in time')), requestTimeoutMs);
      const fail = (error: Error & { readonly code?: string }) => {
        clearTimeout(timer);
        const wasClosed = call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (mayRepeat && wasClosed) resolve(post(headers, body, false));
        else reject(error);
      };
      call.once('error', fail);
      call.once('socket', socket => {
        if (!socket.connecting) return;
        const connecting = setTimeout(() => call.destroy(new TimeoutError('no connection in time')), connectTimeoutMs);
        const stop = () => clearTimeout(connecting);
        socket.once(secure ? 'secureConnect' : 'connect', stop).once('close', stop);
      });
      call.once('response', answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.once('error', fail);
        answer.once('end', () => {
          clearTimeout(timer);
          const requestId = answer.headers['x-amzn-requestid'];
          resolve({ status: answer.statusCode!, requestId: requestId as string | undefined, body: text });
        });
      });
      call.end(body);
    });
  }
}

/** The name under which the SDK's own handler reports a missing answer. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}
