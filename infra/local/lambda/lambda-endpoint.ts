import { accountId, region } from '../cloudformation/template.ts';
import type { SwitchedMapping } from '../event-sources/mapping-switch.ts';
import { type LoopbackAnswer, type LoopbackServer, startLoopbackServer } from '../services/loopback-server.ts';
import { FunctionError, type LocalFunction } from './function-environment.ts';

/** The parts of a stack that the endpoint answers for. */
export interface ServedLambda {
  /** The functions of the stack, by name or ARN. */
  readonly at: (nameOrArn: string) => LocalFunction;
  /** The configuration of a function, by name or ARN, in the words of GetFunctionConfiguration. */
  readonly configurationOf: (nameOrArn: string) => object;
  readonly mappings: readonly SwitchedMapping[];
}

export interface LambdaEndpoint extends LoopbackServer {
  serve(served: Partial<ServedLambda>): void;
}

type Route = (served: ServedLambda, name: string, query: URLSearchParams, body: string) => Promise<LoopbackAnswer>;

const contentType = 'application/json';

function answer(status: number, output: unknown, headers: Readonly<Record<string, string>> = {}): LoopbackAnswer {
  return { status, contentType, headers, body: JSON.stringify(output) };
}

function refused(status: number, errorType: string, message: string): LoopbackAnswer {
  return answer(status, { Type: 'User', Message: message, message }, { 'x-amzn-errortype': errorType });
}

const notFound = (message: string) => refused(404, 'ResourceNotFoundException', message);

/** By method and path; the name in the path is the first group. */
const routes: readonly (readonly [string, RegExp, Route])[] = [
  ['POST', /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, invoke],
  ['GET', /^\/2015-03-31\/functions\/([^/]+)\/configuration$/, getFunctionConfiguration],
  ['GET', /^\/2015-03-31\/event-source-mappings\/?()$/, listEventSourceMappings],
  ['GET', /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, getEventSourceMapping],
  ['PUT', /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, updateEventSourceMapping],
];

/** A function that fails is a 200 with the header that says so, as on AWS. */
async function invoke({ at }: ServedLambda, name: string, _: URLSearchParams, body: string): Promise<LoopbackAnswer> {
  let target: LocalFunction;
  try {
    target = at(name);
  } catch {
    return notFound(`Function not found: ${name}`);
  }
  try {
    const result = await target.invoke(body === '' ? {} : JSON.parse(body));
    return answer(200, result ?? null);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const { name: errorType, message: errorMessage } = error;
    if (errorType === 'TooManyRequestsException') return refused(429, errorType, errorMessage);
    return answer(200, { errorType, errorMessage }, { 'x-amz-function-error': 'Unhandled' });
  }
}

async function getFunctionConfiguration({ configurationOf }: ServedLambda, name: string): Promise<LoopbackAnswer> {
  try {
    return answer(200, configurationOf(name));
  } catch {
    return notFound(`Function not found: ${name}`);
  }
}

async function listEventSourceMappings(
  { at, mappings }: ServedLambda,
  _: string,
  query: URLSearchParams,
): Promise<LoopbackAnswer> {
  const [name, source] = [query.get('FunctionName'), query.get('EventSourceArn')];
  let functionName: string | null = null;
  try {
    functionName = name && at(name).name;
  } catch {
    return notFound(`Function not found: arn:aws:lambda:${region}:${accountId}:function:${name}`);
  }
  const found = mappings.filter(
    mapping =>
      (functionName ?? mapping.functionName) === mapping.functionName &&
      (source ?? mapping.eventSourceArn) === mapping.eventSourceArn,
  );
  return answer(200, { EventSourceMappings: found.map(mapping => mapping.described()) });
}

const noMapping = notFound('The resource you requested does not exist.');

async function getEventSourceMapping({ mappings }: ServedLambda, uuid: string): Promise<LoopbackAnswer> {
  const found = mappings.find(mapping => mapping.uuid === uuid);
  return found === undefined ? noMapping : answer(200, found.described());
}

/** Takes `Enabled` alone. */
async function updateEventSourceMapping(
  { mappings }: ServedLambda,
  uuid: string,
  _: URLSearchParams,
  body: string,
): Promise<LoopbackAnswer> {
  const found = mappings.find(mapping => mapping.uuid === uuid);
  if (found === undefined) return noMapping;
  const { Enabled, FunctionName: __, ...others } = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0)
    return refused(400, 'InvalidParameterValueException', `${Object.keys(others)} is not understood here`);
  if (typeof Enabled === 'boolean' && !found.turn(Enabled))
    return refused(400, 'ResourceInUseException', 'Cannot update the event source mapping because it is in use.');
  return answer(202, found.described());
}

/**
 * Lambda's Invoke for functions that call another one and wait for its result. It also answers the calls of operators
 * about configurations and event source mappings.
 */
export async function startLambdaEndpoint(): Promise<LambdaEndpoint> {
  const unserved = () => {
    throw new Error('nothing is served yet');
  };
  let served: ServedLambda = { at: unserved, configurationOf: unserved, mappings: [] };
  const server = await startLoopbackServer(async ({ method, url = '' }, body) => {
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
    for (const [wanted, shape, route] of routes) {
      const name = method === wanted ? shape.exec(pathname)?.[1] : undefined;
      if (name !== undefined) return route(served, decodeURIComponent(name), searchParams, body);
    }
    return refused(404, 'UnknownOperationException', `${method} ${pathname} is not understood here`);
  });
  return {
    ...server,
    serve(parts) {
      served = { ...served, ...parts };
    },
  };
}
