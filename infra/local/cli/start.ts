/** `npm start`: the stack on one machine. */

import { parseArgs } from 'node:util';
import { providers } from '../../../shared/providers/registry.ts';
import { dataDirOf, type Endpoints } from '../endpoints.ts';
import { runStack } from '../run-stack.ts';
import { readable } from '../services/support-inbox.ts';
import { StartError } from '../start-error.ts';

const { PORT, WEBHOOK_SECRETS, MAX_BATCHING_WINDOW_SECONDS } = process.env;

let stop: () => Promise<void> = async () => process.exit(1);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
// Started by a test, or by a Node.js that needs options: it ends with its parent.
process.on('disconnect', () => void stop());

try {
  const text = { type: 'string' } as const;
  const { values: options } = parseArgs({
    options: {
      assembly: text,
      'service-endpoints': text,
      'processes-per-function': text,
      'max-visibility-timeout-seconds': text,
    },
  });
  const { 'service-endpoints': endpoints, 'processes-per-function': processes } = options;
  const visibility = options['max-visibility-timeout-seconds'];
  const stack = await runStack({
    port: numberOf('PORT', PORT || '3000', 65_535),
    dataDir: dataDirOf(),
    webhookSecretsFile: WEBHOOK_SECRETS,
    providers,
    assembly: options.assembly,
    // On one machine somebody is watching, and there is one shard only.
    maxBatchingWindowSeconds: numberOf('MAX_BATCHING_WINDOW_SECONDS', MAX_BATCHING_WINDOW_SECONDS || '5', 300),
    serviceEndpoints: endpoints === undefined ? undefined : JSON.parse(endpoints),
    maxVisibilityTimeoutSeconds:
      visibility === undefined ? undefined : numberOf('--max-visibility-timeout-seconds', visibility, 43_200),
    processesPerFunction: processes === undefined ? undefined : numberOf('--processes-per-function', processes, 100),
    onFault: line => console.error(line),
    onInboxMessage: message => console.log(`\n${readable(message)}`),
  });
  stop = async () => {
    stop = async () => {};
    console.log('Stopping, once what is under way has ended.');
    // Whatever hangs does not keep the stack from stopping.
    setTimeout(() => process.exit(1), 10_000).unref();
    await stack.stop();
    process.exit(0);
  };
  console.log(welcome(stack.endpoints));
  process.send?.(stack.endpoints);
} catch (error) {
  const isExpected = error instanceof StartError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(isExpected ? (error as Error).message : error);
  process.exit(1);
}

function numberOf(name: string, text: string, highest: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= highest) return Number(text);
  throw new StartError(`${name} must be a whole number from 0 to ${highest}, not "${text}"`);
}

function welcome({ url, dataDir, webhookSecretsFile, routes, dynamodbEngine }: Endpoints): string {
  return `Mailtrail is ready: ${url}

  npm run demo                         sixty emails live through what emails live through
  npm run -s token -- --account acme   a token for the API; --support sees every account
  curl ${url}/_local/inbox    what support was told

${routes.map(route => `  ${route.replace(' ', ` ${url}`)}`).join('\n')}

  Webhook secrets: ${webhookSecretsFile}
  Data, endpoints and logs: ${dataDir} (${dynamodbEngine})
`;
}
