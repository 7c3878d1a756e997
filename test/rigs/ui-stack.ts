import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corsFor } from '../../infra/api/http-api.ts';
import { createToken, type TokenOptions } from '../../infra/local/cli/token.ts';
import { type CanonicalEvent, emailIdOf } from '../../shared/email/event.ts';
import { createRecorder } from '../../shared/email/recorder.ts';
import { documentClient } from '../../shared/runtime/dynamodb.ts';
import { sharedAssembly } from './assembly.ts';
import { type HostPages, startHostPages } from './host-pages.ts';
import { startStack } from './start-stack.ts';

/** A running stack, an application that embeds its elements, and emails. */
export interface UiStack {
  readonly url: string;
  readonly dataDir: string;
  readonly host: HostPages;
  /** Records events at once, and returns the id of the first one's email. */
  record(events: readonly CanonicalEvent[]): Promise<string>;
  token(options: TokenOptions): Promise<string>;
}

let starting: Promise<UiStack> | undefined;

/** The stack of this process, started at the first call. It ends with the process; each test file has accounts of its own. */
export function theUiStack(): Promise<UiStack> {
  starting ??= start();
  return starting;
}

async function start(): Promise<UiStack> {
  const host = await startHostPages();
  const dataDir = mkdtempSync(join(tmpdir(), 'mailtrail-ui-'));
  const assembly = assemblyFor(await sharedAssembly(), join(dataDir, 'cdk.out'), [host.origin]);
  const stack = await startStack({ dataDir, assembly, secondsBetweenDigests: 1 });
  const { dynamodb, region, tableName } = stack.endpoints;
  const recorder = createRecorder({
    client: documentClient({
      endpoint: dynamodb,
      region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      requestHandler: { requestTimeout: 15_000, throwOnRequestTimeout: true },
    }),
    tableName,
    retentionDays: 400,
  });
  return {
    url: stack.url,
    dataDir,
    host,
    async record(events) {
      const { failed, unrecordable } = await recorder.record(events, Date.now());
      if (failed.length + unrecordable.length > 0) throw new Error('not recorded', { cause: failed[0]?.error });
      return emailIdOf(events[0]!);
    },
    token: options => createToken(dataDir, options),
  };
}

/** The assembly as the setting `corsOrigins` would make it. */
function assemblyFor(assembly: string, copy: string, allowOrigins: readonly string[]): string {
  cpSync(assembly, copy, { recursive: true });
  const name = readdirSync(copy).find(file => file.endsWith('.template.json'))!;
  const template = JSON.parse(readFileSync(join(copy, name), 'utf8'));
  const cors = corsFor(allowOrigins);
  for (const { Type, Properties } of Object.values<{ Type: string; Properties: object }>(template.Resources)) {
    if (Type !== 'AWS::ApiGatewayV2::Api') continue;
    Object.assign(Properties, {
      CorsConfiguration: {
        AllowOrigins: cors.allowOrigins,
        AllowMethods: cors.allowMethods,
        AllowHeaders: cors.allowHeaders,
        ExposeHeaders: cors.exposeHeaders,
        MaxAge: cors.maxAge.toSeconds(),
      },
    });
  }
  writeFileSync(join(copy, name), JSON.stringify(template));
  return copy;
}
