import type { Construct } from 'constructs';
import type { UiEnv } from '../../functions/ui/env.ts';
import type { TokenSettings } from '../api/token-settings.ts';
import type { Config } from '../config.ts';
import { MailtrailFunction } from './mailtrail-function.ts';

/** The function that serves the elements for host pages, and the page. It reads no data. */
export class Ui extends MailtrailFunction {
  constructor(scope: Construct, id: string, parts: { readonly config: Config; readonly tokens: TokenSettings }) {
    const { config, tokens } = parts;
    super(scope, id, {
      name: 'ui',
      description: 'Mailtrail: serves the elements that show emails, and the page',
      environment: {
        UI_CLIENT_ID: config.uiClientId ?? '',
        UI_SCOPE: config.uiScope ?? ['openid', config.apiScope].filter(Boolean).join(' '),
        UI_AUDIENCE: config.uiAudience ?? '',
        UI_CONNECT_ORIGINS: config.uiConnectOrigins.join(','),
        OIDC_ISSUER: tokens.oidcIssuer,
        ACCOUNT_CLAIM: config.accountClaim,
        SUPPORT_SCOPE: config.supportScope,
        MANAGE_SCOPE: config.manageScope,
      } satisfies UiEnv,
      permissions: [],
      memoryMegabytes: 512,
      timeoutSeconds: 10,
      logging: config,
    });
  }
}
