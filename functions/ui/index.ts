import { fileURLToPath } from 'node:url';
import { createLog } from '../../shared/runtime/log.ts';
import { uiEnv } from './env.ts';
import { createHandler } from './handler.ts';
import { modulesFolder } from './module-list.ts';
import { openModules } from './modules.ts';

const env = uiEnv.parse(process.env);

export const handler = createHandler({
  modules: openModules(fileURLToPath(new URL(modulesFolder, import.meta.url))),
  page:
    env.UI_CLIENT_ID === ''
      ? null
      : {
          issuer: env.OIDC_ISSUER,
          clientId: env.UI_CLIENT_ID,
          scope: env.UI_SCOPE,
          audience: env.UI_AUDIENCE,
          accountClaim: env.ACCOUNT_CLAIM,
          supportScope: env.SUPPORT_SCOPE,
          manageScope: env.MANAGE_SCOPE,
          connectOrigins: env.UI_CONNECT_ORIGINS,
          operatorLinks: env.OPERATOR_LINKS,
        },
  log: createLog(),
});
