import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accessLineIn, createAccessLog } from '../../infra/local/api-gateway/access-log.ts';
import type { Answered } from '../../infra/local/api-gateway/http-api.ts';
import { resolveTemplate, type Template } from '../../infra/local/cloudformation/template.ts';
import { synthesize } from '../infra/synthesized.ts';

const answered: Answered = {
  requestId: 'JKJaXmPLvHcESHA=',
  method: 'GET',
  path: '/accounts/acme/emails',
  routeKey: 'GET /accounts/{accountId}/emails',
  provider: undefined,
  statusCode: 401,
  refusedOrigin: undefined,
  gatewayReason: 'unauthorized',
  tokenError: 'the token has expired',
  latencyMs: 3,
};

describe('the access log of the API', () => {
  it("has a line for each answer in the stage's format, also for those of the gateway itself", async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'access.log');
    const log = createAccessLog(resolveTemplate(synthesize() as unknown as Template), file);
    log.write(answered);
    log.write({ ...answered, statusCode: 429, gatewayReason: 'throttled', tokenError: null });
    await log.stop();
    const common = {
      requestId: 'JKJaXmPLvHcESHA=',
      route: 'GET /accounts/{accountId}/emails',
      integration: '-',
      latency: '3',
    };
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map(line => JSON.parse(line))).toEqual([
      { ...common, status: '401', tokenError: 'the token has expired' },
      { ...common, status: '429', tokenError: '-' },
    ]);
  });

  it('has a hyphen where no route fits, and for a variable that the runner does not know', () => {
    const format = '$context.routeKey $context.status $context.identity.sourceIp, $context.path';
    expect(accessLineIn(format)({ ...answered, routeKey: null, statusCode: 404 })).toBe(
      '- 404 -, /accounts/acme/emails',
    );
  });

  it('is none for a stage that logs nothing', async () => {
    const stage = { Type: 'AWS::ApiGatewayV2::Stage', Properties: {} };
    const file = join(mkdtempSync(join(tmpdir(), 'mailtrail-test-')), 'access.log');
    const log = createAccessLog(resolveTemplate({ Resources: { stage } }), file);
    log.write(answered);
    await log.stop();
    expect(existsSync(file)).toBe(false);
  });
});
