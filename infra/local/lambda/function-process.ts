/**
 * The program of a function's process. It loads the handler, and invokes it with each event that the parent sends, one at
 * a time. It ends with its parent.
 */

import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionAnswer, FunctionRequest } from './function-environment.ts';

process.on('disconnect', () => process.exit());

const { LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const [file = '', name = ''] = _HANDLER.split(/\.(?=[^.]+$)/);
const { [name]: handler } = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);

const send = (answer: FunctionAnswer) => process.send?.(answer);

/** The calls of the invocation under way, by the AWS service in their signature. */
let calls: Record<string, number> = {};
subscribe('http.client.request.start', message => {
  const { request } = message as { request: ClientRequest };
  const [, service] =
    /^AWS4\S* Credential=(?:[^/]+\/){3}([^/]+)/.exec(String(request.getHeader('authorization'))) ?? [];
  if (service !== undefined) calls[service] = (calls[service] ?? 0) + 1;
});

process.on('message', ({ event, context, deadline }: FunctionRequest) => {
  const begun = process.cpuUsage();
  calls = {};
  const used = () => {
    const { user, system } = process.cpuUsage(begun);
    return { cpuMs: (user + system) / 1000, calls };
  };
  const invoke = async () => handler(event, { ...context, getRemainingTimeInMillis: () => deadline - Date.now() });
  invoke().then(
    result => send({ result: result ?? null, used: used() }),
    error => {
      console.error(error);
      const { name: errorType = 'Error', message = error } = error ?? {};
      send({ error: { errorType, errorMessage: String(message) }, used: used() });
    },
  );
});
send({ ready: true });
