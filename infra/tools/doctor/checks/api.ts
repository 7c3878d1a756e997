/** Checks of the API by requests that change nothing but the count of refused calls. */

import { providerInWords } from '../../../../shared/providers/titles.ts';
import { fetchGet, issuerFinding } from '../../deploy/issuer.ts';
import { ask } from '../../verify-deployment/http-checks.ts';
import type { Check } from '../check.ts';
import { environmentOf } from '../functions.ts';

const unreachable = (error: Error & { readonly code?: string }) => error.message || error.code || error.name;

export const apiChecks = {
  async API({ url, local, npm }) {
    const answer = await ask(url, '/statuses').catch(unreachable);
    if (typeof answer !== 'string' && answer.status === 200) return [];
    const got = typeof answer === 'string' ? `does not answer: ${answer}` : `answers ${answer.status}`;
    return [
      {
        wrong: `The API ${got} (GET ${url}/statuses).`,
        impact: 'No callback is recorded, and no status can be read.',
        remedy:
          local === null
            ? 'Look at the API in the console of API Gateway, then at its domain and certificate.'
            : npm('start'),
      },
    ];
  },

  /** An unsigned call must be refused. It counts as one refused call of the provider. */
  async webhooks({ url, inUse, outputs, local }) {
    const answers = await Promise.all(
      inUse.map(async provider => {
        const headers = { 'content-type': 'application/json' };
        const asked = { method: 'POST', headers, body: Buffer.from('{}') };
        const answer = await ask(url, `/webhooks/${provider}`, asked).catch(() => null);
        return { provider, status: answer?.status ?? null };
      }),
    );
    return answers
      .filter(({ status }) => status !== null && status !== 401 && status !== 403)
      .map(({ provider, status }) => {
        const title = providerInWords(provider);
        const log = local === null ? `the log group ${outputs.IngestLogGroupName}` : `${local.logsDir}/ingest.log`;
        if (status! < 300) {
          return {
            wrong: `The webhook of ${title} accepts a call without a signature (${status}).`,
            impact: 'Anybody can report events of this provider.',
            remedy: `Find out what answers POST ${url}/webhooks/${provider}: the ingest function refuses such a call.`,
          };
        }
        const cause = status === 404 ? 'The setting onlyListed leaves it out' : 'Look for webhook.unavailable';
        return {
          wrong: `The webhook of ${title} answers ${status} to a call without a signature, not 401.`,
          impact: 'Its callbacks are not recorded.',
          remedy: status === 404 ? `${cause}: add ${provider} to the setting providers.` : `${cause} in ${log}.`,
        };
      });
  },

  async issuer(looked) {
    const { OIDC_ISSUER = '' } = await environmentOf(looked, 'Ui');
    const place = looked.local === null ? 'AWS' : 'this machine';
    const { result, says, remedy = '' } = await issuerFinding(OIDC_ISSUER, fetchGet, place);
    if (result !== 'problem') return [];
    return [
      { wrong: `The issuer is unusable: ${says}.`, impact: 'Everybody gets 401 from the API for accounts.', remedy },
    ];
  },
} as const satisfies Record<string, Check>;
