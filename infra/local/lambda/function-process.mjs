// @ts-check
/**
 * The program of a function's process. It loads the handler, and invokes it with each event that the parent sends, one at
 * a time. It ends with its parent. It is plain JavaScript: a process that strips types takes 60 ms more CPU time to start.
 *
 * @import { ClientRequest } from 'node:http'
 * @import { FunctionAnswer, FunctionRequest } from './function-environment.ts'
 */

import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

process.on('disconnect', () => process.exit());

const { LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const [file = '', name = ''] = _HANDLER.split(/\.(?=[^.]+$)/);
const { [name]: handler } = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);

/** @param {FunctionAnswer} answer */
const send = answer => process.send?.(answer);

/**
 * The calls of the invocation under way, by the AWS service in their signature.
 *
 * @type {Record<string, number>}
 */
let calls = {};
subscribe('http.client.request.start', message => {
  const { request } = /** @type {{ request: ClientRequest & { _header: string } }} */ (message);
  // `getHeader` does not find headers that were given as a list.
  const [, service] = /^authorization: AWS4\S* Credential=(?:[^/]+\/){3}([^/]+)/im.exec(request._header) ?? [];
  if (service !== undefined) calls[service] = (calls[service] ?? 0) + 1;
});

process.on('message', message => {
  const { event, context, deadline } = /** @type {FunctionRequest} */ (message);
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
