import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providersAnswer } from '../../shared/http/response-schemas.ts';
import { day, isoText } from '../../shared/runtime/time.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';

const minute = 60_000;
const route = 'GET /providers';

describe('the news of the providers', () => {
  let emails: StoredEmails;
  beforeAll(async () => {
    emails = await startStoredEmails();
    const { news } = emails;
    const at = noon - 8 * minute;
    await news.add({ batchId: '1', reports: [{ provider: 'sendgrid', at, lag: 1_400 }], emails: [] });
    await news.add({ batchId: '2', reports: [{ provider: 'brevo', at, lag: 0 }], emails: [] });
    await news.judged('sendgrid', { silence: 0.4, emails: 20, waiting: 0 }, noon, true);
    await news.judged('postmark', { silence: 1.2, emails: 0, waiting: 0 }, noon - minute, true);
    await news.judged('brevo', { silence: 7, emails: 0, waiting: 0 }, noon, false);
    const silentSince = noon - 60 * minute;
    await news.judged('mailgun', { silence: 0.2, emails: 230, waiting: 212, silentSince }, noon, true);
    await news.count('resend', { refused: 5, quarantined: 1 }, noon);
  });
  afterAll(() => emails?.stop());

  const ask = (token = supportToken, query = '') =>
    queryFunction(emails, { news: emails.news, listedProviders: ['postmark', 'sendgrid', 'mailgun'] })(route, {
      token,
      query,
    });
  const idle = { lastEventAt: null, lagSeconds: null, refused: 0, quarantined: 0, silentSince: null };

  it('are those of each provider in use, then of those of which something came', async () => {
    const { statusCode, json } = await ask();
    expect(statusCode).toBe(200);
    expect(providersAnswer.safeParse(json).error).toBeUndefined();
    expect(json.countedSince).toBe(isoText(Math.floor(noon / day) * day - 6 * day));
    expect(json.providers).toEqual([
      {
        provider: 'sendgrid',
        title: 'SendGrid',
        inUse: true,
        ...idle,
        lastEventAt: isoText(noon - 8 * minute),
        lagSeconds: 1,
        noNews: { emails: 20, waiting: 0 },
        judgedAt: isoText(noon),
      },
      {
        provider: 'mailgun',
        title: 'Mailgun',
        inUse: true,
        ...idle,
        silentSince: isoText(noon - 60 * minute),
        noNews: { emails: 230, waiting: 212 },
        judgedAt: isoText(noon),
      },
      {
        provider: 'postmark',
        title: 'Postmark',
        inUse: true,
        ...idle,
        // It was listed then, and never reported.
        silentSince: isoText(noon - minute),
        noNews: { emails: 0, waiting: 0 },
        judgedAt: isoText(noon - minute),
      },
      {
        provider: 'resend',
        title: 'Resend',
        inUse: false,
        ...idle,
        refused: 5,
        quarantined: 1,
        noNews: null,
        judgedAt: null,
      },
      {
        provider: 'brevo',
        title: 'Brevo',
        inUse: false,
        ...idle,
        lastEventAt: isoText(noon - 8 * minute),
        lagSeconds: 0,
        noNews: { emails: 0, waiting: 0 },
        judgedAt: isoText(noon),
      },
    ]);
  });

  it('are for support alone', async () => {
    expect((await ask(tokenOf('acme'))).statusCode).toBe(403);
  });

  it('take no parameter, and are not sent again to a client that has them', async () => {
    expect(await ask(supportToken, 'limit=5')).toMatchObject({ statusCode: 400, json: { field: 'limit' } });
    const { headers } = await ask();
    const again = await queryFunction(emails, {
      news: emails.news,
      listedProviders: ['postmark', 'sendgrid', 'mailgun'],
    })(route, { token: supportToken, headers: { 'if-none-match': headers.etag } });
    expect(again.statusCode).toBe(304);
  });
});
