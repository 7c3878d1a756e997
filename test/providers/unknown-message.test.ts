import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../functions/alert/message.ts';
import { letterOf } from '../../functions/digest/letter.ts';
import { createStoredAlerts } from '../../shared/alerts/stored-alerts.ts';
import { createQuarantine } from '../../shared/queues/quarantine-messages.ts';
import { caveatTexts } from '../../shared/status/caveats.ts';
import { fixture } from '../fixtures/fixtures.ts';
import { signingKeys } from '../fixtures/signing.ts';
import { startQuarantineQueue } from '../queues/quarantine-queue.ts';
import { noon } from '../rigs/arbitrary-events.ts';
import { queryFunction, supportToken, tokenOf } from '../rigs/query-function.ts';
import { type StoredEmails, startStoredEmails } from '../rigs/stored-emails.ts';
import { ingestOf } from './ingest.ts';

/** SendGrid's asynchronous bounces come without a message id. */
describe('a failure that names an address but no message', () => {
  const keys = signingKeys('sendgrid');
  let emails: StoredEmails;
  let queue: Awaited<ReturnType<typeof startQuarantineQueue>>;
  beforeAll(async () => {
    emails = await startStoredEmails();
    queue = await startQuarantineQueue();
  });
  afterAll(async () => {
    await emails?.stop();
    await queue?.stop();
  });
  const ingest = async (name: string) => {
    const send = ingestOf(emails.store, createQuarantine(queue.client, queue.queueUrl));
    return (await send('sendgrid', keys.sign(fixture('sendgrid', name), noon), [keys.secret])).counts;
  };
  const found = async () => {
    const options = { query: 'recipient=jane@example.com', token: supportToken };
    return (await queryFunction(emails)('GET /emails', options)).json.emails;
  };

  it('makes a separate email of that address, which tells support that its message is not known', async () => {
    expect(await ingest('bounce.asynchronous-with-address')).toMatchObject({ recorded: 1, quarantined: 0 });
    const [row] = await found();
    expect(row).toMatchObject({ status: 'invalid', attention: 'act', accountId: 'acme', reference: 'INV-7' });
    const path = { emailId: row.emailId };
    const { json } = await queryFunction(emails)('GET /emails/{emailId}', { path, token: supportToken });
    expect(json.messageId).toBe('event:ZGVsaXZlcmVkLTAtMTIzNDU2Nzg');
    expect(json.caveats).toMatchObject([{ code: 'message_not_known' }]);
  });

  it('carries that caveat into the alert and into the attention list', async () => {
    const [{ emailId }] = await found();
    const alertsOf = createStoredAlerts(emails.client, emails.tableName, () => noon);
    const [alert] = await alertsOf([{ kind: 'hard_bounce', emailId }]);
    for (const alerts of [[alert!], [alert!, alert!]]) {
      expect(letterOf('id-1', alerts, { emailPageUrl: '', apiUrl: '' }).body).toContain(caveatTexts.message_not_known);
      for (const told of JSON.parse(messageOf('id-1', alerts, '').body).emails) {
        expect(told).toMatchObject({ emailId, caveats: ['message_not_known'] });
      }
    }
    const file = async (format: string) => {
      const options = { path: { accountId: 'acme' }, token: tokenOf('acme'), query: `format=${format}` };
      return (await queryFunction(emails)('GET /accounts/{accountId}/attention-list', options)).text!;
    };
    const text = caveatTexts.message_not_known;
    expect(JSON.parse(await file('jsonl')).caveats).toEqual([{ code: 'message_not_known', text, at: null }]);
    expect(await file('csv')).toMatch(new RegExp(`,${text}\\r\\n$`));
  });

  it('belongs to the same email when it comes again', async () => {
    expect(await ingest('bounce.asynchronous-with-address')).toMatchObject({ recorded: 0, duplicate: 1 });
    expect(await found()).toHaveLength(1);
  });

  it('is quarantined if it names no address either, or has no id', async () => {
    expect(await ingest('bounce.asynchronous')).toMatchObject({ recorded: 0, quarantined: 1 });
    // A delivery without a message id is about no known email, but a complaint still has its person.
    expect(await ingest('missing-message')).toMatchObject({ recorded: 1, quarantined: 2 });
    expect(await found()).toMatchObject([{ status: 'marked_spam' }, { status: 'invalid' }]);
  });
});
