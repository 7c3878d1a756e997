import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createHandler, type UiDependencies } from '../../functions/ui/handler.ts';
import { type Modules, openModules } from '../../functions/ui/modules.ts';
import type { PageSettings } from '../../functions/ui/page.ts';
import { writeUiModules } from '../../infra/compute/ui-modules.ts';
import type { ApiEvent } from '../../shared/http/access.ts';
import type { HttpAnswer } from '../../shared/http/responses.ts';
import type { RouteOf } from '../../shared/http/routes.ts';
import { httpEvent, lambdaContext } from './http-event.ts';

export const pageSettings: PageSettings = {
  issuer: 'https://login.example.com/tenant/',
  clientId: 'mailtrail-page',
  scope: 'openid offline_access',
  audience: 'mailtrail-api',
  accountClaim: 'account_id',
  supportScope: 'mailtrail/support',
  manageScope: 'mailtrail/manage',
  connectOrigins: [],
  operatorLinks: '',
};

/** Builds the browser's modules into a directory of their own. */
export async function builtModules(): Promise<{ readonly modules: Modules; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'mailtrail-modules-'));
  await writeUiModules(directory);
  return { modules: openModules(directory), remove: () => rmSync(directory, { recursive: true }) };
}

export interface UiAnswer extends HttpAnswer {
  /** The decompressed body. */
  readonly text: string;
}

/** Returns the handler of the ui function, which takes events of API Gateway. */
export function uiHandler(dependencies: Pick<UiDependencies, 'modules'> & Partial<UiDependencies>) {
  const handler = createHandler({ page: pageSettings, log: () => {}, ...dependencies });
  return (event: ApiEvent): Promise<HttpAnswer> => handler(event, lambdaContext);
}

/** Returns the ui function. It is called as API Gateway calls it. */
export function uiFunction(dependencies: Parameters<typeof uiHandler>[0]) {
  const handler = uiHandler(dependencies);
  return async (
    routeKey: RouteOf<'ui'>,
    call: {
      readonly file?: string;
      readonly rawPath?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<UiAnswer> => {
    const event = httpEvent(routeKey, call.file === undefined ? {} : { file: call.file }, call.headers);
    const { rawPath = event.rawPath } = call;
    const answer = await handler({ ...event, rawPath } as ApiEvent);
    const bytes = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8');
    return { ...answer, text: decoded(bytes, answer.headers['content-encoding']).toString() };
  };
}

function decoded(bytes: Buffer, coding: string | undefined): Buffer {
  if (coding === undefined || bytes.length === 0) return bytes;
  return coding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes);
}
