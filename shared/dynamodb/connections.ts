/**
 * A pool of kept-alive HTTP/1.1 connections to one host. A connection takes further requests before the first is
 * answered, so that one system call carries several of them.
 */

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createAnswerParser, type HttpAnswer } from './http-answers.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** The most connections. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** How long a sent request waits for its whole answer. */
  readonly requestTimeoutMs: number;
}

export interface Connections {
  /**
   * Sends a request and resolves with its answer, whatever its status. Rejects if the answer did not come in time or the
   * connection broke; the server may have carried out the request then.
   *
   * A request is sent once more, on another connection, in two cases: another request hangs in front of it, or its kept
   * connection breaks. Only idempotent requests may be sent.
   *
   * @param request head and body
   */
  send(request: string): Promise<HttpAnswer>;
  /** Closes every connection. Unanswered requests reject. */
  close(): void;
}

interface Sent {
  readonly request: string;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
  /** On the clock of `performance.now()`. */
  deadline: number;
  isRepeat: boolean;
}

/** Server and connection may have parted unheard after so long; a Lambda function is frozen between invocations. */
const maxIdleMs = 20_000;

export function createConnections(options: ConnectionOptions): Connections {
  const open = new Set<Connection>();
  let isClosed = false;

  /** The least busy connection, or a new one while all are busy and there are few. */
  function leastBusy(): Connection {
    let best: Connection | null = null;
    const now = performance.now();
    for (const connection of open) {
      if (connection.waiting() === 0 && now - connection.usedAt() > maxIdleMs) connection.close();
      else if (best === null || connection.waiting() < best.waiting()) best = connection;
      if (best?.waiting() === 0) return best;
    }
    if (best !== null && open.size >= options.connections) return best;
    const connection: Connection = createConnection(options, (unanswered, error) => {
      open.delete(connection);
      for (const sent of unanswered) {
        if (isClosed) sent.reject(error);
        else leastBusy().send(sent);
      }
    });
    open.add(connection);
    return connection;
  }

  return {
    send: request =>
      new Promise((resolve, reject) => {
        leastBusy().send({ request, resolve, reject, deadline: 0, isRepeat: false });
      }),
    close() {
      isClosed = true;
      for (const connection of open) connection.close();
    },
  };
}

interface Connection {
  send(sent: Sent): void;
  /** The number of unanswered requests. */
  waiting(): number;
  usedAt(): number;
  close(): void;
}

/** @param onClose called once at the end, with the requests to send again */
function createConnection(
  { host, port, secure, connectTimeoutMs, requestTimeoutMs }: ConnectionOptions,
  onClose: (unanswered: readonly Sent[], error: Error) => void,
): Connection {
  const unanswered: Sent[] = [];
  const parse = createAnswerParser();
  let unwritten = '';
  let isOpen = false;
  let isClosed = false;
  let hasAnswered = false;
  let usedAt = performance.now();
  let timer: NodeJS.Timeout | null = null;

  const socket: Socket = secure
    ? connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    isOpen = true;
    clearTimeout(connecting);
    flush();
  });
  socket.on('data', bytes => {
    try {
      for (const answer of parse(bytes)) take(answer);
    } catch (error) {
      end(error as Error);
    }
  });
  socket.on('error', end);
  socket.once('close', () => end(new BrokenConnection('the connection was closed')));
  const connecting = setTimeout(() => end(new TimeoutError('no connection in time')), connectTimeoutMs);

  function take(answer: HttpAnswer): void {
    if (isClosed) return;
    const sent = unanswered.shift();
    if (sent === undefined) {
      end(new BrokenConnection('an answer came without a request'));
      return;
    }
    hasAnswered = true;
    usedAt = performance.now();
    if (unanswered.length === 0) idle();
    sent.resolve(answer);
    if (answer.isLast) end(new BrokenConnection('the server closed the connection'), true);
  }

  /** An idle connection keeps no process alive. */
  function idle(): void {
    socket.unref();
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  function flush(): void {
    if (!isOpen || isClosed || unwritten === '') return;
    socket.write(unwritten);
    unwritten = '';
  }

  /** Answers come in order, so that the first request is also the first to time out. One timer serves all. */
  function watch(): void {
    timer = setTimeout(
      () => {
        const first = unanswered[0];
        if (first !== undefined && first.deadline <= performance.now()) end(new TimeoutError('no answer in time'));
        else if (first !== undefined) watch();
      },
      Math.max(1, Math.ceil(unanswered[0]!.deadline - performance.now())),
    );
  }

  /** @param isAnnounced the server said that it takes no further request, and has carried out none */
  function end(error: Error, isAnnounced = false): void {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(connecting);
    idle();
    socket.destroy();
    // A request that hangs failed by itself. One whose connection broke after other answers met its end by chance.
    const isOwnFault = error instanceof TimeoutError || !hasAnswered;
    const again: Sent[] = [];
    for (const [index, sent] of unanswered.splice(0).entries()) {
      if (!isAnnounced && (sent.isRepeat || !isOpen || (index === 0 && isOwnFault))) sent.reject(error);
      else again.push(sent);
    }
    for (const sent of again) sent.isRepeat ||= !isAnnounced;
    onClose(again, error);
  }

  return {
    send(sent) {
      if (unanswered.length === 0) socket.ref();
      usedAt = performance.now();
      sent.deadline = usedAt + requestTimeoutMs;
      unanswered.push(sent);
      if (timer === null) watch();
      // All requests of one turn go out together.
      if (unwritten === '') process.nextTick(flush);
      unwritten += sent.request;
    },
    waiting: () => unanswered.length,
    usedAt: () => usedAt,
    close: () => end(new BrokenConnection('the connection was closed')),
  };
}

/** The name under which the SDK's own handler reports a missing answer. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

export class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection';
  readonly code = 'ECONNRESET';
}
