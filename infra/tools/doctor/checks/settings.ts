/** Checks of the functions' settings and of the webhook secrets. */

import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { nearestName } from '../../../../shared/providers/parsing/nearest-name.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';
import { providers } from '../../../../shared/providers/registry.ts';
import {
  InvalidWebhookSecrets,
  webhookSecretsIn,
  webhookSecretsOf,
} from '../../../../shared/providers/signatures/webhook-secrets.ts';
import { providerInWords } from '../../../../shared/providers/titles.ts';
import { ownValue } from '../../../../shared/runtime/own-property.ts';
import { secretFaults } from '../../../local/services/webhook-secrets.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import { environmentOf, functionEnvs, functionsOf } from '../functions.ts';

/** Settings that all functions share that have them. */
const shared = [
  'TABLE_NAME',
  'GUARD_TABLE_NAME',
  'RETENTION_DAYS',
  'PROVIDERS',
  'METRICS_NAMESPACE',
  'ACCOUNT_CLAIM',
] as const;

export const settingsChecks = {
  async settings(looked) {
    const names = [...functionsOf(looked).keys()];
    const environments = await Promise.all(names.map(async name => [name, await environmentOf(looked, name)] as const));
    const remedy =
      looked.local === null
        ? 'Deploy this version again: npm run deploy'
        : `Stop the stack, then: ${looked.npm('start')}`;
    const invalid = environments.flatMap(([name, environment]): Finding[] => {
      const { error } = functionEnvs[name].safeParse(environment);
      if (error === undefined) return [];
      const variables = [...new Set(error.issues.map(({ path }) => String(path[0])))].join(', ');
      const wrong = `The ${name.toLowerCase()} function has a setting that this version cannot read: ${variables}.`;
      return [{ wrong, impact: 'The function fails as it starts.', remedy }];
    });
    const unequal = shared.flatMap((variable): Finding[] => {
      const having = environments.filter(([, environment]) => variable in environment);
      const values = Map.groupBy(having, ([, environment]) => environment[variable]!);
      if (values.size < 2) return [];
      const groups = [...values].map(([value, all]) => `"${value}" (${all.map(([name]) => name).join(', ')})`);
      const wrong = `The functions do not agree about ${variable}: ${groups.join(' and ')}.`;
      return [{ wrong, impact: 'One function does not see what another one recorded.', remedy }];
    });
    return [...invalid, ...unequal];
  },

  async secrets({ clients, outputs, inUse, local, aws }) {
    const SecretId = outputs.WebhookSecretsArn!;
    const impact = 'Every callback that it concerns gets 401 or 503, and is not recorded.';
    const remedy =
      local === null
        ? `Correct the secret in the console of Secrets Manager: ${SecretId}`
        : `Correct ${local.ownWebhookSecretsFile ?? local.webhookSecretsFile}, or remove the file and start again.`;
    let text: string;
    try {
      text = (await clients.secretsManager.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '';
    } catch (error) {
      if ((error as Error).name !== 'ResourceNotFoundException') throw error;
      const wrong = 'The secret with the webhook secrets does not exist.';
      return [{ wrong, impact, remedy: aws('secretsmanager', `restore-secret --secret-id ${SecretId}`) }];
    }
    let entries: Readonly<Record<string, unknown>>;
    try {
      entries = webhookSecretsIn(text);
    } catch (error) {
      return [{ wrong: `The webhook secrets cannot be read: ${(error as Error).message}.`, impact, remedy }];
    }
    const findings: Finding[] = [];
    for (const [name, entry] of Object.entries(entries)) {
      const provider = ownValue<Provider>(providers, name);
      if (provider === undefined) {
        const nearest = nearestName(name, Object.keys(providers)) ?? [];
        const meant = [nearest].flat().map(one => `, perhaps ${one} is meant`)[0] ?? '';
        const wrong = `The webhook secrets name an unknown provider: ${name}${meant}.`;
        findings.push({ wrong, impact: 'No callback is proved by this entry.', remedy });
        continue;
      }
      try {
        for (const fault of await secretFaults(provider, webhookSecretsOf(name, entry)))
          findings.push({
            wrong: `${providerInWords(name)}'s ${fault}.`,
            impact: 'No callback will match it.',
            remedy,
          });
      } catch (error) {
        if (!(error instanceof InvalidWebhookSecrets)) throw error;
        findings.push({ wrong: `The webhook secrets cannot be used: ${error.message}.`, impact, remedy });
      }
    }
    const without = inUse.filter(name => [ownValue(entries, name) ?? []].flat().length === 0);
    for (const name of without) {
      const wrong = `${providerInWords(name)} is in use and has no webhook secret.`;
      findings.push({ wrong, impact: 'Each of its callbacks gets 401, and is not recorded.', remedy });
    }
    return findings;
  },
} as const satisfies Record<string, Check>;
