/**
 * The program of a function's process. It loads the handler, and invokes it with each event that the parent sends, one at
 * a time. It ends with its parent.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionAnswer, FunctionRequest } from './function-environment.ts';

process.on('disconnect', () => process.exit());

const { LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const [file = '', name = ''] = _HANDLER.split(/\.(?=[^.]+$)/);
const { [name]: handler } = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);

const send = (answer: FunctionAnswer) => process.send?.(answer);

process.on('message', ({ event, context, deadline }: FunctionRequest) => {
  const invoke = async () => handler(event, { ...context, getRemainingTimeInMillis: () => deadline - Date.now() });
  invoke().then(
    result => send({ result: result ?? null }),
    error => {
      console.error(error);
      send({ error: { errorType: error?.name ?? 'Error', errorMessage: String(error?.message ?? error) } });
    },
  );
});
send({ ready: true });
