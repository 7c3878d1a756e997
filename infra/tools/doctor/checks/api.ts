/** Checks of the API by requests that change nothing but the count of refused calls. */

import { setTimeout as delay } from 'node:timers/promises';
import { providerInWords } from '../../../../shared/providers/titles.ts';
import { metricNames, metricService } from '../../../../shared/runtime/metric-names.ts';
import { fetchGet, issuerFinding } from '../../deploy/issuer.ts';
import { ask } from '../../verify-deployment/http-checks.ts';
import type { Check, Looked } from '../check.ts';
import type { Finding } from '../finding.ts';
import { environmentOf } from '../functions.ts';
import { recentValues } from '../metrics.ts';

const unreachable = (error: Error & { readonly code?: string }) => error.message || error.code || error.name;

const maxTries = 3;
const betweenTriesMs = 2_000;

/** An alarm rises above so many refused calls within an hour: of one listed provider, or else of all. */
const maxRefused = 2;

/** The providers in use whose webhook may be called without raising an alarm. */
async function callable(looked: Looked): Promise<readonly string[]> {
  const { METRICS_NAMESPACE: namespace = '' } = await environmentOf(looked, 'Ingest');
  const refused = async (dimensions: Readonly<Record<string, string>>) => {
    const metric = { namespace, name: metricNames.refused, dimensions, statistic: 'Sum' } as const;
    const [values = []] = await recentValues(looked, [metric], 60);
    return values.reduce((sum, value) => sum + value, 0);
  };
  const service = metricService;
  if (looked.listed.length === 0) {
    return looked.inUse.slice(0, Math.max(0, maxRefused - (await refused({ service }))));
  }
  const counts = await Promise.all(looked.inUse.map(Provider => refused({ service, Provider })));
  return looked.inUse.filter((_, index) => counts[index]! < maxRefused);
}

function webhookFinding({ url, local, outputs }: Looked, provider: string, status: number): Finding {
  const title = providerInWords(provider);
  if (status < 300) {
    return {
      wrong: `The webhook of ${title} accepts a call without a signature (${status}).`,
      impact: 'Anybody can report events of this provider.',
      remedy: `Find out what answers POST ${url}/webhooks/${provider}: the ingest function refuses such a call.`,
    };
  }
  const log = local === null ? `the log group ${outputs.IngestLogGroupName}` : `${local.logsDir}/ingest.log`;
  return {
    wrong: `The webhook of ${title} answers ${status} to a call without a signature, not 401.`,
    impact: 'Its callbacks are not recorded.',
    remedy:
      status === 404
        ? `The setting onlyListed leaves it out: add ${provider} to the setting providers.`
        : `Look for webhook.unavailable in ${log}.`,
  };
}

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

  /** An unsigned call must be refused. It counts as one refused call, and too many of them would raise an alarm. */
  async webhooks(looked) {
    const called = await callable(looked);
    const answers = await Promise.all(
      called.map(async provider => {
        const headers = { 'content-type': 'application/json' };
        const asked = { method: 'POST', headers, body: Buffer.from('{}') };
        for (let tries = 1; ; tries += 1) {
          const answer = await ask(looked.url, `/webhooks/${provider}`, asked).catch(() => null);
          const status = answer?.status ?? null;
          // A webhook that asks for another try may be out of breath for a moment.
          if ((status !== 429 && status !== 503) || tries === maxTries) return { provider, status };
          await delay(betweenTriesMs);
        }
      }),
    );
    const findings = answers.flatMap(({ provider, status }) =>
      // Another check tells of an API that does not answer.
      status === null || status === 401 || status === 403 ? [] : [webhookFinding(looked, provider, status)],
    );
    const left = looked.inUse.length - called.length;
    const note = left === 0 ? null : `${left} not called, since a refused call more within an hour raises an alarm`;
    return { findings, note };
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
