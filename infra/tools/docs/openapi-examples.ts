/**
 * The examples of the OpenAPI document: recorded answers of the API to a few calls, with a fixed clock and fixed
 * emails.
 */

import type { CanonicalEvent, Reason } from '../../../shared/email/event.ts';
import { createAddNotes } from '../../../shared/email/notes.ts';
import type { Catalogue } from '../../../shared/http/response-schemas.ts';
import { noon } from '../../../test/rigs/arbitrary-events.ts';
import { erasing, manageFunction } from '../../../test/rigs/manage-function.ts';
import { type Call, managerToken, queryFunction, supportToken, tokenOf } from '../../../test/rigs/query-function.ts';
import { startStoredEmails } from '../../../test/rigs/stored-emails.ts';
import type { DescribedRoute } from './openapi.ts';

const minute = 60_000;

/** Three emails of an account: one opened, one with an invalid address, one soft-bounced. */
export const invoices: readonly CanonicalEvent[] = [
  ...story('sendgrid', '14c5d75ce93', 'jane@example.com', '7', ['sent', 'delivered', 'opened']),
  ...story('postmark', '883953f4-6105-42a2-a16a-77a8eac79483', 'lin@example.com', '8', ['sent', 'invalid']),
  ...story('ses', '0100017c2d7f4a8e', 'sam@example.net', '9', ['sent', 'soft_bounced']),
];

function story(
  provider: string,
  messageId: string,
  recipient: string,
  number: string,
  statuses: readonly ('sent' | 'delivered' | 'opened' | 'invalid' | 'soft_bounced')[],
): CanonicalEvent[] {
  const reasons: Readonly<Record<string, Reason>> = {
    invalid: {
      code: '550',
      enhancedCode: '5.1.1',
      text: '550 5.1.1 The email account does not exist',
      cause: 'unknown_user',
    },
    soft_bounced: { code: '452', enhancedCode: '4.2.2', text: '452 4.2.2 The mailbox is full', cause: 'mailbox_full' },
  };
  const names = {
    sent: 'processed',
    delivered: 'delivered',
    opened: 'open',
    invalid: 'bounce',
    soft_bounced: 'bounce',
  };
  return statuses.map((status, index) => ({
    eventId: `${messageId}-${index}`,
    provider,
    messageId,
    recipient,
    status,
    occurredAt: noon + (Number(number) * 10 + index) * minute,
    evidence: status === 'opened' ? 'human' : 'unknown',
    providerEvent: names[status],
    accountId: 'acme',
    subject: `Invoice ${number}`,
    reference: `INV-${number}`,
    tags: ['invoice'],
    ...(status in reasons && { reason: reasons[status] }),
  }));
}

export interface Example {
  readonly call: Call;
  readonly contentType: string;
  /** Text, or the parsed value of JSON; the catalogue is shortened. */
  readonly answer: unknown;
}

/** The first two of each list: the full catalogue would be a third of the document, which the function loads. */
function beginning(catalogue: Catalogue): object {
  return Object.fromEntries(Object.entries(catalogue).map(([member, list]) => [member, list.slice(0, 2)]));
}

/** Calls the API once for each route with an example. */
export async function recordExamples(): Promise<Partial<Record<DescribedRoute, Example>>> {
  const emails = await startStoredEmails();
  try {
    const ids: string[] = [];
    for (const events of Map.groupBy(invoices, ({ messageId }) => messageId).values()) {
      ids.push(await emails.record(events, events.at(-1)!.occurredAt + minute));
    }
    const time = noon + 24 * 60 * minute;
    await emails.news.add({
      batchId: '1',
      reports: [{ provider: 'sendgrid', at: time - minute, lag: 2_000 }],
      emails: [],
    });
    await emails.news.judged('sendgrid', { silence: 0.1, emails: 0, waiting: 0 }, time, true);
    const call = queryFunction(emails, { now: () => time, news: emails.news, listedProviders: ['sendgrid'] });
    const acme = { path: { accountId: 'acme' }, token: tokenOf('acme') };
    const asked = {
      'GET /statuses': {},
      'GET /accounts/{accountId}/emails': { ...acme, query: 'limit=2' },
      'GET /accounts/{accountId}/emails/{emailId}': { ...acme, path: { accountId: 'acme', emailId: ids[1]! } },
      'POST /accounts/{accountId}/emails/statuses': {
        ...acme,
        body: JSON.stringify({ references: ['INV-7', 'INV-404'] }),
      },
      'POST /accounts/{accountId}/recipients/check': {
        ...acme,
        body: JSON.stringify({ recipients: ['jane@example.com', 'Lin@Example.com'] }),
      },
      'GET /accounts/{accountId}/attention-list': { ...acme, query: 'format=csv' },
      'GET /emails': { token: supportToken, query: 'recipient=lin@example.com' },
      'GET /emails/{emailId}': { token: supportToken, path: { emailId: ids[0]! } },
      'POST /recipients/check': { token: supportToken, body: JSON.stringify({ recipients: ['sam@example.net'] }) },
      'GET /providers': { token: supportToken },
    } as const satisfies Partial<Record<DescribedRoute, Call>>;
    const examples: Partial<Record<DescribedRoute, Example>> = {};
    for (const [route, given] of Object.entries(asked) as [DescribedRoute, Call][]) {
      const { statusCode, headers, json, text } = await call(route, given);
      if (statusCode !== 200) throw new Error(`${route} was answered ${statusCode}`);
      const answer = route === 'GET /statuses' ? beginning(json) : (json ?? text);
      examples[route] = { call: given, contentType: headers['content-type']!, answer };
    }
    const manage = manageFunction({ addNotes: createAddNotes(emails.client, emails.tableName), now: () => time });
    for (const [route, path, token, note] of [
      [
        'POST /accounts/{accountId}/emails/{emailId}/handled',
        { accountId: 'acme', emailId: ids[1]! },
        managerToken('acme'),
        'Called: a new address follows',
      ],
      ['POST /emails/{emailId}/handled', { emailId: ids[2]! }, supportToken, 'Sent by post'],
    ] as const) {
      const body = JSON.stringify({ note });
      const { statusCode, headers, json } = await manage(route, { ...path, token, body });
      if (statusCode !== 200) throw new Error(`${route} was answered ${statusCode}`);
      examples[route] = { call: { path, body }, contentType: headers['content-type']!, answer: json };
    }
    const erase = erasing(emails, { now: () => time });
    for (const [route, recipient, accountId] of [
      ['POST /accounts/{accountId}/erasures', 'jane@example.com', 'acme'],
      ['POST /erasures', 'lin@example.com', null],
    ] as const) {
      const { statusCode, headers, json } = await erase(recipient, accountId);
      if (statusCode !== 200) throw new Error(`${route} was answered ${statusCode}`);
      const given = { ...(accountId !== null && { path: { accountId } }), body: JSON.stringify({ recipient }) };
      examples[route] = { call: given, contentType: headers['content-type']!, answer: json };
    }
    return examples;
  } finally {
    await emails.stop();
  }
}
