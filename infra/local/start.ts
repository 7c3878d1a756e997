/** `npm start`: the stack on one machine. */

import { parseArgs } from 'node:util';
import { providers } from '../../shared/providers/registry.ts';
import { dataDirOf, type Endpoints } from './endpoints.ts';
import { runStack } from './run-stack.ts';
import { StartError } from './start-error.ts';
import { readable } from './support-inbox.ts';

const { values: options } = parseArgs({ options: { assembly: { type: 'string' } } });
const { PORT, WEBHOOK_SECRETS, MAX_BATCHING_WINDOW_SECONDS } = process.env;

let stop: () => Promise<void> = async () => process.exit(1);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
// Started by a test, or by a Node.js that needs options: it ends with its parent.
process.on('disconnect', () => void stop());

try {
  const stack = await runStack({
    port: portOf(PORT || '3000'),
    dataDir: dataDirOf(),
    webhookSecretsFile: WEBHOOK_SECRETS,
    providers,
    assembly: options.assembly,
    maxBatchingWindowSeconds: MAX_BATCHING_WINDOW_SECONDS ? Number(MAX_BATCHING_WINDOW_SECONDS) : undefined,
    onFault: line => console.error(line),
    onInboxMessage: message => console.log(`\n${readable(message)}`),
  });
  stop = async () => {
    stop = async () => {};
    // Whatever hangs does not keep the stack from stopping.
    setTimeout(() => process.exit(1), 10_000).unref();
    await stack.stop();
    process.exit(0);
  };
  console.log(welcome(stack.endpoints));
  process.send?.(stack.endpoints);
} catch (error) {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StartError(`PORT must be a number from 0 to 65535, not ${text}`);
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
