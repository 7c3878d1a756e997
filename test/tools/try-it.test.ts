import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import document from '../../functions/query/openapi.json' with { type: 'json' };
import { createToken } from '../../infra/local/cli/token.ts';
import { invoices } from '../../infra/tools/docs/openapi-examples.ts';
import { providerNames } from '../fixtures/signing.ts';
import { eventually } from '../rigs/eventually.ts';
import { type StartedStack, startStack } from '../rigs/start-stack.ts';

/** The commands under "Try it here" of a provider's page, as a reader pastes them. */
function commandsOf(name: string): string {
  const page = readFileSync(new URL(`../../docs/providers/${name}.md`, import.meta.url), 'utf8');
  const commands = /^## Try it here\n[\s\S]*?^```sh\n([\s\S]*?)\n```$/m.exec(page)?.[1];
  return commands ?? expect.fail(`${name}.md has no commands`);
}

const sourceOf = (operation: { readonly 'x-codeSamples': readonly { readonly source: string }[] }) =>
  operation['x-codeSamples'][0]!.source;

/** The options of `npm run token` as it takes them. */
const tokenOptions = (options: string) =>
  parseArgs({
    args: options.split(' '),
    options: { account: { type: 'string' }, manage: { type: 'boolean' }, support: { type: 'boolean' } },
  }).values;

describe('the commands under "Try it here"', () => {
  let folder: string;
  let stack: StartedStack;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailtrail-try-it-'));
    stack = await startStack({ dataDir: join(folder, '.mailtrail') });
  });
  afterAll(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Pastes commands into bash, in the folder that holds the stack's data. Only the port is another. */
  const paste = async (commands: string) => {
    const { host } = new URL(stack.url);
    const text = commands.replaceAll('127.0.0.1:3000', host);
    const { stdout } = await promisify(execFile)('bash', ['-c', text], { cwd: folder });
    return JSON.parse(stdout);
  };

  it.concurrent.each(providerNames)(
    'of %s send an event that is recorded, and a duplicate when pasted again',
    async name => {
      const commands = commandsOf(name);
      // A busy machine may ask to send it again, or leave the event to the retry queue.
      let pasted = 0;
      const { recorded, queued, duplicate } = await eventually(async () => {
        pasted += 1;
        const counts = await paste(commands);
        expect(counts).toMatchObject({ received: 1 });
        return counts;
      });
      expect(recorded + queued + (pasted === 1 ? 0 : duplicate)).toBe(1);
      await eventually(async () =>
        expect(await paste(commands)).toMatchObject({ received: 1, recorded: 0, duplicate: 1 }),
      );
    },
  );

  it('are refused if the event was changed after it was signed', async () => {
    const changed = commandsOf('sendgrid').replace(/^curl/m, 'echo >> .mailtrail/sendgrid.json\ncurl');
    expect(await paste(changed)).toMatchObject({ type: '/problems/unauthorized' });
  });

  // It erases recipients, so that it comes last.
  it('and in the OpenAPI document are answered 200, with the token that each names', async () => {
    const samples = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [`${method} ${path}`, sourceOf(operation)] as const),
    );
    const [, callback] = samples.find(([route]) => route.endsWith(' /webhooks/{provider}'))!;
    for (const { provider, messageId, recipient } of invoices) {
      const same = callback
        .replace('14c5d75ce93', messageId)
        .replace('jane@example.com', recipient)
        .replace('"sendgrid"', `"${provider}"`)
        .replaceAll('msg_1', messageId);
      await paste(same);
    }
    for (const [route, command] of samples) {
      const options = /^# TOKEN=\$\(npm run -s token -- (.*)\)$/m.exec(command)?.[1];
      const token = options === undefined ? '' : await createToken(join(folder, '.mailtrail'), tokenOptions(options));
      const status = await paste(`TOKEN=${token}\n${command} -s -o .mailtrail/answer -w '%{http_code}'`);
      expect([route, status]).toEqual([route, 200]);
    }
  });
});
