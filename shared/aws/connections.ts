/** Kept-alive connections to one host, through Node's own client. */

import http from 'node:http';
import https from 'node:https';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** The most connections. Further requests wait for one, which counts for no timeout. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** The time from a connection's assignment to the end of the answer. */
  readonly requestTimeoutMs: number;
}

export interface ServiceAnswer {
  readonly status: number;
  /** The value of `x-amzn-requestid`, if there is one. */
  readonly requestId: string | undefined;
  readonly body: string;
}

/**
 * Posts a body to the root of the host and resolves with the answer, whatever its status. Rejects if the answer did not
 * come in time, or if the connection broke. The server may have carried out the request then.
 *
 * A request is sent once more, on a new connection, if its kept one turns out to be closed. Only idempotent requests may
 * be sent.
 * https://nodejs.org/api/http.html#requestreusedsocket
 *
 * @param headers names and values in turn, which Node writes as they are: an object of them costs 16 µs more
 */
export type Post = (headers: readonly string[], body: string) => Promise<ServiceAnswer>;

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

  function post(headers: Parameters<Post>[0], body: string, mayRepeat: boolean): Promise<ServiceAnswer> {
    return new Promise((resolve, reject) => {
      const call = request({ agent, host, port, method: 'POST', headers });
      const deadlines: (() => void)[] = [];
      /** Ends the call after a time, unless the returned function is called before. */
      const endAfter = (time: number, what: string) => {
        let isMet = false;
        const end = () => {
          if (!isMet) call.destroy(new TimeoutError(what));
        };
        // A process that was frozen meanwhile finds the time over. The immediate lets it read first what has come by then.
        const timer = setTimeout(() => setImmediate(end), time);
        const meet = () => {
          isMet = true;
          clearTimeout(timer);
        };
        deadlines.push(meet);
        return meet;
      };
      const meetDeadlines = () => {
        for (const meet of deadlines) meet();
      };
      const fail = (error: Error & { readonly code?: string }) => {
        meetDeadlines();
        const wasClosed = call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (!mayRepeat || !wasClosed) return reject(error);
        // After a pause of the process, all others are closed, too.
        for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
        resolve(post(headers, body, false));
      };
      call.once('error', fail);
      call.once('socket', socket => {
        endAfter(requestTimeoutMs, 'no answer in time');
        if (!socket.connecting) return;
        socket.once('connect', endAfter(connectTimeoutMs, 'no connection in time'));
      });
      call.once('response', answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.once('error', fail);
        answer.once('end', () => {
          meetDeadlines();
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
