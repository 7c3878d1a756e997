import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, type FaultName, type FaultPlan, faults, type Protocol, type ServiceAnswer } from './faults.ts';
import { type Random, seededRandom } from './random.ts';

/** Stands in front of a service on a loopback port, and makes calls fail by its plan. */
export interface FaultProxy {
  readonly endpoint: string;
  /** The number of calls since the last plan. */
  readonly calls: number;
  /** The number of calls of each operation since the start, e.g. `Query`. */
  readonly operations: ReadonlyMap<string, number>;
  /** The number of times that each fault came since the start. */
  readonly injected: ReadonlyMap<FaultName, number>;
  /** Sends calls to this service from now on. Without a service, their connections are closed. */
  leadTo(endpoint: string): void;
  /** Makes calls fail by this plan, and counts them from 0 again. With null, no call fails. */
  plan(plan: FaultPlan | null): void;
  /** Resolves once no call is on its way to the service, not even one that its caller has given up. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** The outcome of a call. */
export interface ObservedCall {
  readonly operation: string;
  readonly body: Buffer;
  readonly fault: FaultName | null;
  /** The service's answer, heard or not. Null without a call to the service or without its answer. */
  readonly answer: ServiceAnswer | null;
  /** Whether the caller was still connected for the whole answer. */
  readonly heard: boolean;
  /** The time of the call's arrival in epoch milliseconds. `to` is the time of its end. */
  readonly from: number;
  readonly to: number;
}

export interface FaultProxyOptions {
  /** The service's endpoint, if it is known already. */
  readonly target?: string;
  readonly plan?: FaultPlan | null;
  /** The source of randomness for faults. */
  readonly random?: Random;
  /** Called for each call after its end. */
  readonly onCall?: (call: ObservedCall) => void;
}

/** Starts a proxy in front of one service. */
export async function startFaultProxy(options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const { random = seededRandom(1), onCall = () => {} } = options;
  let target = options.target === undefined ? null : new URL(options.target);
  let plan = options.plan ?? null;
  let calls = 0;
  const operations = new Map<string, number>();
  const injected = new Map<FaultName, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const underWay = new Set<Promise<unknown>>();

  const server = createServer((message, response) => {
    const handled = handle(message, response)
      // The caller or the service has gone during the call.
      .catch(() => response.destroy())
      .finally(() => underWay.delete(handled));
    underWay.add(handled);
  });
  server.keepAliveTimeout = 60_000;

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const from = Date.now();
    const { protocol, operation } = namesOf(message, body);
    const fault = plan?.(calls, operation) ?? null;
    calls += 1;
    operations.set(operation, (operations.get(operation) ?? 0) + 1);
    let answered: ServiceAnswer | null = null;
    let heard = false;
    const call: Call = {
      random,
      operation,
      protocol,
      body,
      async apply(changed = body) {
        answered = await forwarded(message, changed);
        return answered;
      },
      answer(answer) {
        // A caller that gives up closes the connection.
        heard = !response.destroyed;
        send(response, answer).end(answer.body);
      },
      answerInPart(answer) {
        const half = answer.body.subarray(0, answer.body.length / 2);
        send(response, answer).write(half, () => response.destroy());
      },
      drop: () => response.destroy(),
    };
    if (fault !== null) injected.set(fault, (injected.get(fault) ?? 0) + 1);
    try {
      if (fault === null) call.answer(await call.apply());
      else await faults[fault].happen(call);
    } finally {
      onCall({ operation, body, fault, answer: answered, heard, from, to: Date.now() });
    }
  }

  function forwarded(message: IncomingMessage, body: Buffer): Promise<ServiceAnswer> {
    return new Promise((resolve, reject) => {
      if (target === null) return reject(new Error('there is no service yet'));
      const { hostname, port } = target;
      const { method, url: path } = message;
      const { 'content-length': _, 'transfer-encoding': __, ...others } = message.headers;
      const headers = { ...others, ...(body.length > 0 && { 'content-length': body.length }) };
      const forwarding = request({ hostname, port, method, path, headers, agent }, answer => {
        const chunks: Buffer[] = [];
        answer.on('data', chunk => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(chunks) });
        });
      });
      forwarding.once('error', reject);
      forwarding.end(body);
    });
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    operations,
    injected,
    leadTo(endpoint) {
      target = new URL(endpoint);
    },
    plan(next) {
      plan = next;
      calls = 0;
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

/** The protocol and the operation of a call. */
function namesOf({ headers }: IncomingMessage, body: Buffer): { protocol: Protocol; operation: string } {
  const target = headers['x-amz-target'];
  if (target !== undefined) return { protocol: 'json', operation: String(target).split('.').at(-1)! };
  return { protocol: 'query', operation: new URLSearchParams(body.toString()).get('Action') ?? '' };
}

/** Writes status and headers, with the length of the whole body. */
function send(response: ServerResponse, { status, headers, body }: ServiceAnswer): ServerResponse {
  for (const [name, value] of Object.entries(headers)) {
    // Headers about the connection belong to the service's connection, not to this one.
    if (value !== undefined && !/^(connection|keep-alive|transfer-encoding|content-length)$/.test(name)) {
      response.setHeader(name, value);
    }
  }
  response.statusCode = status;
  response.setHeader('content-length', body.length);
  return response;
}
